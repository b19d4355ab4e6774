//! The language reference as a page, from the same schemas that editors use. It knows no rule of its own.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::checks::chapter;
use super::schema::{schema_playbook, schema_system};

/// Every key of a playbook and of a system file: type, meaning, example. Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Language reference\n\nMade from the types of the program; `toban schema` prints the JSON schemas that \
         editors complete from. A value that says *template* takes `{{ … }}`.\n",
    );
    for (title, file, schema) in [
        ("Playbook", "`playbooks/<system>/<name>.yaml`", schema_playbook()),
        ("System", "`playbooks/<system>/system.yaml`", schema_system()),
    ] {
        let _ = write!(page, "\n## {title}\n\n{file}. ");
        section(&mut page, &schema);
        if let Some(Value::Object(defs)) = schema.get("$defs") {
            for (name, def) in defs {
                if title == "System" && page.contains(&format!("\n### {name}\n")) {
                    continue;
                }
                let _ = write!(page, "\n### {name}\n\n");
                section(&mut page, def);
            }
        }
    }
    page.push_str(&chapter());
    while page.contains("\n\n\n") {
        page = page.replace("\n\n\n", "\n\n");
    }
    page
}

fn section(page: &mut String, schema: &Value) {
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        let _ = writeln!(page, "{text}\n");
    }
    if let Some(examples) = schema.get("examples").and_then(Value::as_array) {
        let list: Vec<String> = examples.iter().map(|e| format!("`{}`", flow(e))).collect();
        let _ = writeln!(page, "Examples: {}.\n", list.join(", "));
    }
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(Value::Object(properties)) = schema.get("properties") {
        table(page, properties, &required);
    }
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(all)) = schema.get(key) else { continue };
        let tagged = all.iter().filter_map(|one| one.get("properties").and_then(Value::as_object));
        let rows: Map<String, Value> = if key == "oneOf" { variants(all) } else { Map::new() };
        if !rows.is_empty() {
            table(page, &rows, &[]);
        } else if all.iter().any(|one| one.get("const").is_some()) {
            words(page, all);
        } else if key == "anyOf" {
            let short: Vec<String> = all
                .iter()
                .filter(|o| o.get("properties").is_none() && o.get("oneOf").is_none())
                .map(kind)
                .collect();
            if !short.is_empty() {
                let _ = writeln!(page, "Short: {}.\n", short.join(", "));
            }
            tagged.for_each(|properties| table(page, properties, &required));
            all.iter().filter(|o| o.get("oneOf").is_some()).for_each(|one| section(page, one));
        }
    }
}

/// The keys of a type that is written as exactly one of them.
fn variants(all: &[Value]) -> Map<String, Value> {
    let mut rows = Map::new();
    for one in all {
        let Some(Value::Object(properties)) = one.get("properties") else { continue };
        for (key, value) in properties {
            let mut value = value.clone();
            if let (Some(map), Some(text)) = (value.as_object_mut(), one.get("description")) {
                map.insert("description".into(), text.clone());
            }
            rows.insert(key.clone(), value);
        }
    }
    rows
}

fn words(page: &mut String, all: &[Value]) {
    for one in all {
        let word = one.get("const").map(plain).unwrap_or_default();
        let text = one.get("description").and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(page, "- `{word}`: {text}");
    }
    page.push('\n');
}

fn table(page: &mut String, properties: &Map<String, Value>, required: &[Value]) {
    page.push_str("| key | type | meaning |\n|---|---|---|\n");
    for (key, schema) in properties {
        let must = if required.iter().any(|r| r == key) { " **required**" } else { "" };
        let text = schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
        let text = text.replace('|', "\\|");
        let _ = writeln!(page, "| `{key}` | {}{must} | {text} |", kind(schema));
    }
    page.push('\n');
}

/// The type of a value in a few words, with a link where it has a section of its own.
fn kind(schema: &Value) -> String {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let name = target.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && pattern.contains("{%")
    {
        return "template".to_string();
    }
    if let Some(word) = schema.get("const") {
        return format!("`{}`", plain(word));
    }
    if let Some(all) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
        return all.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(all) = schema.get("enum").and_then(Value::as_array) {
        return all.iter().map(|w| format!("`{}`", plain(w))).collect::<Vec<_>>().join(", ");
    }
    match schema.get("type") {
        Some(Value::String(one)) => simple(one, schema),
        Some(Value::Array(several)) => several
            .iter()
            .filter_map(Value::as_str)
            .map(|t| simple(t, schema))
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "any value".to_string(),
    }
}

fn simple(name: &str, schema: &Value) -> String {
    let inner = |key: &str| schema.get(key).map_or_else(|| "any value".to_string(), kind);
    match name {
        "string" => "text".to_string(),
        "integer" => "whole number".to_string(),
        "boolean" => "true or false".to_string(),
        "array" => format!("list of {}", inner("items")),
        "object" if schema.get("additionalProperties").is_some_and(Value::is_object) => {
            format!("mapping to {}", inner("additionalProperties"))
        }
        "object" => "mapping".to_string(),
        other => other.to_string(),
    }
}

/// A value as one line of YAML.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let all: Vec<String> = map.iter().map(|(k, v)| format!("{k}: {}", flow(v))).collect();
            format!("{{ {} }}", all.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) if text.contains(['{', ',', ':', '[', '*', '#']) => format!("\"{text}\""),
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
