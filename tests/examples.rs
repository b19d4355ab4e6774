//! Every example checks, plans, and runs as its first lines say.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn toban(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_toban"))
        .arg("--state-dir")
        .arg(state)
        .args(["--progress", "quiet"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .expect("toban starts")
}

fn examples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(folder).expect("examples").map(|e| e.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    found.sort();
    found.iter().map(|p| format!("examples/{}", p.file_name().expect("a name").to_string_lossy())).collect()
}

/// What an example needs besides its name.
fn extra(example: &str) -> &'static [&'static str] {
    match example {
        "examples/questions.yaml" => &["--confirm", "wipe", "--choose", "how=fast", "--answer", "look=red=0"],
        "examples/schedule.yaml" => &["--confirm", "clean"],
        "examples/inputs.yaml" => &["-i", "name=O'Brien; rm -rf /", "-i", "times=2"],
        _ => &[],
    }
}

#[test]
fn every_example_checks_plans_and_runs() {
    let state = tempfile::tempdir().expect("a folder");
    let found = examples();
    assert!(found.len() >= 10, "{found:?}");
    for example in &found {
        let check = toban(state.path(), &["check", example]);
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        let plan = toban(state.path(), &["plan", example]);
        assert!(plan.status.success(), "{example}: {}", String::from_utf8_lossy(&plan.stderr));
        let run = toban(state.path(), &[&["run", example], extra(example)].concat());
        let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        // The one that shows what a failure means ends with a failure that its author excused.
        assert!(run.status.success(), "{example}: {said}");
        let warned = matches!(example.as_str(), "examples/thresholds.yaml" | "examples/rescue.yaml");
        assert_eq!(said.contains("with warnings"), warned, "{said}");
    }
}

#[test]
fn the_questions_of_an_example_are_not_confirmed_by_nobody() {
    let state = tempfile::tempdir().expect("a folder");
    let run = toban(state.path(), &["run", "examples/questions.yaml"]);
    assert_eq!(run.status.code(), Some(3));
}
