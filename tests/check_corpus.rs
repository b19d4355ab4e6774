//! Playbooks with one mistake each: what `check` says of them, word for word and place for place.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use toban::diag::{Diagnostic, render};
use toban::lang::check;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

/// Every playbook of the corpus by its path; system files and the part that others call are not among them.
fn playbooks() -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(corpus()).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let inside = |p: &Path| p.strip_prefix(corpus()).expect("inside").display().to_string();
        if path.is_dir() {
            for file in std::fs::read_dir(&path).expect("a folder") {
                names.push(inside(&file.expect("an entry").path()));
            }
        } else {
            names.push(inside(&path));
        }
    }
    names.retain(|n| !n.ends_with("system.yaml") && !n.ends_with("part.yaml"));
    names.sort();
    names
}

fn told(name: &str) -> Vec<Diagnostic> {
    check(&format!("./{name}"), None, &corpus())
}

#[test]
fn every_mistake_is_told_once_at_its_place_with_a_way_out() {
    let mut text = String::new();
    let mut wrong = Vec::new();
    for name in playbooks() {
        let found = told(&name);
        if found.len() != 1 && name != "many.yaml" {
            wrong.push(format!("{name}: {} diagnostics", found.len()));
        }
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        writeln!(text, "=== {name} [{}]\n{}", codes.join(" "), render(&found, false)).expect("written");
        if let Some(d) = found.iter().find(|d| d.at.is_none()) {
            wrong.push(format!("{name}: no place: {}", d.title));
        }
    }
    insta::assert_snapshot!("corpus", text);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_serde_word_reaches_the_user() {
    for name in playbooks() {
        for d in told(&name) {
            let text = format!("{} {}", d.title, d.help.unwrap_or_default());
            for word in
                ["invalid type", "unknown field", "unknown variant", "missing field", "Error(", "serde"]
            {
                assert!(!text.contains(word), "{name}: {text}");
            }
        }
    }
}
