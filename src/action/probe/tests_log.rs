//! Lines counted in real logs: of files, of the journal's own tool.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::json;

use super::log_count::{Counter, Lines};
use super::log_time::TimeFinder;
use super::tests::{probe, read};
use crate::action::trial::Trial;

#[tokio::test]
async fn matching_lines_are_counted_with_their_levels_and_the_last_are_given() {
    let trial = Trial::new();
    let mut log =
        String::from("INFO 起動\r\nERROR 接続失敗\nWARN slow error\nTraceback\nCRITICAL error: 終了");
    let found = |log: &str| trial.file("app.log", log);
    found(&log);
    let gives = read(&trial, "log: {file: app.log, pattern: '(?i)error|失敗'}").await.gives;
    assert_eq!((&gives["count"], &gives["scanned"]), (&json!(3), &json!(5)));
    assert_eq!(gives["lines"], json!(["ERROR 接続失敗", "WARN slow error", "CRITICAL error: 終了"]));
    let levels = json!({"critical": 1, "error": 1, "warning": 1, "info": 0, "debug": 0, "other": 0});
    assert_eq!(gives["by_level"], levels);
    log.push_str(&"\nerror again".repeat(500));
    found(&log);
    let many = read(&trial, "log: {file: app.log, pattern: error}").await.gives;
    assert_eq!((&many["count"], many["lines"].as_array().map(Vec::len)), (&json!(502), Some(100)));
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let trial = Trial::new();
    trial.file("a.log", "x\n");
    for (step, word) in [
        ("log: {file: none.log, pattern: x}", "cannot read"),
        ("log: {file: ., pattern: x}", "not a regular file"),
        ("log: {file: a.log, pattern: '(x'}", "not a regular expression"),
        ("log: {file: a.log, pattern: x, since: 1h}", "time_format"),
        ("log: {file: a.log, pattern: x, since: 1h, time_format: '%Y-%m-%d %H:%M:%S'}", "no line has a time"),
        ("log: {file: a.log, pattern: x, since: 1h, time_format: 'at %H'}", "not a form of time"),
        ("log: {file: a.log, pattern: x, since: 1h, time_format: '%Q'}", "not a form of time"),
        ("log: {pattern: x}", "exactly one"),
    ] {
        let said = probe(&trial, step).await.expect_err("a failure").to_string();
        assert!(said.contains(word), "{step}: {said}");
    }
}

#[tokio::test]
async fn only_recent_lines_count_and_a_line_without_a_time_belongs_to_the_one_above() {
    let mut trial = Trial::new();
    trial.system.timezone = Some("Asia/Tokyo".into());
    let zone = TimeZone::get("Asia/Tokyo").expect("a zone");
    let now = Timestamp::now().to_zoned(zone);
    let at = |hours: i64, format: &str| now.saturating_sub(hours.hours()).strftime(format).to_string();
    for (format, line) in [
        ("%Y-%m-%d %H:%M:%S", "{} [7] ERROR x\n"),
        ("%d/%b/%Y:%H:%M:%S %z", "127.0.0.1 - - [{}] \"GET / HTTP/1.1\" ERROR\n"),
        ("%b %d %H:%M:%S", "{} host app[1]: ERROR\n"),
        ("%Y-%m-%dT%H:%M:%S%.f", "level=ERROR ts={} x\n"),
    ] {
        let mut log = String::from("ERROR before any time\n");
        for hours in [30, 20, 2, 1] {
            log.push_str(&line.replace("{}", &at(hours, format)));
            log.push_str("  ERROR of the trace\n");
        }
        trial.file("app.log", log);
        let step = format!("log: {{file: app.log, pattern: ERROR, since: 12h, time_format: '{format}'}}");
        let gives = read(&trial, &step).await.gives;
        assert_eq!((&gives["count"], &gives["scanned"]), (&json!(4), &json!(4)), "{format}");
    }
}

#[test]
fn a_time_without_a_year_around_new_year_is_last_years() {
    let now: Timestamp = "2026-01-01T00:30:00Z".parse().expect("a time");
    let mut finder = TimeFinder::new("%b %d %H:%M:%S", TimeZone::UTC, now).expect("a finder");
    let found = finder.find("Dec 31 23:59:00 host app: x").expect("a time");
    assert_eq!(found.to_string(), "2025-12-31T23:59:00Z");
}

proptest! {
    #[test]
    fn lines_are_the_same_however_the_bytes_are_cut(
        lines in prop::collection::vec("[a-zé日\r]{0,12}", 0..20), cut in 1usize..9,
    ) {
        let text = lines.join("\n");
        let mut whole = Counter::new(".*", None).expect("a pattern");
        text.split_terminator('\n').for_each(|line| whole.line(line.as_bytes()));
        let mut cut_up = Counter::new(".*", None).expect("a pattern");
        let mut held = Lines::default();
        text.as_bytes().chunks(cut).for_each(|piece| held.push(piece, &mut cut_up));
        held.finish(&mut cut_up);
        prop_assert_eq!(whole.gives(), cut_up.gives());
    }
}

#[tokio::test]
async fn a_line_without_end_is_held_within_bounds() {
    let trial = Trial::new();
    trial.file("a.log", [&b"x".repeat(5_000_000)[..], b"\nshort x\n\xff\xfe x\n"].concat());
    let gives = read(&trial, "log: {file: a.log, pattern: x}").await.gives;
    assert_eq!(gives["count"], 3);
    assert_eq!(gives["lines"][0].as_str().map(str::len), Some(2000));
}

#[tokio::test]
async fn the_journal_is_read_by_its_own_tool() {
    let found = std::process::Command::new("journalctl").arg("--version").output();
    assert!(found.is_ok_and(|o| o.status.success()), "journalctl is needed: apt install systemd");
    let trial = Trial::new();
    let gives = read(&trial, "log: {journal: no-such-unit.service, pattern: x, since: 1h}").await.gives;
    assert_eq!((&gives["count"], &gives["scanned"]), (&json!(0), &json!(0)));
}
