//! Every example from its plan to its end: planned, looked at, saved, approved, run from the file, compared with its
//! run, and refused a second time.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::smtp::{Manners, Smtp};
use super::{examples, extra, inputs, quickstart, repo, text};

/// The binary in a folder, with a state of its own; gives its exit code and what it said.
fn toban(folder: &Path, state: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["--lang", "en", "--progress", "plain", "--state-dir"])
        .arg(state.join("state"))
        .args(arguments)
        .current_dir(folder)
        .env("TOBAN_LOCK_DIR", state.join("locks"))
        .stdin(Stdio::null())
        .output()
        .expect("toban starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn round(folder: &Path, name: &str, inputs: &[&str], extra: &[&str]) {
    let state = tempfile::tempdir().expect("a folder");
    let (state, file) = (state.path(), state.path().join("saved.plan"));
    let file = text(&file);
    let ends = |code: i32, arguments: &[&str]| {
        let said = toban(folder, state, arguments);
        assert_eq!(said.0, code, "{arguments:?}: {said:?}");
        said
    };
    let plan = [&["plan", name], inputs].concat();
    let (_, told, _) = ends(0, &plan);
    let (_, looked, _) = ends(0, &[&plan[..], &["--probe"]].concat());
    assert!(looked.contains("Nothing was changed."), "{name}: {looked}");
    let (_, saved, _) = ends(0, &[&plan[..], &["-o", file]].concat());
    assert_eq!(saved, told, "{name}");
    // What is saved is shown again; whether a window is closed now is no part of it.
    assert!(told.starts_with(&ends(0, &["show", file]).1), "{name}");
    ends(0, &["approve", file, "--operator", "佐藤"]);
    ends(0, &[&["run", file], extra].concat());
    assert_eq!(ends(0, &["diff", file, "--against", "last"]).1, "the plans are the same\n", "{name}");
    let (_, _, again) = ends(3, &[&["run", file], extra].concat());
    assert!(again.contains("was run already"), "{name}: {again}");
}

#[test]
fn every_example_is_looked_at_saved_approved_and_run_as_it_was_planned() {
    let examples = examples();
    assert!(examples.len() >= 20, "{examples:?}");
    for name in &examples {
        round(repo(), name, inputs(name), extra(name));
    }
}

/// The playbooks in folders of the examples.
fn within_folders() -> Vec<String> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect()
    };
    let folders = list(&repo().join("examples")).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| list(&folder));
    let plays = files.filter(|p| p.extension().is_some_and(|e| e == "yaml") && !p.ends_with("system.yaml"));
    let mut names: Vec<String> =
        plays.map(|path| path.strip_prefix(repo()).expect("inside").display().to_string()).collect();
    names.sort();
    names
}

#[test]
fn so_is_every_example_that_has_a_folder_of_its_own() {
    assert_eq!(
        within_folders(),
        ["examples/mail/report.yaml", "examples/parts/count.yaml", "examples/window/nightly.yaml"]
    );
    round(repo(), "examples/parts/count.yaml", &[], &[]);
    let at_any_time = ["--outside-window", "--reason", "a test"];
    round(repo(), "examples/window/nightly.yaml", &[], &at_any_time);

    // The port of the example is taken by nobody, or by somebody else.
    let (server, folder) = (Smtp::new(Manners::default()), tempfile::tempdir().expect("a folder"));
    for name in ["system.yaml", "report.yaml"] {
        let text = std::fs::read_to_string(repo().join("examples/mail").join(name)).expect("an example");
        let text = text.replace("localhost:2525", &format!("localhost:{}", server.port));
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    round(folder.path(), "./report.yaml", &[], &[]);
    assert_eq!(server.taken().len(), 1, "only the run sends");
}

#[test]
fn so_is_the_quickstart() {
    let folder = quickstart();
    round(folder.path(), "quickstart/daily", &[], &[]);
}
