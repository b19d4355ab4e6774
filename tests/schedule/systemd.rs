//! Units as systemd reads them: the real `systemd-analyze` verifies them and counts their times.

use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use toban::calendar::{Cron, Times, on_calendar};

use super::place::Place;
use super::shop;

fn analyze(args: &[&str]) -> String {
    let output = Command::new("systemd-analyze")
        .args(args)
        .env("TZ", "UTC")
        .output()
        .expect("systemd-analyze (package systemd)");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "systemd-analyze {args:?}: {said}");
    said
}

#[test]
fn what_systemd_is_told_comes_at_the_same_times() {
    let from: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a moment");
    for (cron, zone) in [
        ("0 2 * * *", "Asia/Tokyo"),
        ("0 5 * * SUN#1", "Asia/Tokyo"),
        ("0 5 * * SUN#2,WED#4", "Asia/Tokyo"),
        ("30 6 L * *", "America/New_York"),
        ("30 6 * * FRI#L", "Australia/Lord_Howe"),
        ("*/15 9-17 * * MON-FRI", "Asia/Tokyo"),
        ("15 4 1,15 2-4 MON", "UTC"),
        ("0 22 1-7 * +SAT,SUN", "Asia/Tokyo"),
    ] {
        let times =
            Times { cron: Cron::parse(cron).expect("a cron"), zone: TimeZone::get(zone).expect("a zone") };
        let ours: Vec<i64> = times.between(from, Timestamp::MAX).take(20).map(Timestamp::as_second).collect();
        let mut theirs = Vec::new();
        for line in on_calendar(&times).expect("words") {
            let said = analyze(&["calendar", "--iterations=20", "--base-time=@1767225600", &line]);
            theirs.extend(moments(&said));
        }
        theirs.sort_unstable();
        theirs.dedup();
        theirs.truncate(20);
        assert_eq!(theirs, ours, "{cron} in {zone}");
    }
}

/// The moments in what systemd-analyze says: `Next elapse: Thu 2026-01-01 17:00:00 UTC`.
fn moments(said: &str) -> Vec<i64> {
    let moment = |line: &str| {
        let text = line.split(": ").nth(1)?.trim().strip_suffix(" UTC")?;
        let clock = jiff::civil::DateTime::strptime("%a %Y-%m-%d %H:%M:%S", text).ok()?;
        Some(clock.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
    };
    said.lines().filter_map(moment).collect()
}

fn install(place: &Place, more: &[&str]) -> super::place::Said {
    place.toban(&[&["schedule", "install", "--systemd", "--unit-dir", "units"], more].concat())
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|all| all.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn units_are_shown_asked_about_written_once_and_removed_again() {
    let place = shop();
    let shown = install(&place, &["--dry-run"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.out.contains("+OnCalendar=Sun *-*-01..07 05:00:00 Asia/Tokyo"), "{}", shown.out);
    assert!(
        shown.out.contains("+Persistent=true") && shown.out.contains("+Persistent=false"),
        "{}",
        shown.out
    );
    assert!(!place.at("units").exists(), "nothing is written");
    let unasked = install(&place, &[]);
    assert_eq!(unasked.code, 3, "{unasked:?}");
    assert!(unasked.err.contains("--yes") && !place.at("units").exists());
    let done = install(&place, &["--yes"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.err.contains("overlap: wait"), "what is not kept is said: {}", done.err);
    let units = place.at("units");
    let names = files(&units);
    let expected = [
        "timers.target.wants",
        "toban-shop-daily.service",
        "toban-shop-daily.timer",
        "toban-shop-monthly.2.service",
        "toban-shop-monthly.2.timer",
        "toban-shop-monthly.service",
        "toban-shop-monthly.timer",
    ];
    assert_eq!(names, expected);
    for name in &names[1..] {
        analyze(&["verify", "--man=no", &units.join(name).display().to_string()]);
    }
    let again = install(&place, &["--yes"]);
    assert_eq!((again.code, again.out.contains("nothing to change")), (0, true), "{again:?}");
    std::fs::write(units.join("toban-other.timer"), "[Timer]\n").expect("written");
    std::fs::remove_file(place.at("playbooks/shop/monthly.yaml")).expect("removed");
    assert_eq!(install(&place, &["--yes"]).code, 0);
    assert_eq!(
        files(&units),
        ["timers.target.wants", "toban-other.timer", "toban-shop-daily.service", "toban-shop-daily.timer"]
    );
    assert_eq!(install(&place, &["--uninstall", "--yes"]).code, 0);
    assert_eq!(files(&units), ["timers.target.wants", "toban-other.timer"]);
    assert_eq!(files(&units.join("timers.target.wants")), Vec::<String>::new());
}

#[test]
fn a_unit_that_is_somebody_elses_is_left_alone_and_what_cannot_be_said_is_refused() {
    let place = shop();
    place.file("units/toban-shop-daily.timer", "[Timer]\nOnCalendar=daily\n");
    let said = install(&place, &["--yes"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("toban-shop-daily.timer"), "{}", said.err);
    assert_eq!(files(&place.at("units")), ["toban-shop-daily.timer"]);
    let place = Place::new();
    place.file(
        "playbooks/a/b.yaml",
        "title: t\nschedule: ['0 5 15W * *']\nsteps: [{ id: a, shell: 'true' }]\n",
    );
    let said = install(&place, &["--yes"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("15W"), "{}", said.err);
    place.file("playbooks/a/wrong.yaml", "title: t\n");
    assert_eq!(install(&place, &["--yes"]).code, 2, "what may have a schedule is not passed over");
}

#[test]
fn the_command_of_a_unit_runs_the_playbook_with_its_inputs_as_they_are() {
    let place = Place::new();
    let text = "title: t\ninputs: { who: { type: string } }\nschedule: [{ cron: '0 5 * * *', inputs: { who: \"a 'b' \\\"c\\\" $HOME %h \\\\ 日本\" } }]\nsteps: [{ id: a, shell: 'printf %s {{ inputs.who }} > said' }]\n";
    place.file("playbooks/a/b.yaml", text);
    assert_eq!(install(&place, &["--yes"]).code, 0);
    let unit = place.text("units/toban-a-b.service");
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    assert!(command.contains(r#""who=a 'b' \"c\" $$HOME %%h \\ 日本""#), "{command}");
    analyze(&["verify", "--man=no", &place.at("units/toban-a-b.service").display().to_string()]);
}
