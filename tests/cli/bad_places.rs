//! Bad surroundings: each is one clear error with what to do, the right code, and nothing lost.

use std::process::Command;

use crate::place::{Place, lives, said, until};

const TWO: &str = "  - { id: a, shell: echo a >> a.count }\n  - { id: b, shell: echo b >> b.count }\n";

/// A small file system of its own, gone with this value.
struct Mount(std::path::PathBuf);

impl Mount {
    fn of(path: std::path::PathBuf, options: &str) -> Mount {
        std::fs::create_dir_all(&path).expect("a folder");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&path).status();
        assert!(done.expect("mount, of the package mount").success(), "a tmpfs needs root");
        Mount(path)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_state_folder_that_cannot_be_used_is_told_before_anything_runs() {
    let place = Place::new();
    place.file("a_file", "");
    let read_only = Mount::of(place.at("read_only"), "ro,size=64k");
    let full = Mount::of(place.at("full"), "size=64k");
    std::fs::write(full.0.join("filler"), vec![0u8; 60 * 1024]).expect("written");
    let rest = vec![0u8; 64 * 1024];
    let _ = std::fs::write(full.0.join("rest"), rest);
    for (state, words) in [
        ("a_file", vec!["cannot write", "--state-dir"]),
        ("/proc/nothing", vec!["cannot write", "--state-dir"]),
        (read_only.0.to_str().expect("text"), vec!["Read-only", "TOBAN_STATE_DIR"]),
        (full.0.to_str().expect("text"), vec!["the disk is full", "free space"]),
    ] {
        let said = place.run(TWO, &["--state-dir", state]);
        assert_eq!(said.code, 5, "{state}: {said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
        assert!(words.iter().all(|w| said.err.contains(w)), "{said:?}");
    }
    assert_eq!(place.lines("a.count"), 0);
    assert_eq!(
        std::fs::read_dir(full.0.join("runs")).map(|d| d.count()).unwrap_or(0),
        0,
        "nothing is left behind"
    );
}

#[test]
fn a_disk_that_fills_with_a_log_ends_the_run_and_all_that_runs() {
    let place = Place::new();
    let state = Mount::of(place.at("small"), "size=1m");
    let steps =
        "  - { id: noisy, shell: 'sleep 0.3; yes 0123456789 | head -c 3000000; echo done > noisy.done' }
  - { id: beside, needs: [], shell: 'echo $$ > beside.pid; sleep 60' }
  - { id: next, needs: [noisy], shell: echo no > next.done }\n";
    let said = place.run(steps, &["-j", "4", "--state-dir", state.0.to_str().expect("text")]);
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains("noisy.1.log`: the disk is full; free space there"), "{said:?}");
    assert!(!lives(&place.text("beside.pid")), "what ran beside it was ended");
    assert_eq!((place.lines("noisy.done"), place.lines("next.done")), (0, 0));
    let status = place.toban(&["status", "--state-dir", state.0.to_str().expect("text")]);
    assert_eq!(status.code, 0, "{status:?}");
    // How far it came is not known; why it was ended was said when there was no room to write it down.
    assert!(status.out.contains("noisy   unknown") && status.out.contains("next    not begun"), "{status:?}");
}

#[test]
fn a_journal_that_cannot_be_written_ends_the_run_and_all_that_runs() {
    let place = Place::new();
    let steps: String = (0..60)
        .map(|i| format!("  - {{ id: s{i}, shell: echo {i} >> count }}\n"))
        .chain(["  - { id: beside, needs: [], shell: 'echo $$ > beside.pid; sleep 60' }\n".to_string()])
        .collect();
    place.file("play.yaml", &format!("title: t\nsteps:\n{steps}"));
    // The plan fits, and so does the beginning of the journal.
    let plan = place.toban(&["plan", "play.yaml", "--format", "json"]).out.len() / 1024;
    let script = format!("ulimit -f {}; exec \"$TOBAN\" run play.yaml -j 2 --progress plain", plan.max(16));
    let said = said(place.around("bash").args(["-c", &script]).output().expect("bash"));
    assert_eq!(said.code, 5, "{said:?}");
    assert!(
        said.err.contains("journal.jsonl`: File too large") && said.err.contains("--state-dir"),
        "{said:?}"
    );
    assert!(!lives(&place.text("beside.pid")), "what ran beside it was ended");
    let done = place.lines("count");
    assert!((1..60).contains(&done), "{done} steps ran");
    // Whatever ran stands in the journal; what stands there can be read.
    let started = place
        .facts()
        .iter()
        .filter(|e| serde_json::to_string(e).expect("JSON").contains("attempt_started"))
        .count();
    assert!(started >= done, "{started} of {done} were written down");
    let status = place.toban(&["status"]);
    assert!(status.code == 0 && status.out.contains("dead"), "{status:?}");
}

#[test]
fn what_a_step_needs_and_is_not_there_is_named() {
    let place = Place::new();
    place.file("not_executable", "#!/bin/sh\n");
    let steps = "  - { id: program, needs: [], shell: [no-such-program, x] }
  - { id: interpreter, needs: [], shell: { run: echo, with: [no-such-shell, -c] } }
  - { id: folder, needs: [], shell: echo, cwd: no/such/folder }
  - { id: plain_file, needs: [], shell: [./not_executable] }
  - { id: input, needs: [], shell: cat, stdin: { file: no/such/file } }
  - { id: output, needs: [], shell: echo, stdout: { file: no/such/folder/file } }
  - { id: device, needs: [], shell: echo, stdout: { file: /dev/null } }
  - { id: rest, needs: [], shell: echo rest >> rest.count }\n";
    let said = place.run(steps, &["--progress", "quiet"]);
    assert_eq!(said.code, 1);
    for words in [
        "the program `no-such-program` is not installed, or not in PATH",
        "the program `no-such-shell` is not installed",
        "no/such/folder`: No such file or directory (os error 2); create it or correct `cwd`",
        "chmod +x",
        "no/such/file` for standard input",
        "no/such/folder/file`: its folder does not exist; create it first",
        "`/dev/null` is a folder or a device; name a file",
    ] {
        assert!(said.err.contains(words), "{words}\n{}", said.err);
    }
    assert_eq!(place.lines("rest.count"), 1, "the rest goes on");
}

#[test]
fn a_machine_without_bash_is_told_so() {
    let place = Place::new();
    place.file("play.yaml", &format!("title: t\nsteps:\n{TWO}"));
    std::fs::create_dir(place.at("empty")).expect("made");
    let mut command = place.command();
    command.env("PATH", place.at("empty")).args(["run", "play.yaml", "--progress", "quiet"]);
    let said = said(command.output().expect("toban starts"));
    assert_eq!(said.code, 1);
    assert!(said.err.contains("the program `bash` is not installed, or not in PATH"), "{}", said.err);
}

#[test]
fn a_bare_environment_is_enough() {
    let place = Place::new();
    place.file("play.yaml", &format!("title: 試験\nsteps:\n{TWO}"));
    let state = place.at("state");
    for (name, value) in
        [("LANG", "C"), ("LANG", ""), ("LC_ALL", "POSIX"), ("TZ", "nowhere/at_all"), ("TERM", "dumb")]
    {
        let mut command = place.around(env!("CARGO_BIN_EXE_toban"));
        command.env_clear().env(name, value).arg("--state-dir").arg(&state).args(["run", "play.yaml"]);
        let said = said(command.output().expect("toban starts"));
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{name}={value}");
        assert!(said.out.contains("試験"), "{said:?}");
    }
}

#[test]
fn a_playbook_that_cannot_be_read_is_one_error() {
    let place = Place::new();
    std::fs::create_dir(place.at("folder.yaml")).expect("made");
    place.file("nul.yaml", "title: a\0b\nsteps: []\n");
    std::fs::write(place.at("latin.yaml"), b"title: caf\xe9\nsteps: []\n").expect("written");
    std::os::unix::fs::symlink("loop.yaml", place.at("loop.yaml")).expect("made");
    for name in
        ["gone.yaml", "folder.yaml", "nul.yaml", "latin.yaml", "loop.yaml", "/dev/null", "/proc/self/mem"]
    {
        for command in ["run", "plan", "check", "show"] {
            let said = place.toban(&[command, name]);
            assert_eq!(said.code, 2, "{command} {name}: {said:?}");
            assert!(
                said.err.starts_with("error: ") && !said.err.contains("panicked"),
                "{command} {name}: {}",
                said.err
            );
        }
    }
    assert!(!place.at("state").exists());
}

#[test]
fn what_stands_beside_the_systems_of_the_playbook_folder_is_no_playbook() {
    let place = Place::new();
    place.file("playbooks/s/play.yaml", "title: t\nsteps: [{ id: a, shell: 'true' }]\n");
    place.file("playbooks/notes.yaml", "kept: for people\n");
    for path in [&["check"][..], &["check", "playbooks"], &["check", "./playbooks/"]] {
        let said = place.toban(path);
        assert_eq!((said.code, said.out.as_str()), (0, "1 checked, no mistakes\n"), "{said:?}");
    }
    let named = place.toban(&["check", "playbooks/notes.yaml"]);
    assert_eq!(named.code, 2, "what is named is looked at: {named:?}");
}

#[test]
fn a_working_folder_that_has_vanished_is_told() {
    let place = Place::new();
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$TOBAN\" list";
    let said = said(place.around("bash").args(["-c", script]).output().expect("bash"));
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error: the working folder is gone"), "{}", said.err);
}

#[test]
fn a_playbook_may_vanish_once_the_run_has_begun() {
    let place = Place::new();
    place.file("play.yaml", &format!("title: t\nsteps:\n  - {{ id: gone, shell: rm play.yaml }}\n{TWO}"));
    assert_eq!(place.toban(&["run", "play.yaml"]).code, 0);
    assert_eq!(place.ends(), "a=ok b=ok gone=ok");
    assert_eq!(place.toban(&["status"]).code, 0);
}

#[test]
fn runs_that_start_together_are_kept_apart_and_the_last_is_the_last() {
    let place = Place::new();
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: sleep 0.2 }\n");
    let together: Vec<_> = (0..4)
        .map(|_| {
            place.command().args(["run", "play.yaml", "--progress", "quiet"]).spawn().expect("toban starts")
        })
        .collect();
    for mut one in together {
        assert!(one.wait().expect("it ends").success());
    }
    place.file("later.yaml", "title: later\nsteps:\n  - { id: z, shell: echo z }\n");
    for _ in 0..3 {
        assert_eq!(place.toban(&["run", "play.yaml"]).code, 0);
        assert_eq!(place.toban(&["run", "later.yaml"]).code, 0);
        assert_eq!(place.ends(), "z=ok");
    }
    assert_eq!(place.toban(&["runs"]).out.lines().count(), 10);
}

#[test]
fn a_damaged_journal_spoils_no_other_run() {
    let place = Place::new();
    place.file("play.yaml", &format!("title: t\nsteps:\n{TWO}"));
    assert_eq!(place.toban(&["run", "play.yaml"]).code, 0);
    let first = place.last_run();
    until("another moment", || place.toban(&["run", "play.yaml"]).code == 0);
    std::fs::write(first.journal(), "{\"seq\":0\n{}\nnonsense\n").expect("written");
    let runs = place.toban(&["runs"]);
    assert_eq!((runs.code, runs.out.lines().count()), (0, 2), "{runs:?}");
    let id = first.path().file_name().expect("a name").to_string_lossy().into_owned();
    let status = place.toban(&["status", &id]);
    assert_eq!(status.code, 5);
    assert!(status.err.contains("journal.jsonl:1") && !status.err.contains("panicked"), "{}", status.err);
}
