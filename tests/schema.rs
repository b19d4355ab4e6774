//! The schemas and the reference beside them are those of this program; `UPDATE=1` writes them anew.

use std::path::Path;

use serde_json::Value;
use toban::lang::{reference, schema_playbook, schema_system};

fn compare(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, made).expect("written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == made,
        "schemas/{name} is not that of this program; run UPDATE=1 cargo test --test schema"
    );
}

fn text(schema: &Value) -> String {
    serde_json::to_string_pretty(schema).expect("JSON") + "\n"
}

#[test]
fn the_schemas_and_the_reference_in_the_repository_are_current() {
    compare("playbook.schema.json", &text(&schema_playbook()));
    compare("system.schema.json", &text(&schema_system()));
    compare("reference.md", &reference());
}

#[test]
fn a_playbook_with_every_short_form_is_valid_and_a_wrong_one_is_not() {
    let validator = jsonschema::validator_for(&schema_playbook()).expect("a schema");
    let read = |path: &str| -> Value {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(root.join(path)).expect("a file");
        let mut yaml: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
        yaml.apply_merge().expect("merged");
        serde_json::to_value(yaml).expect("JSON")
    };
    let found: Vec<String> = validator
        .iter_errors(&read("tests/good/cafe/daily.yaml"))
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
    for wrong in ["unknown_key", "wrong_type", "two_actions", "no_action", "unknown_word", "missing_title"] {
        assert!(!validator.is_valid(&read(&format!("tests/bad/{wrong}.yaml"))), "{wrong}");
    }
    let validator = jsonschema::validator_for(&schema_system()).expect("a schema");
    let system = read("tests/good/cafe/system.yaml");
    let found: Vec<String> =
        validator.iter_errors(&system).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_key_of_a_step_has_a_description() {
    let schema = schema_playbook();
    let step = schema.pointer("/$defs/Step/properties").and_then(Value::as_object).expect("keys of a step");
    assert!(step.len() > 30);
    for (key, value) in step {
        assert!(value.get("description").is_some(), "{key}");
    }
}
