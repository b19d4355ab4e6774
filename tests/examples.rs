//! Every example checks, plans, and runs as its first lines say.

#[path = "cli/smtp.rs"]
#[allow(dead_code, reason = "the tests of the command line use all of it")]
mod smtp;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn toban(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_toban"))
        .arg("--state-dir")
        .arg(state)
        .env("TOBAN_LOCK_DIR", state.join("locks"))
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
        "examples/languages.yaml" => &["--confirm", "tell"],
        "examples/schedule.yaml" => &["--confirm", "clean"],
        "examples/inputs.yaml" => &["-i", "name=O'Brien; rm -rf /", "-i", "times=2"],
        _ => &[],
    }
}

#[test]
fn every_example_checks_plans_and_runs() {
    let state = tempfile::tempdir().expect("a folder");
    let found = examples();
    assert!(found.len() >= 20, "{found:?}");
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

#[test]
fn the_example_of_a_window_is_let_in_by_a_reason_at_any_time() {
    let state = tempfile::tempdir().expect("a folder");
    let nightly = "examples/window/nightly.yaml";
    assert!(toban(state.path(), &["check", nightly]).status.success());
    let plan = toban(state.path(), &["plan", nightly]);
    let told = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(told.contains("2026-12-29/2027-01-03") && told.contains("0 0 1 * * for 1d"), "{told}");
    let run = toban(state.path(), &["run", nightly, "--outside-window", "--reason", "a test"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn the_example_of_mail_checks_plans_and_sends_what_it_says() {
    let server = smtp::Smtp::new(smtp::Manners::default());
    let state = tempfile::tempdir().expect("a folder");
    let there = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mail");
    // The port of the example is taken by nobody, or by somebody else.
    for name in ["system.yaml", "report.yaml"] {
        let text = std::fs::read_to_string(there.join(name)).expect("an example");
        let text = text.replace("localhost:2525", &format!("localhost:{}", server.port));
        std::fs::write(state.path().join(name), text).expect("written");
    }
    let play = state.path().join("report.yaml").display().to_string();
    for example in ["examples/mail/report.yaml", &play] {
        let check = toban(state.path(), &["check", example]);
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        let plan = toban(state.path(), &["plan", example]);
        assert!(plan.status.success(), "{}", String::from_utf8_lossy(&plan.stderr));
    }
    let run = toban(state.path(), &["run", &play]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let taken = server.taken();
    assert_eq!(taken.len(), 1, "nobody is told of what goes well: {taken:?}");
    let seen = smtp::read(&taken[0].text);
    assert!(seen["subject"].as_str().is_some_and(|s| s.starts_with("日次報告（")), "{seen}");
    assert!(seen["body"].as_str().is_some_and(|b| b.starts_with("件数: 42\n")), "{seen}");
}
