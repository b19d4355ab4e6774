//! Journals and logs on a real disk.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::base::{Clock, FixedClock, Masker, RunId, StepId, SystemClock};
use crate::event::{Counts, Event, Kind, Outcome, Record, RunOutcome, Stream, Unit};

const PLAN: &[u8] = br#"{"steps":[]}"#;

fn at(seconds: i64) -> Timestamp {
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
    event(seq, Kind::StepEnded { step, outcome: Outcome::Ok, seconds: 0.25, gives: Default::default() })
}

fn ended(seq: u64) -> Event {
    let counts = Counts { ok: 2, ..Counts::default() };
    event(seq, Kind::RunEnded { outcome: RunOutcome::Ok, counts, seconds: 3.5 })
}

struct Bench {
    _dir: tempfile::TempDir,
    state: StateDir,
}

fn bench() -> Bench {
    let dir = tempfile::tempdir().expect("a folder");
    let state = StateDir::new(dir.path().join("state"));
    Bench { _dir: dir, state }
}

impl Bench {
    fn journal(&self, n: u32) -> Journal {
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
        let recovered = recover(&folder).expect("reads");
        let lines = whole[..len].iter().filter(|b| **b == b'\n').count();
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
    assert_eq!(line, 3, "line 2 still parses, but line 3 does not follow it");
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
    let long = Kind::Skipped { step: StepId::new("x"), because: "長".repeat(50_000) };
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

#[test]
fn a_full_disk_under_a_log_is_told() {
    let mut l = logged(setup(SystemClock));
    std::os::unix::fs::symlink("/dev/full", l.log.path()).expect("linked");
    l.log.write(Stream::Out, b"lost\n");
    assert!(l.log.has_failed());
    assert!(l.log.finish().expect_err("told").to_string().contains("the disk is full"));
}

#[test]
fn a_secret_never_reaches_a_log_however_its_output_is_cut() {
    let mut l =
        logged(LogSetup { masker: Masker::new(["hunter2\nsecond line"]), ..setup(FixedClock(at(0))) });
    for byte in b"login hunter2\nsecond line done\nsecond li" {
        l.log.write(Stream::Out, &[*byte]);
    }
    l.log.write(Stream::Err, b"aHVudGVyMgpzZWNvbmQgbGluZQ==");
    l.log.write(Stream::Note, b"with hunter2\n");
    assert_eq!(l.log.last_line().as_deref(), Some("with •••"));
    assert_eq!(
        l.text(),
        "2026-03-01T05:00:00.000+09:00 out login ••• done\n\
         2026-03-01T05:00:00.000+09:00 --- with •••\n\
         2026-03-01T05:00:00.000+09:00 out second li\n\
         2026-03-01T05:00:00.000+09:00 err •••\n"
    );
}

fn setup(clock: impl Clock + 'static) -> LogSetup {
    let zone = TimeZone::get("Asia/Tokyo").expect("a zone");
    LogSetup { masker: Masker::default(), zone, clock: Arc::new(clock), sensitive: false }
}

struct Logged {
    bench: Bench,
    journal: Journal,
    log: StepLog,
}

fn logged(setup: LogSetup) -> Logged {
    let bench = bench();
    let journal = bench.journal(1);
    let unit = Unit::item(StepId::new("restore/swap"), 2);
    let log = journal.log(&unit, 1, setup);
    Logged { bench, journal, log }
}

impl Logged {
    fn text(self) -> String {
        let path = self.log.path().to_path_buf();
        self.log.finish().expect("written");
        drop((self.bench.state.runs(), self.journal));
        fs::read_to_string(path).expect("read")
    }
}

#[test]
fn a_log_line_has_its_time_and_stream_and_streams_never_mix() {
    let mut l = logged(setup(FixedClock(at(0))));
    assert!(l.log.path().ends_with("logs/restore.swap.2.1.log"));
    l.log.write(Stream::Out, b"one\ntw");
    l.log.write(Stream::Err, "警告\nhal".as_bytes());
    l.log.write(Stream::Out, b"o\n\nthree");
    l.log.write(Stream::Note, b"by the engine\n");
    assert_eq!(
        l.text(),
        "2026-03-01T05:00:00.000+09:00 out one\n\
         2026-03-01T05:00:00.000+09:00 err 警告\n\
         2026-03-01T05:00:00.000+09:00 out two\n\
         2026-03-01T05:00:00.000+09:00 out \n\
         2026-03-01T05:00:00.000+09:00 --- by the engine\n\
         2026-03-01T05:00:00.000+09:00 out three\n\
         2026-03-01T05:00:00.000+09:00 err hal\n"
    );
}

#[test]
fn times_go_on_within_and_across_seconds() {
    let mut stamper = super::stamp::Stamper::new(TimeZone::UTC);
    let mut text = |ms: i64| stamper.at(Timestamp::from_millisecond(ms).expect("a time")).to_string();
    assert_eq!(text(999), "1970-01-01T00:00:00.999+00:00");
    assert_eq!(text(1000), "1970-01-01T00:00:01.000+00:00");
    assert_eq!(text(1007), "1970-01-01T00:00:01.007+00:00");
    assert_eq!(text(1007), "1970-01-01T00:00:01.007+00:00");
    assert_eq!(text(-1), "1969-12-31T23:59:59.999+00:00");
}

#[test]
fn a_log_is_opened_at_its_first_line_and_exists_in_the_end() {
    let l = logged(setup(SystemClock));
    let path = l.log.path().to_path_buf();
    assert!(!path.exists());
    assert_eq!(l.text(), "");
    assert!(path.ends_with("restore.swap.2.1.log"));
    let mut l = logged(setup(SystemClock));
    l.log.write(Stream::Out, b"now\n");
    assert!(fs::read_to_string(l.log.path()).expect("there at once").ends_with(" out now\n"));
}

#[test]
fn a_line_without_an_end_is_broken_and_can_be_put_together_again() {
    let mut l = logged(setup(SystemClock));
    let long = "日本".repeat(50_000);
    for piece in long.as_bytes().chunks(1000) {
        l.log.write(Stream::Out, piece);
    }
    l.log.write(Stream::Out, b"\nnext\n");
    let whole = format!("{long}{long}\n");
    l.log.write(Stream::Out, whole.as_bytes());
    let text = l.text();
    assert!(text.lines().all(|line| line.len() <= 64 * 1024 + 34));
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (&line[33..34], lines.last_mut()) {
            ("+", Some(last)) => last.push_str(&line[34..]),
            _ => lines.push(line[34..].to_string()),
        }
    }
    assert!(lines == [long.clone(), "next".to_string(), format!("{long}{long}")]);
}

#[test]
fn bytes_that_are_no_text_reach_the_log() {
    let mut l = logged(setup(SystemClock));
    l.log.write(Stream::Out, b"\xff\xfe\x00\x80\n");
    let path = l.log.path().to_path_buf();
    let Logged { bench, journal, log } = l;
    log.finish().expect("written");
    assert!(fs::read(path).expect("read").ends_with(b" out \xff\xfe\x00\x80\n"));
    drop((bench, journal));
}

#[test]
fn the_last_line_is_fit_for_a_screen() {
    let mut l = logged(setup(SystemClock));
    assert_eq!(l.log.last_line(), None);
    l.log.write(Stream::Out, b"first\nsecond\n\n");
    assert_eq!(l.log.last_line().as_deref(), Some("second"));
    l.log.write(Stream::Out, b"\x1b[31mred\x1b[0m\ttext");
    assert_eq!(l.log.last_line().as_deref(), Some("red text"));
    l.log.write(Stream::Err, b"10%\r20%\r");
    assert_eq!(l.log.last_line().as_deref(), Some("20%"));
}

#[test]
fn a_sensitive_step_logs_only_what_the_engine_says() {
    let mut l = logged(LogSetup { sensitive: true, ..setup(FixedClock(at(0))) });
    l.log.write(Stream::Out, b"secret rows\n");
    l.log.write(Stream::Note, b"noted\n");
    assert_eq!(l.log.last_line().as_deref(), Some("noted"));
    assert_eq!(l.text(), "2026-03-01T05:00:00.000+09:00 --- noted\n");
}

#[test]
fn a_log_that_cannot_be_written_says_so() {
    let mut l = logged(setup(SystemClock));
    fs::remove_dir_all(l.journal.folder().logs()).expect("removed");
    l.log.write(Stream::Out, b"lost\n");
    assert!(l.log.has_failed());
    let error = l.log.finish().expect_err("told").to_string();
    assert!(error.contains("cannot write `") && error.contains("logs/restore.swap.2.1.log"), "{error}");
}
