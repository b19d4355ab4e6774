//! The JSON schemas that editors complete from: those of the types, short forms added. It checks no value.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::shape::{Short, empty_will_do, one_for_many, short_of};
use super::source::PlaybookSource;
use crate::model::System;

/// The schema of a playbook.
pub fn schema_playbook() -> Value {
    let mut schema =
        generate::<PlaybookSource>("Playbook", "A playbook of Toban: what to do, in what order.");
    without_null(&mut schema);
    empty(&mut schema);
    if let Some(step) = schema.pointer_mut("/$defs/Step") {
        one_action(step);
    }
    schema
}

/// The schema of a system file.
pub fn schema_system() -> Value {
    let mut schema =
        generate::<System>("System", "The facts of a system: where things are, in each environment.");
    empty(&mut schema);
    schema
}

fn generate<T: schemars::JsonSchema>(title: &str, description: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    if let Some(map) = schema.as_object_mut() {
        map.insert("title".into(), json!(title));
        map.insert("description".into(), json!(description));
        if let Some(Value::Object(defs)) = map.get_mut("$defs") {
            expand(defs);
        }
    }
    many(&mut schema);
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        for (name, def) in defs.iter_mut() {
            let examples = super::examples::of(name);
            if let (Some(map), false) = (def.as_object_mut(), examples.is_empty()) {
                map.insert("examples".into(), Value::Array(examples));
            }
        }
    }
    schema
}

/// Adds the short forms of every type.
fn expand(defs: &mut Map<String, Value>) {
    for (name, schema) in defs.iter_mut() {
        match name.as_str() {
            "Arg" => *schema = json!({ "type": ["string", "number", "boolean"] }),
            "NameList" => {
                *schema = json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] });
            }
            "SqlText" => {
                *schema = json!({ "type": "string", "description": "SQL; each `{{ … }}` is a bound value." })
            }
            _ => {}
        }
        let forms = short_of(name);
        if forms.is_empty() {
            continue;
        }
        let description = schema.get("description").cloned();
        let full = schema.take();
        let mut all: Vec<Value> = forms.iter().filter_map(|form| short(form, &full)).collect();
        all.push(full);
        *schema = json!({ "anyOf": all });
        if let (Some(map), Some(text)) = (schema.as_object_mut(), description) {
            map.insert("description".into(), text);
        }
    }
    defs.shift_remove("Bind");
}

/// What a short form looks like: what its key takes, where that is text or a list.
fn short(form: &Short, full: &Value) -> Option<Value> {
    let of = |key: &str| full.pointer(&format!("/properties/{key}/description")).cloned();
    let described = |key: &str, mut schema: Value| {
        if let (Some(map), Some(text)) = (schema.as_object_mut(), of(key)) {
            map.insert("description".into(), text);
        }
        Some(schema)
    };
    match form {
        Short::Text("for") => Some(json!({ "$ref": "#/$defs/Duration" })),
        Short::Text(key) => {
            let own = full.pointer(&format!("/properties/{key}/$ref"));
            let localized = own.filter(|target| *target == "#/$defs/LocalizedText");
            described(key, localized.map_or(json!({ "type": "string" }), |target| json!({ "$ref": target })))
        }
        Short::List(key) => {
            let items = full.pointer(&format!("/properties/{key}/items")).cloned();
            let items = items.unwrap_or_else(|| json!({ "type": ["string", "number", "boolean"] }));
            described(key, json!({ "type": "array", "items": items }))
        }
        Short::Bool(key) => described(key, json!({ "type": "boolean" })),
        Short::Word(word, _) => Some(json!({ "const": word })),
    }
}

/// What needs no key may be written without any: `ps:`, and `docker: ps`.
fn empty(schema: &mut Value) {
    let Some(Value::Object(defs)) = schema.get_mut("$defs") else { return };
    let bare = |schema: &Value| schema.get("properties").is_some() && schema.get("required").is_none();
    let may_be_empty = |name: &str, schema: &Value| {
        let whole = bare(schema) || schema.get("additionalProperties") == Some(&Value::Bool(false));
        let full = schema.get("anyOf").and_then(Value::as_array).is_some_and(|all| all.iter().any(bare));
        empty_will_do(name) && schema.get("required").is_none() && (whole || full)
    };
    let names: Vec<String> =
        defs.iter().filter(|(name, s)| may_be_empty(name, s)).map(|(name, _)| name.clone()).collect();
    for (name, schema) in defs.iter_mut() {
        let Some(Value::Array(all)) = schema.get("oneOf") else { continue };
        let target = |one: &Value| {
            let (key, value) = one.get("properties")?.as_object()?.iter().next()?;
            let name = value.get("$ref")?.as_str()?.rsplit('/').next()?;
            names.iter().any(|n| n == name).then(|| key.clone())
        };
        let words: Vec<String> = all.iter().filter_map(target).collect();
        if !words.is_empty() && name != "Action" {
            or_else(schema, json!({ "enum": words }));
        }
    }
    for name in &names {
        if let Some(schema) = defs.get_mut(name) {
            or_else(schema, json!({ "type": "null" }));
        }
    }
}

/// The schema, or this.
fn or_else(schema: &mut Value, other: Value) {
    if let Some(all) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        all.push(other);
        return;
    }
    let mut outer = Map::new();
    for key in ["description", "examples"] {
        let value = schema.as_object_mut().and_then(|map| map.shift_remove(key));
        outer.extend(value.map(|v| (key.to_string(), v)));
    }
    outer.insert("anyOf".into(), json!([schema.take(), other]));
    *schema = Value::Object(outer);
}

/// An editor should not offer `null` for every key that may be left out.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|t| t != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".into(), one);
                }
            }
            if let Some(Value::Array(any)) = map.get_mut("anyOf") {
                any.retain(|s| s.get("type").and_then(Value::as_str) != Some("null"));
                if let [Value::Object(one)] = any.as_mut_slice() {
                    let one = std::mem::take(one);
                    map.shift_remove("anyOf");
                    one.into_iter().for_each(|(key, value)| {
                        map.entry(key).or_insert(value);
                    });
                }
            }
            if map.get("default").is_some_and(Value::is_null) {
                map.shift_remove("default");
            }
            map.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

/// Where a list of such things stands, one alone may stand too.
fn many(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(many),
        Value::Object(map) => {
            map.values_mut().for_each(many);
            let Some(items) = map.get("items").cloned() else { return };
            let inner = items.get("anyOf").and_then(Value::as_array).and_then(|all| all.first());
            let target = inner.unwrap_or(&items).get("$ref").and_then(Value::as_str);
            let Some(name) = target.and_then(|t| t.rsplit('/').next()) else { return };
            if one_for_many(name) || name == "NameList" {
                let description = map.shift_remove("description");
                let list = Value::Object(std::mem::take(map));
                map.insert("anyOf".into(), json!([items, list]));
                map.extend(description.map(|d| ("description".to_string(), d)));
            }
        }
        _ => {}
    }
}

/// A step has exactly one action: an editor says so.
fn one_action(step: &mut Value) {
    let Some(map) = step.as_object_mut() else { return };
    let each: Vec<Value> = super::source::ACTION_KEYS.iter().map(|k| json!({ "required": [k] })).collect();
    map.insert("oneOf".into(), Value::Array(each));
}
