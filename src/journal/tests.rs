//! Journals on a real disk.

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::*;
use crate::base::{RunId, StepId};
use crate::event::{Counts, Event, Kind, Outcome, Record, RunOutcome};

const PLAN: &[u8] = br#"{"steps":[]}"#;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_308_800 + seconds).expect("a time")
}

fn id(n: u32) -> RunId {
    RunId::new(at(i64::from(n)), n.wrapping_mul(0x9E37_79B9))
}

fn event(seq: u64, kind: Kind) -> Event {
    Event { seq, at: at(seq as i64), kind }
}

fn started(run: &RunId) -> Event {
    let kind = Kind::RunStarted {
        run: run.clone(),
        playbook: "quickstart/daily".into(),
        title: "日次メンテナンス".into(),
        environment: None,
        operator: "taro".into(),
        engine: "0.1.0".into(),
        pid: 1,
        boot: "boot".into(),
        jobs: 4,
        steps: 2,
        plan: "hash".into(),
    };
    event(0, kind)
}

fn step(seq: u64) -> Event {
    let step = StepId::new("dump");
    event(
        seq,
        Kind::StepEnded {
            step,
            outcome: Outcome::Ok,
            seconds: 0.25,
            gives: Default::default(),
            withheld: Vec::new(),
        },
    )
}

fn ended(seq: u64) -> Event {
    let counts = Counts { ok: 2, ..Counts::default() };
    event(seq, Kind::RunEnded { outcome: RunOutcome::Ok, counts, seconds: 3.5 })
}

pub(super) struct Bench {
    _dir: tempfile::TempDir,
    pub(super) state: StateDir,
}

pub(super) fn bench() -> Bench {
    let dir = tempfile::tempdir().expect("a folder");
    let state = StateDir::new(dir.path().join("state"));
    Bench { _dir: dir, state }
}

impl Bench {
    pub(super) fn journal(&self, n: u32) -> Journal {
        Journal::create(&self.state, &id(n), PLAN, &started(&id(n))).expect("created")
    }

    fn finished(&self, n: u32) -> RunFolder {
        let mut journal = self.journal(n);
        journal.append(&[step(1), step(2)]).expect("appended");
        journal.append(&[ended(3)]).expect("appended");
        journal.sync().expect("synced");
        let folder = journal.folder().clone();
        journal.close().expect("closed");
        folder
    }
}

#[test]
fn what_was_written_is_read_back() {
    let bench = bench();
    let folder = bench.finished(1);
    assert_eq!(read(&folder).expect("read"), vec![started(&id(1)), step(1), step(2), ended(3)]);
    let text = fs::read_to_string(folder.journal()).expect("text");
    assert_eq!(text.lines().count(), 4);
    assert!(text.contains("日次メンテナンス"), "people can read it: {text}");
    assert_eq!(fs::read(folder.plan()).expect("read"), PLAN);
}

#[test]
fn a_journal_cut_anywhere_reads_as_its_whole_lines() {
    let bench = bench();
    let folder = bench.journal(1).folder().clone();
    let mut journal = bench.journal(2);
    journal.append(&[step(1), step(2)]).expect("appended");
    let whole = fs::read(journal.folder().journal()).expect("read");
    drop(journal);
    fs::remove_dir_all(folder.path()).expect("removed");
    let folder = bench.state.run(&id(2));
    for len in 0..=whole.len() {
        fs::write(folder.journal(), &whole[..len]).expect("cut");
        let lines = whole[..len].iter().filter(|b| **b == b'\n').count();
        let recovered = recover(&folder);
        if lines == 0 {
            // The first fact was on disk before the run appeared.
            assert!(matches!(recovered, Err(JournalError::CutShort { lines: 1, .. })), "cut at {len}");
            continue;
        }
        let recovered = recovered.expect("reads");
        assert_eq!(recovered.events.len(), lines, "cut at {len}");
        let end = whole[..len].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        assert_eq!(recovered.whole, end as u64);
    }
}

