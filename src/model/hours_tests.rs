//! Windows at single moments, and against a walk over all their beginnings, in zones whose clocks change.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Blackout, Hours, Moment, Times, Why, Window};
use crate::base::Duration;

fn window(cron: &str, length: &str, blackouts: &[&str]) -> Window {
    let dates = |text: &&str| match text.split_once(" for ") {
        Some((cron, length)) => Blackout {
            cron: Some(cron.into()),
            length: Some(Duration::parse(length).expect("a length")),
            ..Blackout::default()
        },
        None => Blackout { dates: Some(text.to_string()), ..Blackout::default() },
    };
    Window {
        cron: cron.into(),
        length: Duration::parse(length).expect("a length"),
        blackouts: blackouts.iter().map(dates).collect(),
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

/// What a window in a zone is at a moment of that zone.
fn told(window: &Window, zone_name: &str, at: &str) -> String {
    let hours = Hours::of(window, &zone(zone_name)).expect("a window");
    let at: Timestamp = match at.ends_with('Z') {
        true => at.parse().expect("a moment"),
        false => format!("{at}[{zone_name}]").parse::<jiff::Zoned>().expect("a moment").timestamp(),
    };
    let shown = |t: Option<Timestamp>| {
        t.map_or("never".into(), |t| t.to_zoned(zone(zone_name)).strftime("%m-%d %H:%M%:z").to_string())
    };
    match hours.at(at) {
        Moment::Open { until } => format!("open until {}", shown(until)),
        Moment::Closed { why: Why::Hours, opens } => format!("closed, opens {}", shown(opens)),
        Moment::Closed { why: Why::Blackout, opens } => format!("blackout, opens {}", shown(opens)),
    }
}

#[test]
fn a_window_is_open_from_its_beginning_to_just_before_its_end() {
    let night = window("0 3 * * *", "2h", &[]);
    assert_eq!(told(&night, "Asia/Tokyo", "2026-03-01T02:59:59"), "closed, opens 03-01 03:00+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2026-03-01T03:00"), "open until 03-01 05:00+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2026-03-01T04:59:59"), "open until 03-01 05:00+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2026-03-01T05:00"), "closed, opens 03-02 03:00+09:00");
}

#[test]
fn a_window_reaches_over_midnight_and_into_other_days() {
    let weekend = window("0 22 * * FRI", "56h", &[]);
    assert_eq!(told(&weekend, "Asia/Tokyo", "2026-03-08T12:00"), "open until 03-09 06:00+09:00");
    assert_eq!(told(&weekend, "Asia/Tokyo", "2026-03-09T06:00"), "closed, opens 03-13 22:00+09:00");
}

#[test]
fn openings_that_overlap_or_touch_are_one() {
    let always = window("0 * * * *", "1h", &[]);
    assert_eq!(told(&always, "Asia/Tokyo", "2026-03-01T05:30"), "open until never");
    let mornings = window("0 8-11 * * *", "90m", &[]);
    assert_eq!(told(&mornings, "Asia/Tokyo", "2026-03-01T08:10"), "open until 03-01 12:30+09:00");
}

#[test]
fn a_blackout_closes_what_would_be_open_and_days_count_whole() {
    let night = window("0 3 * * *", "2h", &["2026-12-29/2027-01-03"]);
    assert_eq!(told(&night, "Asia/Tokyo", "2026-12-28T04:00"), "open until 12-28 05:00+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2026-12-28T06:00"), "closed, opens 01-04 03:00+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2026-12-29T03:30"), "blackout, opens 01-04 03:00+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2027-01-03T23:00"), "closed, opens 01-04 03:00+09:00");
}

