//! One value against one declaration.

use serde_json::Value;

use super::{InputDecl, InputType};
use crate::base::{Duration, Size};

/// The value as its type has it, or what is wrong with it. Text is read as the type's text form, so that a value
/// typed on the command line and one from a file come out alike.
///
/// # Errors
/// Says what was expected.
pub fn check_input(decl: &InputDecl, value: &Value) -> Result<Value, String> {
    let value = by_type(decl, value)?;
    within(decl, &value)?;
    matches(decl, &value)?;
    Ok(value)
}

fn by_type(decl: &InputDecl, value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match decl.kind {
        InputType::Integer => integer(&text),
        InputType::Number => number(&text),
        InputType::Boolean => boolean(&text),
        InputType::Choice => choice(decl, &text),
        InputType::String | InputType::Path | InputType::Secret => string(value),
        InputType::Date => shaped(&text, text.parse::<jiff::civil::Date>().is_ok(), "2026-03-01"),
        InputType::Time => shaped(&text, text.parse::<jiff::civil::Time>().is_ok(), "02:30"),
        InputType::Ip => shaped(&text, text.parse::<std::net::IpAddr>().is_ok(), "192.0.2.10"),
        InputType::Version => shaped(&text, is_version(&text), "1.2.3"),
        InputType::Duration => Duration::parse(&text).map(|_| Value::String(text)),
        InputType::Size => Size::parse(&text).map(|s| Value::from(s.0)),
    }
}

fn integer(text: &str) -> Result<Value, String> {
    text.trim()
        .parse::<i64>()
        .map(Value::from)
        .map_err(|_| crate::t!("`{text}` is not a whole number", "`{text}` は整数ではありません"))
}

fn number(text: &str) -> Result<Value, String> {
    match text.trim().parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(Value::from(n)),
        _ => Err(crate::t!("`{text}` is not a number", "`{text}` は数値ではありません")),
    }
}

fn boolean(text: &str) -> Result<Value, String> {
    match text.trim() {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ => {
            Err(crate::t!("`{text}` is neither true nor false", "`{text}` は true でも false でもありません"))
        }
    }
}

fn choice(decl: &InputDecl, text: &str) -> Result<Value, String> {
    if decl.choices.iter().any(|c| c == text) {
        return Ok(Value::String(text.to_string()));
    }
    let choices = decl.choices.join(", ");
    let meant = crate::diag::did_you_mean(text, decl.choices.iter().map(String::as_str));
    let hint = meant.map(|m| crate::t!("; did you mean `{m}`?", "。`{m}` のことですか?")).unwrap_or_default();
    Err(crate::t!("`{text}` is none of {choices}{hint}", "`{text}` は選択肢 {choices} にありません{hint}"))
}

fn string(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(crate::t!("a NUL character is not allowed", "NUL 文字は使えません"))
        }
        Value::String(_) => Ok(value.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(Value::String(value.to_string())),
        other => Err(crate::t!("{other} is not text", "{other} は文字列ではありません")),
    }
}

fn shaped(text: &str, fits: bool, example: &str) -> Result<Value, String> {
    if fits {
        return Ok(Value::String(text.to_string()));
    }
    Err(crate::t!("`{text}` does not look like {example}", "`{text}` は {example} の形ではありません"))
}

fn is_version(text: &str) -> bool {
    let body = text.strip_prefix('v').unwrap_or(text);
    let head = body.split(['-', '+']).next().unwrap_or_default();
    !head.is_empty() && head.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

fn within(decl: &InputDecl, value: &Value) -> Result<(), String> {
    let measure = match value {
        Value::Number(n) => n.as_f64(),
        _ => None,
    };
    let Some(n) = measure else { return Ok(()) };
    if let Some(minimum) = decl.minimum.filter(|m| n < *m) {
        return Err(crate::t!("{value} is less than {minimum}", "{value} は最小値 {minimum} より小さいです"));
    }
    if let Some(maximum) = decl.maximum.filter(|m| n > *m) {
        return Err(crate::t!("{value} is more than {maximum}", "{value} は最大値 {maximum} より大きいです"));
    }
    Ok(())
}

fn matches(decl: &InputDecl, value: &Value) -> Result<(), String> {
    let (Some(pattern), Value::String(text)) = (&decl.pattern, value) else { return Ok(()) };
    // A pattern that does not compile was refused when the playbook was checked.
    let Ok(regex) = regex::Regex::new(&format!("^(?:{pattern})$")) else { return Ok(()) };
    if regex.is_match(text) {
        return Ok(());
    }
    if decl.kind == InputType::Secret {
        return Err(crate::t!("the value does not match {pattern}", "値がパターン {pattern} に一致しません"));
    }
    Err(crate::t!("`{text}` does not match {pattern}", "`{text}` はパターン {pattern} に一致しません"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check_input as check;
    use crate::model::InputDecl;

    fn decl(text: &str) -> InputDecl {
        serde_yaml::from_str(text).expect("a declaration")
    }

    #[test]
    fn a_number_comes_out_the_same_from_the_command_line_and_from_a_file() {
        let days = decl("{type: integer, minimum: 1}");
        assert_eq!(check(&days, &json!("14")), Ok(json!(14)));
        assert_eq!(check(&days, &json!(14)), Ok(json!(14)));
        assert!(check(&days, &json!("0")).is_err());
        assert!(check(&days, &json!("two")).is_err());
    }

    #[test]
    fn a_choice_that_is_not_offered_names_the_one_that_was_meant() {
        let scope = decl("{type: choice, choices: [all, food, ice]}");
        let message = check(&scope, &json!("fod")).expect_err("not offered");
        assert!(message.contains("`food`"), "{message}");
    }

    #[test]
    fn a_pattern_must_match_the_whole_text() {
        let name = decl("{type: string, pattern: '[a-z]+'}");
        assert_eq!(check(&name, &json!("abc")), Ok(Value::from("abc")));
        assert!(check(&name, &json!("abc; rm -rf /")).is_err());
    }

    #[test]
    fn each_type_takes_its_own_shape_only() {
        for (kind, good, bad) in [
            ("date", "2026-02-28", "2026-02-30"),
            ("time", "02:30", "25:00"),
            ("ip", "::1", "300.1.1.1"),
            ("version", "v1.2.3", "1..2"),
            ("duration", "26h", "26 hats"),
            ("boolean", "true", "yes"),
        ] {
            let decl = decl(&format!("{{type: {kind}}}"));
            assert!(check(&decl, &json!(good)).is_ok(), "{kind} {good}");
            assert!(check(&decl, &json!(bad)).is_err(), "{kind} {bad}");
        }
    }
}