#[test]
fn every_changed_byte_is_found_with_its_line() {
    let bench = bench();
    let folder = bench.finished(1);
    let whole = fs::read(folder.journal()).expect("read");
    for i in 0..whole.len() {
        let mut changed = whole.clone();
        changed[i] = if changed[i] == b'7' { b'8' } else { b'7' };
        fs::write(folder.journal(), &changed).expect("written");
        assert!(recover(&folder).is_err(), "byte {i}: {}", String::from_utf8_lossy(&changed));
    }
    fs::write(folder.journal(), String::from_utf8_lossy(&whole).replacen("dump", "pump", 1))
        .expect("written");
    let Err(JournalError::BadLine { line, .. }) = read(&folder) else { panic!("is found") };
    assert_eq!(line, 2, "line 2 still parses, but line 3 does not follow it and is vouched for by line 4");
}

#[test]
fn a_removed_line_and_another_plan_are_found() {
    let bench = bench();
    let folder = bench.finished(1);
    let whole = fs::read_to_string(folder.journal()).expect("read");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    for (kept, line) in [(vec![0, 2, 3], 2), (vec![0, 1, 3], 3), (vec![1, 2, 3], 1)] {
        fs::write(folder.journal(), kept.iter().map(|i| lines[*i]).collect::<String>()).expect("written");
        let error = read(&folder).expect_err("is found").to_string();
        assert!(error.contains(&format!("journal.jsonl:{line}: ")), "{error}");
    }
    fs::write(folder.journal(), lines[..3].concat()).expect("written");
    assert!(matches!(read(&folder), Err(JournalError::CutShort { lines: 4, .. })));
    fs::write(folder.journal(), &whole).expect("written");
    fs::write(folder.plan(), b"{}").expect("written");
    assert!(read(&folder).expect_err("is found").to_string().contains("plan.json"));
}

#[test]
fn a_living_engine_is_known_by_its_lock_alone() {
    let bench = bench();
    let mut journal = bench.journal(1);
    let folder = journal.folder().clone();
    assert_eq!(liveness(&folder).expect("asked"), Liveness::Running);
    assert_eq!(liveness(&folder).expect("asking takes nothing"), Liveness::Running);
    drop(journal);
    assert_eq!(liveness(&folder).expect("asked"), Liveness::Dead);
    journal = bench.journal(2);
    journal.append(&[ended(1)]).expect("appended");
    assert_eq!(liveness(journal.folder()).expect("asked"), Liveness::Finished);
}

#[test]
fn a_run_is_summed_up_from_both_ends() {
    let bench = bench();
    let folder = bench.finished(1);
    let gist = summary(&folder).expect("summed up");
    assert_eq!(
        (gist.run, gist.playbook.as_str(), gist.title.as_str()),
        (id(1), "quickstart/daily", "日次メンテナンス")
    );
    assert_eq!((gist.outcome, gist.liveness), (Some(RunOutcome::Ok), Liveness::Finished));
    assert_eq!((gist.ended, gist.seconds, gist.counts.map(|c| c.ok)), (Some(at(3)), 3.5, Some(2)));

    let mut journal = bench.journal(2);
    let long = Kind::Skipped { step: StepId::new("x"), because: "長".repeat(50_000), left_out: false };
    journal.append(&[step(1), event(2, long)]).expect("appended");
    let gist = summary(journal.folder()).expect("summed up");
    assert_eq!((gist.outcome, gist.liveness, gist.seconds), (None, Liveness::Running, 2.0));
}

#[test]
fn runs_are_listed_and_found() {
    let bench = bench();
    assert_eq!(bench.state.runs().expect("none yet"), vec![]);
    assert!(bench.state.find("last").expect_err("none").to_string().contains("no run yet"));
    for n in [2, 1, 3] {
        bench.finished(n);
    }
    fs::create_dir(bench.state.path().join("runs/.tmp-20260301T000000Z-abcdef")).expect("made");
    fs::write(bench.state.path().join("runs/notes.txt"), "x").expect("written");
    assert_eq!(bench.state.runs().expect("listed"), vec![id(3), id(2), id(1)]);
    assert_eq!(bench.state.find("last").expect("found"), id(3));
    let whole = id(2);
    assert_eq!(bench.state.find(whole.as_str()).expect("found"), whole);
    assert_eq!(bench.state.find(&whole.as_str()[17..]).expect("by its end"), whole);
    let many = bench.state.find(&whole.as_str()[..8]).expect_err("many").to_string();
    assert!(many.contains(whole.as_str()) && many.contains("write more of its id"), "{many}");
    assert!(bench.state.find("nonsense").expect_err("none").to_string().contains("`toban runs`"));
    assert!(bench.state.find("").is_err());
}

