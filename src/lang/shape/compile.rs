//! From the JSON schema of the types to the tree of what may stand where. It is done when the types change.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::tree::{Field, Shape};

struct Compiler<'a> {
    schemas: &'a Map<String, Value>,
    numbers: HashMap<&'a str, usize>,
}

/// Compiles a schema as schemars makes it; `root` is the name of the type of the whole file, which comes last.
pub fn compile(schema: &Value, root: &str) -> Vec<(String, Shape)> {
    let empty = Map::new();
    let schemas = schema.get("$defs").and_then(Value::as_object).unwrap_or(&empty);
    let numbers = schemas.keys().enumerate().map(|(i, k)| (k.as_str(), i)).collect();
    let compiler = Compiler { schemas, numbers };
    let types = compiler.schemas.iter().map(|(name, schema)| compiler.def(name, schema));
    types.chain([compiler.def(root, schema)]).collect()
}

impl Compiler<'_> {
    fn def(&self, name: &str, schema: &Value) -> (String, Shape) {
        (name.to_string(), named(name).unwrap_or_else(|| self.shape(schema)))
    }

    fn shape(&self, schema: &Value) -> Shape {
        let Some(map) = schema.as_object() else { return Shape::Any };
        if let Some(target) = map.get("$ref").and_then(Value::as_str) {
            let name = target.rsplit('/').next().unwrap_or_default();
            if let Some(shape) = for_people(name) {
                return shape;
            }
            return self.numbers.get(name).map_or(Shape::Any, |n| Shape::Def(*n));
        }
        if let Some(all) = map.get("anyOf").and_then(Value::as_array) {
            return self.any_of(all);
        }
        if let Some(all) = map.get("oneOf").and_then(Value::as_array) {
            return self.one_of(all);
        }
        if let Some(words) = map.get("enum").and_then(Value::as_array) {
            return Shape::Words(texts(words));
        }
        match kind(map) {
            Some("string") => Shape::Text,
            Some("boolean") => Shape::Bool,
            Some("integer") => integer(map),
            Some("number") => Shape::Number,
            Some("array") => Shape::List(Box::new(map.get("items").map_or(Shape::Any, |s| self.shape(s)))),
            Some("object") => self.object(map),
            _ => Shape::Any,
        }
    }

    fn any_of(&self, all: &[Value]) -> Shape {
        let real: Vec<&Value> = all.iter().filter(|s| !is_null(s) && !is_template(s)).collect();
        let templated = all.iter().any(is_template);
        let inner = match real.as_slice() {
            [one] => self.shape(one),
            _ => Shape::Any,
        };
        if templated { Shape::Templated(Box::new(inner)) } else { inner }
    }

    fn one_of(&self, all: &[Value]) -> Shape {
        let mut words = Vec::new();
        let mut fields = Vec::new();
        for one in all {
            if let Some(word) = one.get("const").and_then(Value::as_str) {
                words.push(word.to_string());
            } else if let Some(list) = one.get("enum").and_then(Value::as_array) {
                words.extend(texts(list));
            } else if let Some(map) = one.get("properties").and_then(Value::as_object) {
                fields.extend(self.fields(map, &[]));
            }
        }
        if fields.is_empty() { Shape::Words(words) } else { Shape::OneOf(fields) }
    }

    fn object(&self, map: &Map<String, Value>) -> Shape {
        match (map.get("properties").and_then(Value::as_object), map.get("additionalProperties")) {
            (None, Some(inner @ Value::Object(_))) => Shape::Map(Box::new(self.shape(inner))),
            (None, Some(Value::Bool(true))) => Shape::Map(Box::new(Shape::Any)),
            (properties, _) => {
                let required = map.get("required").and_then(Value::as_array).map_or(Vec::new(), |r| texts(r));
                Shape::Struct(properties.map_or(Vec::new(), |p| self.fields(p, &required)))
            }
        }
    }

    fn fields(&self, properties: &Map<String, Value>, required: &[String]) -> Vec<Field> {
        properties
            .iter()
            .map(|(key, s)| Field {
                key: key.clone(),
                shape: self.shape(s),
                required: required.contains(key),
            })
            .collect()
    }
}

/// Types whose values are told by more than their schema.
fn named(name: &str) -> Option<Shape> {
    Some(match name {
        "Duration" => Shape::Duration,
        "Size" => Shape::Size,
        "StepId" => Shape::StepId,
        "Needs" => Shape::Needs,
        "SecretSource" => Shape::SecretSource,
        "Arg" => Shape::Argument,
        "NameList" => Shape::Names,
        "SqlText" | "Confidential" => Shape::Text,
        _ => return for_people(name),
    })
}

/// What people read, in several languages.
fn for_people(name: &str) -> Option<Shape> {
    match name {
        "LocalizedText" => Some(Shape::Localized),
        "LabelledFacts" => Some(Shape::Facts),
        _ => None,
    }
}

fn integer(map: &Map<String, Value>) -> Shape {
    match map.get("format").and_then(Value::as_str) {
        Some("uint16") => Shape::Integer(0, i64::from(u16::MAX)),
        Some("uint32") => Shape::Integer(0, i64::from(u32::MAX)),
        Some("int32") => Shape::Integer(i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("uint64") => Shape::Integer(0, i64::MAX),
        _ => Shape::Integer(i64::MIN, i64::MAX),
    }
}

fn kind(map: &Map<String, Value>) -> Option<&str> {
    match map.get("type") {
        Some(Value::String(one)) => Some(one),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).find(|t| *t != "null"),
        _ => None,
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn is_template(schema: &Value) -> bool {
    schema.get("pattern").and_then(Value::as_str) == Some("\\{[\\{%]")
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(Value::as_str).map(str::to_string).collect()
}
