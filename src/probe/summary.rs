//! What a reading gave, in a few words. It knows the names of outputs, not their steps.

use serde_json::{Map, Value};

use crate::event::Gives;

/// So many characters of a reading are told.
const LINE: usize = 160;
/// So many characters of one output go into a finding.
const OUTPUT: usize = 2_000;

/// What a reading gave, on one line.
pub(super) fn words(gives: &Gives) -> String {
    let text = |key: &str| gives.get(key).and_then(Value::as_str).and_then(|t| t.lines().next());
    let told = if let Some(Value::Array(rows)) = gives.get("rows") {
        match rows.as_slice() {
            [row] => row.to_string(),
            rows => crate::t!("{} rows", "{} 行", rows.len()),
        }
    } else if let Some(status) = gives.get("status").filter(|s| s.is_number()) {
        crate::t!("status {status}", "ステータス {status}")
    } else if let Some(line) = ["stdout", "text", "stderr"].into_iter().find_map(text) {
        line.to_string()
    } else if gives.is_empty() || gives.contains_key("exit_code") {
        String::new()
    } else {
        Value::Object(gives.clone()).to_string()
    };
    cut(&told, LINE)
}

/// What it gave, long outputs cut.
pub(super) fn outputs(gives: &Gives) -> Gives {
    let short = |value: &Value| match value {
        Value::String(text) => Value::String(cut(text, OUTPUT)),
        other if other.to_string().len() > OUTPUT => Value::String(cut(&other.to_string(), OUTPUT)),
        other => other.clone(),
    };
    gives.iter().map(|(key, value)| (key.clone(), short(value))).collect::<Map<_, _>>()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    text.chars().take(most).chain(['…']).collect()
}