#[test]
fn the_state_folder_is_chosen_in_order() {
    let none = |_: &str| None;
    let all = |name: &str| {
        Some(match name {
            "TOBAN_STATE_DIR" => "/env".into(),
            "XDG_STATE_HOME" => "/xdg".into(),
            _ => "/home/taro".into(),
        })
    };
    let home = |name: &str| (name == "HOME").then(|| "/home/taro".into());
    let chosen = |cli: Option<&str>, env: &dyn Fn(&str) -> Option<std::ffi::OsString>, root| {
        StateDir::resolve(cli.map(Path::new), env, root).path().display().to_string()
    };
    assert_eq!(chosen(Some("/cli"), &all, true), "/cli");
    assert_eq!(chosen(None, &all, true), "/env");
    assert_eq!(chosen(None, &home, true), "/var/lib/toban");
    assert_eq!(chosen(None, &home, false), "/home/taro/.local/state/toban");
    assert_eq!(chosen(None, &|n| all(n).filter(|_| n != "TOBAN_STATE_DIR"), false), "/xdg/toban");
    assert_eq!(chosen(None, &none, false), "/var/lib/toban");
}

#[test]
fn a_state_folder_that_cannot_be_written_is_one_clear_error() {
    let bench = bench();
    let file = bench.state.path().with_file_name("file");
    fs::write(&file, "x").expect("written");
    let state = StateDir::new(file.join("state"));
    let error =
        Journal::create(&state, &id(1), PLAN, &started(&id(1))).err().expect("is refused").to_string();
    assert!(error.contains("cannot write `") && error.contains("--state-dir"), "{error}");

    drop(bench.journal(1));
    let again = Journal::create(&bench.state, &id(1), PLAN, &started(&id(1)));
    assert!(again.is_err(), "a run is never overwritten");
    let left: Vec<_> = fs::read_dir(bench.state.path().join("runs")).expect("listed").flatten().collect();
    assert_eq!(left.len(), 1, "nothing unfinished is left: {left:?}");
}

/// Lets every further write to an open file end at a full disk.
fn fill_disk(path: &Path) {
    use std::os::fd::AsRawFd;
    let full = fs::OpenOptions::new().append(true).open("/dev/full").expect("opened");
    let fds = fs::read_dir("/proc/self/fd").expect("listed").flatten();
    let fd = fds
        .filter(|e| fs::read_link(e.path()).is_ok_and(|target| target == path))
        .find_map(|e| e.file_name().to_str()?.parse().ok())
        .expect("the file is open");
    // SAFETY: both descriptors are open; the journal goes on owning its number.
    assert_eq!(unsafe { libc::dup2(full.as_raw_fd(), fd) }, fd);
}

#[test]
fn a_full_disk_stops_the_journal_for_good_and_keeps_what_is_there() {
    let bench = bench();
    let mut journal = bench.journal(1);
    journal.append(&[step(1)]).expect("appended");
    journal.sync().expect("synced");
    let folder = journal.folder().clone();
    fill_disk(&folder.journal());
    let error = journal.append(&[step(2)]).expect_err("is refused").to_string();
    assert!(error.contains("the disk is full; free space there"), "{error}");
    assert!(journal.append(&[step(2)]).is_err() && journal.sync().is_err());
    assert!(journal.close().is_err());
    assert_eq!(read(&folder).expect("read"), vec![started(&id(1)), step(1)]);
}

#[test]
fn ten_thousand_facts_are_written_and_read_in_no_time() {
    let bench = bench();
    let mut journal = bench.journal(1);
    let begin = std::time::Instant::now();
    for seq in 1..10_000 {
        journal.append(&[step(seq)]).expect("appended");
    }
    journal.sync().expect("synced");
    let events = read(journal.folder()).expect("read");
    assert_eq!(events.len(), 10_000);
    assert!(begin.elapsed().as_secs() < 10, "{:?}, even unoptimised", begin.elapsed());
}
