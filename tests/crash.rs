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
  - { id: d, for_each: [1, 2, 3, 4, 5, 6], shell: 'echo done >> d{{ item }}.count' }
";

/// Runs the playbook under a tracer that kills the engine at the `nth` of a system call. False once the run came to
/// its end because there was no nth.
fn killed_at(dir: &Path, call: &str, nth: u32) -> bool {
    let playbook = dir.join("count.yaml");
    std::fs::write(&playbook, PLAYBOOK).expect("written");
    let status = Command::new("strace")
        .arg("-qq")
        .arg("-o/dev/null")
        // The engine syncs on several threads; its children never do.
        .args(call.contains("sync").then_some("-f"))
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
    let items = (0..6).map(|i| (format!("d{}", i + 1), format!("d[{i}]")));
    for (file, unit) in ["a", "b", "c"].map(|id| (id.to_string(), id.to_string())).into_iter().chain(items) {
        let done = std::fs::read_to_string(dir.join(format!("{file}.count"))).unwrap_or_default();
        assert!(done.lines().count() <= 1, "{unit} was done twice");
        assert!(done.is_empty() || started.contains(&unit), "{unit} was done, and the journal does not know");
        assert!(!ended.contains(&unit) || !done.is_empty(), "{unit} is said to have ended, and was not done");
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
    kill_at_every("fsync,fdatasync");
}

#[test]
fn a_kill_at_any_write_leaves_a_journal_that_knows_what_may_have_been_done() {
    kill_at_every("write");
}

/// What the engine did to its disk and which children it started, in this order.
enum Deed {
    Wrote(usize),
    Synced,
    Started(u32),
}

/// Follows a whole run under a tracer.
fn deeds(dir: &Path) -> Vec<Deed> {
    let playbook = dir.join("count.yaml");
    std::fs::write(&playbook, PLAYBOOK).expect("written");
    let trace = dir.join("trace");
    let status = Command::new("strace")
        .args(["-qq", "-y", "-s0", "-etrace=write,fdatasync,vfork,fork,clone,clone3", "-o"])
        .arg(&trace)
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
    assert!(status.success());
    std::fs::read_to_string(&trace).expect("a trace").lines().filter_map(deed).collect()
}

fn deed(line: &str) -> Option<Deed> {
    let (call, result) = line.rsplit_once(" = ")?;
    let number = result.split_whitespace().next()?.parse().ok()?;
    if call.contains("journal.jsonl>") {
        return Some(if call.starts_with("write") { Deed::Wrote(number) } else { Deed::Synced });
    }
    let forks = ["vfork", "fork", "clone"].iter().any(|name| call.starts_with(name));
    forks.then_some(Deed::Started(number as u32))
}

/// The units that whoever reads these facts has to take for begun, on another boot of the machine.
fn may_have_begun(events: &[Event]) -> BTreeSet<String> {
    let (mut begun, mut reserved) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        match &event.kind {
            Kind::Reserved { units } => reserved = units.iter().map(ToString::to_string).collect(),
            Kind::AttemptStarted { unit, .. } => drop(begun.insert(unit.to_string())),
            _ => {}
        }
    }
    begun.union(&reserved).cloned().collect()
}

#[test]
fn a_power_cut_at_any_start_leaves_what_starts_and_the_end_of_all_it_waited_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let deeds = deeds(dir.path());
    let (folder, events) = the_run(dir.path()).expect("a finished run stands on disk");
    let journal = std::fs::read_to_string(folder.join("journal.jsonl")).expect("a journal");
    let (mut written, mut synced, mut started) = (0, 0, 0);
    for deed in deeds {
        match deed {
            Deed::Wrote(bytes) => written += bytes,
            Deed::Synced => synced = written,
            Deed::Started(pid) => {
                let child = |e: &&Event| matches!(&e.kind, Kind::ChildStarted { pid: of, .. } if *of == pid);
                let Some(Kind::ChildStarted { unit, .. }) = events.iter().find(child).map(|e| &e.kind) else {
                    continue;
                };
                let left = &events[..journal[..synced].lines().count()];
                let begun = may_have_begun(left);
                assert!(begun.contains(&unit.to_string()), "{unit} starts, and a power cut would forget it");
                let ends = left.iter().filter(|e| matches!(e.kind, Kind::StepEnded { .. })).count();
                let before = match unit.step.as_str() {
                    "c" => 2,
                    "d" => 3,
                    _ => 0,
                };
                assert!(
                    ends >= before,
                    "{unit} starts, and a power cut would forget the end of what it needs"
                );
                started += 1;
            }
        }
    }
    assert_eq!((started, written), (9, journal.len()));
}
