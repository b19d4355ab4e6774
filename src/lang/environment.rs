//! A system in one of its environments: merged key by key, null removes, lists replace. It decodes nothing.

use serde_json::{Map, Value};

/// The values of a system file with those of an environment over them, without `environments`.
pub fn merged(system: &Value, environment: Option<&str>) -> Value {
    let mut map = system.as_object().cloned().unwrap_or_default();
    let all = map.shift_remove("environments");
    if let (Some(name), Some(Value::Object(all))) = (environment, &all)
        && let Some(Value::Object(over)) = all.get(name)
    {
        lay_over(&mut map, over);
    }
    Value::Object(map)
}

fn lay_over(under: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (_, Value::Null) => {
                under.shift_remove(key);
            }
            (Some(Value::Object(below)), Value::Object(above)) => lay_over(below, above),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The names of the environments of a system file, in its order.
pub fn names(system: &Value) -> Vec<String> {
    match system.get("environments") {
        Some(Value::Object(all)) => all.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merged;

    #[test]
    fn keys_merge_null_removes_and_lists_replace() {
        let system = json!({
            "vars": { "a": 1, "b": [1, 2], "c": 3 },
            "environments": { "lab": { "vars": { "b": [9], "c": null, "d": 4 } } }
        });
        assert_eq!(merged(&system, Some("lab")), json!({ "vars": { "a": 1, "b": [9], "d": 4 } }));
        assert_eq!(merged(&system, None), json!({ "vars": { "a": 1, "b": [1, 2], "c": 3 } }));
    }
}
