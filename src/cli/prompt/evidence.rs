//! One piece of evidence from the text that a person typed. It asks nobody.

use std::net::IpAddr;

use serde_json::{Number, Value};

use crate::base::{Duration, Size};
use crate::model::{InputDecl, InputType};
use crate::t;

/// The value of a text; the default, or null where none is required, for an empty one.
///
/// # Errors
/// Says what was expected.
pub fn read(decl: &InputDecl, text: &str) -> Result<Value, String> {
    let text = text.trim();
    match (text.is_empty(), &decl.default) {
        (true, Some(default)) => Ok(default.clone()),
        (true, None) if decl.required == Some(false) => Ok(Value::Null),
        (true, None) => Err(t!("a value is needed", "値を入力してください")),
        (false, _) => given(decl, text),
    }
}

fn given(decl: &InputDecl, text: &str) -> Result<Value, String> {
    let value = typed(decl, text)?;
    within(decl, &value)?;
    matches_pattern(decl, text)?;
    Ok(value)
}

fn typed(decl: &InputDecl, text: &str) -> Result<Value, String> {
    match decl.kind {
        InputType::String | InputType::Path => Ok(Value::from(text)),
        InputType::Integer => integer(text),
        InputType::Number => number(text),
        InputType::Boolean => boolean(text),
        InputType::Choice => choice(&decl.choices, text),
        InputType::Date => checked(text, text.parse::<jiff::civil::Date>().is_ok(), "2026-03-01"),
        InputType::Time => checked(text, text.parse::<jiff::civil::Time>().is_ok(), "02:30"),
        InputType::Duration => Duration::parse(text).map(|_| Value::from(text)),
        InputType::Size => Size::parse(text).map(|_| Value::from(text)),
        InputType::Ip => checked(text, text.parse::<IpAddr>().is_ok(), "192.0.2.10"),
        InputType::Version => checked(text, is_version(text), "1.2.3"),
        InputType::Secret => Err(t!("a secret cannot be evidence", "秘密の値は記録に残せません")),
    }
}

fn checked(text: &str, good: bool, example: &str) -> Result<Value, String> {
    if good {
        return Ok(Value::from(text));
    }
    Err(t!("`{text}` does not fit; write for example {example}", "`{text}` は使えません。例: {example}"))
}

fn integer(text: &str) -> Result<Value, String> {
    text.parse::<i64>()
        .map(Value::from)
        .map_err(|_| t!("`{text}` is not a whole number", "`{text}` は整数ではありません"))
}

fn number(text: &str) -> Result<Value, String> {
    let number = text.parse::<f64>().ok().and_then(Number::from_f64);
    number.map(Value::Number).ok_or_else(|| t!("`{text}` is not a number", "`{text}` は数値ではありません"))
}

fn boolean(text: &str) -> Result<Value, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "はい" => Ok(Value::Bool(true)),
        "false" | "no" | "n" | "いいえ" => Ok(Value::Bool(false)),
        _ => Err(t!("`{text}` is neither true nor false", "`{text}` は true でも false でもありません")),
    }
}

fn choice(choices: &[String], text: &str) -> Result<Value, String> {
    if choices.iter().any(|choice| choice == text) {
        return Ok(Value::from(text));
    }
    let all = choices.join(", ");
    Err(t!("`{text}` is none of: {all}", "`{text}` は選択肢にありません: {all}"))
}

fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    core.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn within(decl: &InputDecl, value: &Value) -> Result<(), String> {
    let Some(number) = value.as_f64() else { return Ok(()) };
    if let Some(least) = decl.minimum.filter(|least| number < *least) {
        return Err(t!("must be at least {least}", "{least} 以上で入力してください"));
    }
    match decl.maximum.filter(|most| number > *most) {
        Some(most) => Err(t!("must be at most {most}", "{most} 以下で入力してください")),
        None => Ok(()),
    }
}

fn matches_pattern(decl: &InputDecl, text: &str) -> Result<(), String> {
    let Some(pattern) = &decl.pattern else { return Ok(()) };
    let whole = regex::Regex::new(&format!("^(?:{pattern})$"))
        .map_err(|_| t!("the pattern `{pattern}` cannot be read", "パターン `{pattern}` を解釈できません"))?;
    if whole.is_match(text) {
        return Ok(());
    }
    Err(t!("`{text}` does not match `{pattern}`", "`{text}` は `{pattern}` に合いません"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decl(text: &str) -> InputDecl {
        serde_json::from_str(text).expect("a declaration")
    }

    #[test]
    fn text_becomes_a_value_of_the_declared_type() {
        for (declared, text, value) in [
            (r#"{"type":"integer","minimum":0}"#, " 3 ", json!(3)),
            (r#"{"type":"number"}"#, "2.5", json!(2.5)),
            (r#"{"type":"boolean"}"#, "はい", json!(true)),
            (r#"{"type":"choice","choices":["青","赤"]}"#, "赤", json!("赤")),
            (r#"{"type":"date"}"#, "2026-03-01", json!("2026-03-01")),
            (r#"{"type":"time"}"#, "02:30", json!("02:30")),
            (r#"{"type":"duration"}"#, "1h30m", json!("1h30m")),
            (r#"{"type":"size"}"#, "10MB", json!("10MB")),
            (r#"{"type":"ip"}"#, "::1", json!("::1")),
            (r#"{"type":"version"}"#, "1.2.3-rc1", json!("1.2.3-rc1")),
            (r#"{"type":"string","pattern":"[A-Z]+-[0-9]+"}"#, "OPS-12", json!("OPS-12")),
            (r#"{"type":"string","default":"none"}"#, "", json!("none")),
            (r#"{"type":"string","required":false}"#, "", json!(null)),
        ] {
            assert_eq!(read(&decl(declared), text), Ok(value), "{declared}");
        }
    }

    #[test]
    fn text_that_does_not_fit_is_refused() {
        for (declared, text) in [
            (r#"{"type":"integer","minimum":0}"#, "-1"),
            (r#"{"type":"integer","maximum":5}"#, "6"),
            (r#"{"type":"integer"}"#, "1.5"),
            (r#"{"type":"number"}"#, "NaN"),
            (r#"{"type":"boolean"}"#, "maybe"),
            (r#"{"type":"choice","choices":["a"]}"#, "b"),
            (r#"{"type":"date"}"#, "2026-02-30"),
            (r#"{"type":"time"}"#, "25:00"),
            (r#"{"type":"ip"}"#, "1.2.3"),
            (r#"{"type":"version"}"#, "one"),
            (r#"{"type":"string","pattern":"a|b"}"#, "ab"),
            (r#"{"type":"string"}"#, "  "),
            (r#"{"type":"secret"}"#, "hunter2"),
        ] {
            assert!(read(&decl(declared), text).is_err(), "{declared} {text}");
        }
    }
}
