//! `playbooks/coverage.yaml`: every procedure of the five manuals is mapped to a playbook and step that exist and plan,
//! or says why not; what counts as verified names a test that looks at the effect, and its twin that breaks it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

/// How many procedures each manual has.
const PROCEDURES: [(&str, usize); 5] = [("CAFE", 38), ("AUTO", 52), ("STYLE", 39), ("PSY", 30), ("REF", 19)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Coverage {
    procedures: BTreeMap<String, Procedure>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Procedure {
    Mapped(Mapped),
    NotYet(NotYet),
    LeftOut(LeftOut),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapped {
    playbook: String,
    step: String,
    verified: Option<String>,
    twin: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotYet {
    not_yet: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOut {
    left_out: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn coverage() -> BTreeMap<String, Procedure> {
    let text =
        std::fs::read_to_string(root().join("playbooks/coverage.yaml")).expect("playbooks/coverage.yaml");
    let coverage: Coverage = serde_yaml::from_str(&text).expect("coverage.yaml is a mapping of procedures");
    coverage.procedures
}

/// The steps of a playbook as it is planned: the ids of all, those inside other playbooks included.
fn planned(playbook: &str) -> BTreeSet<String> {
    let out = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["plan", playbook, "--env", "lab", "--format", "json", "--lang", "en"])
        .current_dir(root())
        .env("TOBAN_STATE_DIR", std::env::temp_dir().join("toban-coverage"))
        .output()
        .expect("toban");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{playbook} does not plan:\n{said}");
    let plan: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let steps = plan["steps"].as_array().expect("steps");
    steps.iter().map(|step| step["id"].as_str().expect("an id").to_owned()).collect()
}

/// Every test of the lab, as `file::test`.
fn lab_tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("tests/lab")).expect("tests/lab") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let file = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a test");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.trim() != "#[test]" {
                continue;
            }
            let name = lines
                .find_map(|line| line.trim().strip_prefix("fn "))
                .and_then(|rest| rest.split('(').next());
            tests.extend(name.map(|name| format!("{file}::{name}")));
        }
    }
    tests
}

#[test]
fn every_procedure_is_mapped_or_says_why_not() {
    let coverage = coverage();
    for (manual, count) in PROCEDURES {
        let of = coverage.keys().filter(|id| id.split('-').next() == Some(manual)).count();
        assert_eq!(of, count, "{manual} has {count} procedures");
    }
    assert_eq!(coverage.len(), PROCEDURES.iter().map(|(_, count)| count).sum::<usize>());
    for (id, procedure) in &coverage {
        let said = match procedure {
            Procedure::Mapped(mapped) => &mapped.playbook,
            Procedure::NotYet(NotYet { not_yet }) => not_yet,
            Procedure::LeftOut(LeftOut { left_out }) => left_out,
        };
        assert!(!said.trim().is_empty(), "{id} says nothing");
    }
}

#[test]
fn every_mapped_procedure_names_a_step_that_plans() {
    let coverage = coverage();
    let mut plans: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (id, procedure) in &coverage {
        if let Procedure::Mapped(Mapped { playbook, step, .. }) = procedure {
            let steps = plans.entry(playbook).or_insert_with(|| planned(playbook));
            assert!(steps.contains(step), "{id}: {playbook} has no step {step}; it has {steps:?}");
        }
    }
}

#[test]
fn what_is_verified_names_a_test_of_the_lab_and_its_twin() {
    let tests = lab_tests();
    let (mut mapped, mut verified, mut not_yet, mut left_out) = (0, 0, 0, 0);
    for (id, procedure) in &coverage() {
        let Procedure::Mapped(row) = procedure else {
            match procedure {
                Procedure::NotYet(_) => not_yet += 1,
                _ => left_out += 1,
            }
            continue;
        };
        mapped += 1;
        assert_eq!(
            row.verified.is_some(),
            row.twin.is_some(),
            "{id}: a verified row names a test and its twin"
        );
        for name in row.verified.iter().chain(&row.twin) {
            assert!(tests.contains(name), "{id}: there is no test {name}");
        }
        verified += usize::from(row.verified.is_some());
    }
    let counts = format!(
        "mapped {mapped}, of these run in the lab with their effect verified {verified}; not yet {not_yet}; left out {left_out}\n"
    );
    // Past the test runner's capture: the counts are what people ask for.
    drop(std::io::Write::write_all(&mut std::io::stderr(), counts.as_bytes()));
    assert!(verified > 0 && mapped > 0);
}