#[test]
fn a_blackout_ends_or_begins_in_the_middle_of_a_window() {
    let night = window("0 22 * * *", "8h", &["2026-12-29T23:00/2026-12-30T01:00", "30 4 * * * for 30m"]);
    assert_eq!(told(&night, "Asia/Tokyo", "2026-12-29T22:30"), "open until 12-29 23:00+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2026-12-29T23:30"), "blackout, opens 12-30 01:00+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2026-12-30T01:00"), "open until 12-30 04:30+09:00");
    assert_eq!(told(&night, "Asia/Tokyo", "2026-12-30T04:45"), "blackout, opens 12-30 05:00+09:00");
}

#[test]
fn a_window_that_never_opens_again_says_so() {
    let always_blacked_out = window("0 3 * * *", "2h", &["0 * * * * for 1h"]);
    assert_eq!(told(&always_blacked_out, "Asia/Tokyo", "2026-03-01T03:30"), "blackout, opens never");
}

#[test]
fn clocks_that_change_do_not_make_a_window_longer_or_lose_it() {
    let night = window("0 1 * * *", "3h", &[]);
    // In Berlin 02:00 becomes 03:00 on 2026-03-29, and 03:00 becomes 02:00 on 2026-10-25.
    assert_eq!(told(&night, "Europe/Berlin", "2026-03-29T01:30"), "open until 03-29 05:00+02:00");
    assert_eq!(told(&night, "Europe/Berlin", "2026-10-25T01:30"), "open until 10-25 03:00+01:00");
    // A beginning in the hour that is left out.
    let lost = window("30 2 * * *", "1h", &[]);
    assert_eq!(told(&lost, "Europe/Berlin", "2026-03-29T00:30"), "closed, opens 03-29 03:00+02:00");
    // A beginning in the hour that comes twice begins once.
    assert_eq!(told(&lost, "Europe/Berlin", "2026-10-25T00:31:00Z"), "open until 10-25 02:30+01:00");
    assert_eq!(told(&lost, "Europe/Berlin", "2026-10-25T01:45:00Z"), "closed, opens 10-26 02:30+01:00");
}

#[test]
fn what_is_no_cron_is_refused() {
    for cron in ["", "99 * * * *", "* * * * * *", "daily"] {
        assert!(Times::of(cron, &TimeZone::UTC).is_err(), "{cron}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// The window as it is asked at once, and as a walk over all its beginnings shows it.
    #[test]
    fn a_window_is_open_just_where_one_of_its_openings_is(
        minutes in 0i64..60 * 24 * 365,
        cron in prop::sample::select(vec!["0 3 * * *", "30 2 * * *", "*/45 1-3 * * *", "0 22 * * FRI", "0 1 1 * *"]),
        length in prop::sample::select(vec![10u64, 60, 150, 3000]),
        name in prop::sample::select(vec!["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    ) {
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a moment");
        let at = begin + SignedDuration::from_mins(minutes);
        let span = SignedDuration::from_mins(length as i64);
        let hours = Hours::of(&window(cron, &format!("{length}m"), &["2026-07-01/2026-07-14"]), &zone(name)).expect("it");
        let black = |t: Timestamp| {
            let date = t.to_zoned(zone(name)).date();
            date.year() == 2026 && date.month() == 7 && date.day() <= 14
        };
        let times = Times::of(cron, &zone(name)).expect("a cron");
        let is_open = |t: Timestamp| {
            let mut from = times.after(t - span);
            let mut open = false;
            while let Some(o) = from.filter(|o| *o <= t) {
                open |= t < o + span;
                from = times.after(o);
            }
            open && !black(t)
        };
        let second = SignedDuration::from_secs(1);
        match hours.at(at) {
            Moment::Open { until } => {
                prop_assert!(is_open(at));
                if let Some(until) = until {
                    prop_assert!(is_open(until - second) && !is_open(until), "{until}");
                }
            }
            Moment::Closed { opens, .. } => {
                prop_assert!(!is_open(at));
                let opens = opens.expect("it opens again");
                prop_assert!(opens > at && is_open(opens) && !is_open(opens - second), "{opens}");
            }
        }
    }
}
