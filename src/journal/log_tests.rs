//! Logs on a real disk.

use std::fs;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::tests::{Bench, at, bench};
use super::*;
use crate::base::{Clock, FixedClock, Masker, StepId, SystemClock};
use crate::event::{Stream, Unit};

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

#[test]
fn a_full_disk_under_a_log_is_told() {
    let mut l = logged(setup(SystemClock));
    std::os::unix::fs::symlink("/dev/full", l.log.path()).expect("linked");
    l.log.write(Stream::Out, b"lost\n");
    assert!(l.log.has_failed());
    assert!(l.log.finish().expect_err("told").to_string().contains("the disk is full"));
}

#[test]
fn a_loud_step_is_logged_whole_in_bounded_memory() {
    // Alone in a process of its own: the memory of other tests is not that of the log.
    const ALONE: &str = "TOBAN_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let name = "journal::log_tests::a_loud_step_is_logged_whole_in_bounded_memory";
        let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
        let ended = child.args(["--exact", name]).env(ALONE, "1").output().expect("it starts");
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let peak = || {
        let status = fs::read_to_string("/proc/self/status").expect("status");
        let line = status.lines().find(|l| l.starts_with("VmHWM")).expect("a peak").to_string();
        line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number")
    };
    let mut l = logged(setup(FixedClock(at(0))));
    let chunk = "a line of sixty-four characters, its end included, again and ag\n".repeat(1024);
    let before = peak();
    for n in 0..1000 {
        // Cut at another place each time.
        let (a, b) = chunk.split_at(n * 61 % chunk.len());
        l.log.write(Stream::Out, a.as_bytes());
        l.log.write(Stream::Out, b.as_bytes());
    }
    let path = l.log.path().to_path_buf();
    l.log.finish().expect("written");
    assert_eq!(path.metadata().expect("found").len(), 1_024_000 * (64 + 34));
    let grown = peak().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB");
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
         2026-03-01T05:00:00.000+09:00 out •••\n\
         2026-03-01T05:00:00.000+09:00 err •••\n"
    );
}
