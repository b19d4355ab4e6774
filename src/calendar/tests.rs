//! Times, changes of the clock, collisions and translations, against what can be counted by hand.

use jiff::civil::{DateTime, date};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::*;

fn times(cron: &str, zone: &str) -> Times {
    let cron = Cron::parse(cron).unwrap_or_else(|| panic!("{cron}"));
    Times { cron, zone: TimeZone::get(zone).expect("a zone") }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn clocks(times: &Times, from: &str, to: &str) -> Vec<String> {
    times
        .between(at(from), at(to))
        .map(|t| t.to_zoned(times.zone.clone()).strftime("%m-%d %H:%M %:z").to_string())
        .collect()
}

#[test]
fn the_nth_weekday_is_that_of_the_month() {
    let sundays =
        clocks(&times("0 6 * * SUN#1", "Asia/Tokyo"), "2026-02-28T00:00:00Z", "2026-05-31T00:00:00Z");
    assert_eq!(sundays, ["03-01 06:00 +09:00", "04-05 06:00 +09:00", "05-03 06:00 +09:00"]);
    let last = clocks(&times("0 6 * * FRI#L", "Asia/Tokyo"), "2026-02-28T00:00:00Z", "2026-04-30T00:00:00Z");
    assert_eq!(last, ["03-27 06:00 +09:00", "04-24 06:00 +09:00"]);
}

#[test]
fn a_time_that_the_clock_leaves_out_comes_when_the_clock_goes_on_and_one_shown_twice_comes_once() {
    let york = |cron| times(cron, "America/New_York");
    let (march, november) =
        (("2026-03-08T00:00:00Z", "2026-03-09T12:00:00Z"), ("2026-11-01T00:00:00Z", "2026-11-02T12:00:00Z"));
    assert_eq!(clocks(&york("30 2 * * *"), march.0, march.1), ["03-08 03:00 -04:00", "03-09 02:30 -04:00"]);
    assert_eq!(
        clocks(&york("15,30 2,3 * * *"), march.0, "2026-03-08T12:00:00Z"),
        ["03-08 03:00 -04:00", "03-08 03:15 -04:00", "03-08 03:30 -04:00"]
    );
    assert_eq!(
        clocks(&york("30 1 * * *"), november.0, november.1),
        ["11-01 01:30 -04:00", "11-02 01:30 -05:00"]
    );
    let every_half = clocks(&york("*/30 * * * *"), "2026-11-01T04:45:00Z", "2026-11-01T07:15:00Z");
    assert_eq!(
        every_half,
        [
            "11-01 01:00 -04:00",
            "11-01 01:30 -04:00",
            "11-01 01:00 -05:00",
            "11-01 01:30 -05:00",
            "11-01 02:00 -05:00"
        ]
    );
    // A clock that goes on by half an hour.
    let howe = times("15 2 * * *", "Australia/Lord_Howe");
    assert_eq!(clocks(&howe, "2026-10-03T12:00:00Z", "2026-10-04T12:00:00Z"), ["10-04 02:30 +11:00"]);
}

#[test]
fn a_change_of_the_clock_is_told_only_where_a_schedule_meets_it() {
    let year = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let told = |cron: &str, zone: &str| -> Vec<(ChangeKind, DateTime)> {
        changes(&times(cron, zone), year.0, year.1).into_iter().map(|c| (c.kind, c.clock)).collect()
    };
    let (gap, fold) = (date(2026, 3, 8).at(2, 30, 0, 0), date(2026, 11, 1).at(1, 30, 0, 0));
    assert_eq!(told("30 2 * * *", "America/New_York"), [(ChangeKind::Gap, gap)]);
    assert_eq!(told("30 1 * * *", "America/New_York"), [(ChangeKind::Fold, fold)]);
    assert_eq!(told("30 2 * * MON", "America/New_York"), []);
    assert_eq!(told("30 * * * *", "America/New_York"), []);
    assert_eq!(told("30 2 * * *", "Asia/Tokyo"), []);
    assert_eq!(
        told("0 2 * * *", "Australia/Lord_Howe"),
        [(ChangeKind::Gap, date(2026, 10, 4).at(2, 0, 0, 0))]
    );
    assert_eq!(
        told("45 1 * * *", "Australia/Lord_Howe"),
        [(ChangeKind::Fold, date(2026, 4, 5).at(1, 45, 0, 0))]
    );
}

/// Every minute of a year, one after another: what the clock shows, and what that means.
fn counted(times: &Times, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let minutes = (0..).map(|n| from + SignedDuration::from_mins(n)).take_while(|at| *at <= to).skip(1);
    let mut found = Vec::new();
    let mut before = times.zone.to_datetime(from);
    for moment in minutes {
        let clock = times.zone.to_datetime(moment);
        let again = match times.zone.to_ambiguous_timestamp(clock).offset() {
            AmbiguousOffset::Fold { after, .. } => times.zone.to_offset(moment) == after,
            _ => false,
        };
        let due = if times.cron.goes_by() {
            times.cron.matches(clock)
        } else {
            // What was left out between the last minute and this one comes now.
            let mut shown = before + SignedDuration::from_mins(1);
            let mut due = times.cron.matches(clock) && !again;
            while shown < clock {
                due |= times.cron.matches(shown);
                shown += SignedDuration::from_mins(1);
            }
            due
        };
        if due {
            found.push(moment);
        }
        before = clock;
    }
    found
}

#[test]
fn the_times_of_a_year_are_those_that_every_minute_of_it_gives() {
    let crons = [
        "0 2 * * *",
        "30 2 * * *",
        "15 1 * * *",
        "*/20 * * * *",
        "5 */3 * * *",
        "30 1-3 * * SUN",
        "0 6 * * SUN#1",
        "59 23 L * *",
        "10 2,14 1-7 * +SUN",
        "45 1 1,15 * MON",
        "0 0 * * FRI#L",
    ];
    let (from, to) = (at("2025-12-31T15:00:00Z"), at("2026-12-31T15:00:00Z"));
    for zone in ["Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"] {
        for cron in crons {
            let times = times(cron, zone);
            let found: Vec<Timestamp> = times.between(from, to).collect();
            assert_eq!(found, counted(&times, from, to), "{cron} in {zone}");
        }
    }
}

#[test]
fn systemd_is_told_the_same_in_its_words() {
    let told = |cron: &str| on_calendar(&times(cron, "Asia/Tokyo"));
    for (cron, lines) in [
        ("0 2 * * *", vec!["*-*-* 02:00:00 Asia/Tokyo"]),
        ("*/15 9-17 * * MON-FRI", vec!["Mon..Fri *-*-* 09..17:00,15,30,45:00 Asia/Tokyo"]),
        ("0 5 * * SUN#1", vec!["Sun *-*-01..07 05:00:00 Asia/Tokyo"]),
        (
            "0 5 * * SUN#1,SUN#3",
            vec!["Sun *-*-01..07 05:00:00 Asia/Tokyo", "Sun *-*-15..21 05:00:00 Asia/Tokyo"],
        ),
        ("0 5 * * 5L", vec!["Fri *-*~07/1 05:00:00 Asia/Tokyo"]),
        ("0 5 L 2,3,4 *", vec!["*-02..04~01 05:00:00 Asia/Tokyo"]),
        ("0 5 1,15 * MON", vec!["*-*-01,15 05:00:00 Asia/Tokyo", "Mon *-*-* 05:00:00 Asia/Tokyo"]),
        ("0 5 1-7 * +SUN,SAT", vec!["Sat,Sun *-*-01..07 05:00:00 Asia/Tokyo"]),
        ("* * * * *", vec!["*-*-* *:*:00 Asia/Tokyo"]),
    ] {
        assert_eq!(
            told(cron).as_deref(),
            Ok(lines.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
            "{cron}"
        );
    }
    for cron in ["0 5 15W * *", "0 5 L * +SUN#2", "0 0 31 2 *"] {
        assert!(told(cron).is_err(), "{cron}");
    }
}

#[test]
fn cron_is_told_the_same_with_a_test_where_it_has_no_words() {
    let told = |cron: &str| {
        cron_line(&Cron::parse(cron).expect("a cron"))
            .map(|line| (line.fields, line.guard.unwrap_or_default()))
    };
    for (cron, fields, guard) in [
        ("0 2 * * *", "0 2 * * *", ""),
        ("*/15 9-17 * jan-mar MON-FRI", "*/15 9-17 * 1-3 1-5", ""),
        ("0 5 * * SUN#1", "0 5 1-7 * *", r#"[ "$(date +\%u)" = 7 ]"#),
        ("0 5 * * SUN#1,SUN#3", "0 5 1-7,15-21 * *", r#"[ "$(date +\%u)" = 7 ]"#),
        (
            "0 5 * * 5L",
            "0 5 22-31 * *",
            r#"[ "$(date +\%u)" = 5 ] && [ "$(date -d '+7 days' +\%m)" != "$(date +\%m)" ]"#,
        ),
        ("0 5 L * *", "0 5 28-31 * *", r#"[ "$(date -d tomorrow +\%d)" = 01 ]"#),
        ("0 5 1-7 * +SUN,SAT", "0 5 1-7 * *", r#"date +\%u | grep -q '[76]'"#),
        ("0 5 */2 * MON", "0 5 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * 1", ""),
    ] {
        assert_eq!(told(cron), Ok((fields.to_string(), guard.to_string())), "{cron}");
    }
    for cron in ["0 5 15W * *", "0 5 * * SUN#1,MON#2", "0 5 1 * SUN#1", "0 5 1,L * *", "0 0 31 2 *"] {
        assert!(told(cron).is_err(), "{cron}");
    }
}

#[test]
fn times_collide_where_they_overlap_and_share_something() {
    let minute = |n: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(n);
    let busy = |schedule, from, length| Busy { schedule, from: minute(from), until: minute(from + length) };
    let times = vec![
        busy(0, 0, 10),
        busy(1, 5, 1),
        busy(2, 5, 0),
        busy(1, 10, 1),
        busy(3, 0, 60),
        busy(3, 30, 60),
        busy(3, 50, 5),
    ];
    let pair = |a, b, first, count| Collision { schedules: (a, b), first: minute(first), count };
    assert_eq!(
        collisions(times, |a, b| a < 2 && b < 3),
        [pair(0, 1, 5, 1), pair(0, 2, 5, 1), pair(1, 2, 5, 1), pair(3, 3, 30, 2)]
    );
    assert_eq!(collisions(vec![busy(0, 0, 0), busy(1, 0, 0)], |_, _| true), [pair(0, 1, 0, 1)]);
    assert_eq!(collisions(vec![busy(0, 0, 5), busy(1, 5, 5)], |_, _| true), []);
}
