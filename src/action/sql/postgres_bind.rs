//! Values on their way to PostgreSQL: as parameters that are handed over beside the statement, and as literals
//! for the few statements that take none. It sends nothing.

use serde_json::Value;

use super::statement::{Statement, bind_text};
use super::trouble::Trouble;
use crate::model::Bind;

/// How many values are handed over at once.
pub(super) const CHUNK: usize = 500;

/// The placeholder of a parameter.
pub(super) fn dollar(nth: usize) -> String {
    format!("${nth}")
}

/// Whether PREPARE takes such a statement.
pub(super) fn can_be_prepared(statement: &Statement) -> bool {
    let into =
        matches!(statement.head(), "SELECT" | "WITH") && statement.has("INTO") && !statement.has("INSERT");
    matches!(
        statement.head(),
        "SELECT" | "WITH" | "VALUES" | "TABLE" | "INSERT" | "UPDATE" | "DELETE" | "MERGE"
    ) && !into
}

/// `PREPARE name(unknown, text) AS `: what stands before the statement. `unknown` leaves a type to the server.
pub(super) fn prepare_head(prepare: &str, declared: &[Option<&str>]) -> String {
    if declared.iter().all(Option::is_none) {
        return format!("{prepare} AS ");
    }
    let types: Vec<&str> = declared.iter().map(|t| t.unwrap_or("unknown")).collect();
    format!("{prepare}({}) AS ", types.join(", "))
}

/// The parameter, from 0, whose type the server could not tell, and the type of its value; nothing when the
/// trouble is another one.
pub(super) fn undetermined<'a>(
    trouble: &Trouble,
    statement: &Statement,
    declared: &[Option<&str>],
) -> Option<(usize, &'a str)> {
    if trouble.code.as_deref() != Some("42P18") {
        return None;
    }
    let digits = trouble.message.split('$').nth(1)?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let nth = digits[..end].parse::<usize>().ok()?.checked_sub(1)?;
    if declared.get(nth)?.is_some() {
        return None;
    }
    let own = match statement.binds.get(nth)? {
        Bind::Plain(Value::Bool(_)) => "boolean",
        Bind::Plain(Value::Number(n)) if n.is_i64() => "bigint",
        Bind::Plain(Value::Number(_)) => "numeric",
        Bind::Plain(Value::Array(_) | Value::Object(_)) => "jsonb",
        _ => "text",
    };
    Some((nth, own))
}

/// The values as text for parameters of these types.
///
/// # Errors
/// When a text holds the character NUL, which PostgreSQL cannot hold.
pub(super) fn values(statement: &Statement, types: &[String]) -> Result<Vec<Option<String>>, Trouble> {
    let mut found = Vec::with_capacity(statement.binds.len());
    for (i, bind) in statement.binds.iter().enumerate() {
        let value = match bind {
            Bind::Plain(Value::Array(items)) if types.get(i).is_some_and(|t| t.ends_with("[]")) => {
                Some(array(items))
            }
            other => bind_text(other),
        };
        if value.as_ref().is_some_and(|v| v.contains('\0')) {
            return Err(Trouble::new(crate::t!(
                "a value holds the character NUL, which PostgreSQL cannot hold",
                "値に NUL 文字が含まれています。PostgreSQL では扱えません"
            )));
        }
        found.push(value);
    }
    Ok(found)
}

/// A list in the way PostgreSQL writes arrays: `{"a",NULL,{1,2}}`.
fn array(items: &[Value]) -> String {
    let parts: Vec<String> = items
        .iter()
        .map(|item| match item {
            Value::Null => "NULL".to_string(),
            Value::Array(inner) => array(inner),
            other => {
                let text = bind_text(&Bind::Plain(other.clone())).unwrap_or_default();
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
        })
        .collect();
    format!("{{{}}}", parts.join(","))
}

/// The statement that takes `count` values over as parameters; `from` is the number of the first, from 0.
pub(super) fn hand_over(from: usize, count: usize) -> String {
    let sets: Vec<String> =
        (1..=count).map(|i| format!("set_config('toban.p{}', ${i}, false)", from + i)).collect();
    format!("SELECT {}", sets.join(", "))
}

/// The statement that executes what was prepared, with the values that were taken over.
pub(super) fn execute(types: &[String], values: &[Option<String>]) -> String {
    let arguments: Vec<String> = values
        .iter()
        .zip(types)
        .enumerate()
        .map(|(i, (value, to))| match value {
            Some(_) => format!("current_setting('toban.p{}')::{to}", i + 1),
            None => format!("NULL::{to}"),
        })
        .collect();
    if arguments.is_empty() {
        return "EXECUTE toban_statement".to_string();
    }
    format!("EXECUTE toban_statement({})", arguments.join(", "))
}

/// A value as a literal. Texts are escaped strings: safe whatever `standard_conforming_strings` says, as long as
/// the encoding is UTF-8.
pub(super) fn literal(bind: &Bind) -> String {
    match (bind, bind_text(bind)) {
        (_, None) => "NULL".to_string(),
        (Bind::Plain(Value::Bool(_)), Some(text)) => text,
        (Bind::Plain(Value::Number(_)), Some(text)) if text.starts_with('-') => format!("({text})"),
        (Bind::Plain(Value::Number(_)), Some(text)) => text,
        (_, Some(text)) => {
            format!(" E'{}'", text.replace('\\', "\\\\").replace('\'', "''").replace('\0', ""))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{array, literal};
    use crate::base::Confidential;
    use crate::model::Bind;

    #[test]
    fn lists_are_written_as_arrays() {
        let items = [json!("a\"b\\"), json!(null), json!([1, 2])];
        assert_eq!(array(&items), r#"{"a\"b\\",NULL,{"1","2"}}"#);
    }

    #[test]
    fn a_literal_cannot_be_left() {
        let secret = Bind::Secret(Confidential::new("it's \\'".into(), "•••".into()));
        assert_eq!(literal(&secret), r" E'it''s \\'''");
        assert_eq!(literal(&Bind::Plain(json!(-1))), "(-1)");
        assert_eq!(literal(&Bind::Plain(json!(null))), "NULL");
    }
}
