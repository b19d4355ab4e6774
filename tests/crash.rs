//! A real engine killed by a real SIGKILL, at every write and at every sync that it makes: what stands on disk
//! afterwards must tell what may have been done.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use toban::event::{Event, Kind};
use toban::journal::{Liveness, StateDir, liveness, read};

const PLAYBOOK: &str = "\
title: 数える
steps:
  - { id: a, shell: echo done >> a.count }
  - { id: b, needs: [], shell: echo done >> b.count }
  - { id: c, needs: [a, b], shell: echo done >> c.count }
  - { id: d, for_each: [1, 2], shell: 'echo done >> d{{ item }}.count' }
";

/// Runs the playbook under a tracer that kills the engine at the `nth` of a system call. False once the run came to
/// its end because there was no nth.
fn killed_at(dir: &Path, call: &str, nth: u32) -> bool {
    let playbook = dir.join("count.yaml");
    std::fs::write(&playbook, PLAYBOOK).expect("written");
    let status = Command::new("strace")
        .arg("-qq")
        .arg("-o/dev/null")
        .arg(format!("-etrace={call}"))
        .arg(format!("-einject={call}:signal=KILL:when={nth}"))
        .arg(env!("CARGO_BIN_EXE_toban"))
        .args(["--progress", "quiet", "--state-dir"])
        .arg(dir.join("state"))
        .args(["run", "-j", "2"])
        .arg(&playbook)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("strace runs (Debian package: strace)");
    !status.success()
}

/// The run that stands on disk, if one does.
fn the_run(dir: &Path) -> Option<(PathBuf, Vec<Event>)> {
    let state = StateDir::resolve(Some(&dir.join("state")), &|_| None, false);
    let id = state.runs().ok()?.into_iter().next()?;
    let folder = state.run(&id);
    assert!(!matches!(liveness(&folder).expect("known"), Liveness::Running), "a killed engine runs on");
    let events = read(&folder).expect("a journal that was cut can be read");
    Some((folder.path().to_path_buf(), events))
}

/// Whatever was done has its attempt on disk, and whatever ended was done.
fn truthful(dir: &Path, events: &[Event]) {
    let mut started = BTreeSet::new();
    let mut ended = BTreeSet::new();
    for (i, event) in events.iter().enumerate() {
        assert_eq!(event.seq, i as u64, "no gap");
        match &event.kind {
            Kind::AttemptStarted { unit, .. } => drop(started.insert(unit.to_string())),
            Kind::AttemptEnded { unit, .. } => drop(ended.insert(unit.to_string())),
            _ => {}
        }
    }
    for (file, unit) in [("a", "a"), ("b", "b"), ("c", "c"), ("d1", "d[0]"), ("d2", "d[1]")] {
        let done = std::fs::read_to_string(dir.join(format!("{file}.count"))).unwrap_or_default();
        assert!(done.lines().count() <= 1, "{unit} was done twice");
        assert!(done.is_empty() || started.contains(unit), "{unit} was done, and the journal does not know");
        assert!(!ended.contains(unit) || !done.is_empty(), "{unit} is said to have ended, and was not done");
    }
}

fn kill_at_every(call: &str) {
    let mut nth = 1;
    loop {
        let dir = tempfile::tempdir().expect("a folder");
        let killed = killed_at(dir.path(), call, nth);
        // Children outlive a killed engine; what they do is over in a moment.
        std::thread::sleep(std::time::Duration::from_millis(30));
        if let Some((folder, events)) = the_run(dir.path()) {
            truthful(dir.path(), &events);
            status_tells(dir.path(), &folder);
        }
        if !killed {
            let (_, events) = the_run(dir.path()).expect("a finished run stands on disk");
            assert!(matches!(events.last().map(|e| &e.kind), Some(Kind::RunEnded { .. })));
            break;
        }
        nth += 1;
        assert!(nth < 400, "the run does not end");
    }
    assert!(nth > 5, "{call} is called at each boundary, not {nth} times");
}

/// `toban status` answers after every kind of death.
fn status_tells(dir: &Path, folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .arg("--state-dir")
        .arg(dir.join("state"))
        .args(["status", "last", "--format", "json"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["steps"].as_object().map(|s| s.len()), Some(4));
}

#[test]
fn a_kill_at_any_sync_leaves_a_journal_that_knows_what_may_have_been_done() {
    kill_at_every("fdatasync");
}

#[test]
fn a_kill_at_any_write_leaves_a_journal_that_knows_what_may_have_been_done() {
    kill_at_every("write");
}
