//! Every example from its plan to its end: planned, looked at, saved, approved, run from the file, compared with its
//! run, and refused a second time.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{examples, extra, inputs, repo, text};

/// The binary in the repository; gives its exit code and what it said.
fn toban(state: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["--lang", "en", "--progress", "plain", "--state-dir"])
        .arg(state.join("state"))
        .args(arguments)
        .current_dir(repo())
        .env("TOBAN_LOCK_DIR", state.join("locks"))
        .stdin(Stdio::null())
        .output()
        .expect("toban starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_example_is_looked_at_saved_approved_and_run_as_it_was_planned() {
    let examples = examples();
    assert!(examples.len() >= 10, "{examples:?}");
    for name in &examples {
        let folder = tempfile::tempdir().expect("a folder");
        let (state, file) = (folder.path(), folder.path().join("saved.plan"));
        let file = text(&file);
        let ends = |code: i32, arguments: &[&str]| {
            let said = toban(state, arguments);
            assert_eq!(said.0, code, "{arguments:?}: {said:?}");
            said
        };
        let plan = [&["plan", name], inputs(name)].concat();
        let (_, told, _) = ends(0, &plan);
        let (_, looked, _) = ends(0, &[&plan[..], &["--probe"]].concat());
        assert!(looked.contains("Nothing was changed."), "{name}: {looked}");
        let (_, saved, _) = ends(0, &[&plan[..], &["-o", file]].concat());
        assert_eq!(saved, told, "{name}");
        assert_eq!(ends(0, &["show", file]).1, told, "{name}");
        ends(0, &["approve", file, "--operator", "佐藤"]);
        ends(0, &[&["run", file], extra(name)].concat());
        assert_eq!(ends(0, &["diff", file, "--against", "last"]).1, "the plans are the same\n", "{name}");
        let (_, _, again) = ends(3, &[&["run", file], extra(name)].concat());
        assert!(again.contains("was run already"), "{name}: {again}");
    }
}
