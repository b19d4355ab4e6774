//! Values of the file as one line of text, whatever they are. It knows no action.

use serde::Serialize;
use serde_json::Value;

/// Any action as `verb key: value, …`, on one line.
pub(super) fn plain<T: Serialize>(action: &T) -> String {
    let mut value = unstage(serde_json::to_value(action).unwrap_or_default());
    let mut words = Vec::new();
    while let Value::Object(map) = &value {
        let Some((key, inner)) = map.iter().next() else { break };
        if map.len() > 1 || !inner.is_object() {
            break;
        }
        words.push(key.clone());
        let inner = inner.clone();
        value = inner;
    }
    format!("{} {}", words.join(" "), keys(&value)).trim().to_string()
}

/// A value as `key: value, …`; one that has no keys as itself.
pub(super) fn pairs<T: Serialize>(value: &T) -> String {
    keys(&unstage(serde_json::to_value(value).unwrap_or_default()))
}

/// A value as text: text as it is, all else as JSON.
pub(super) fn scalar<T: Serialize>(value: &T) -> String {
    of_scalar(&unstage(serde_json::to_value(value).unwrap_or_default()))
}

fn keys(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            map.iter().map(|(k, v)| format!("{k}: {}", of_scalar(v))).collect::<Vec<_>>().join(", ")
        }
        other => of_scalar(other),
    }
}

fn of_scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A planned value without the marks of its stage.
pub(super) fn unstage(value: Value) -> Value {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("⟨known⟩") => map["⟨known⟩"].clone(),
        Value::Object(map) if map.len() == 1 && map.contains_key("⟨unknown⟩") => map["⟨unknown⟩"].clone(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, unstage(v))).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(unstage).collect()),
        other => other,
    }
}
