//! Windows: a run begins inside, is refused outside, and is let in with a reason.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use toban::event::Kind;

use crate::place::Place;

/// A playbook whose window began so many hours ago and is open for so many.
fn window(place: &Place, hours_ago: i64, length: &str, more: &str) {
    let begin = (Timestamp::now() - SignedDuration::from_hours(hours_ago)).to_zoned(TimeZone::UTC);
    let cron = format!("{} {} * * *", begin.minute(), begin.hour());
    let system =
        format!("title: s\ntimezone: UTC\nwindows:\n  night: {{ cron: '{cron}', for: {length}{more} }}\n");
    place.file("system.yaml", &system);
    place.file(
        "play.yaml",
        "title: t\nwindow: night\nsteps:\n  - { id: a, shell: echo x >> count; sleep 0.2 }\n",
    );
}

#[test]
fn a_run_begins_inside_its_window() {
    let place = Place::new();
    window(&place, 1, "2h", "");
    let plan = place.toban(&["plan", "play.yaml"]);
    assert!(plan.out.contains("now: window night is open until"), "{plan:?}");
    let run = place.toban(&["run", "play.yaml"]);
    assert_eq!((run.code, place.lines("count")), (0, 1), "{run:?}");
}

#[test]
fn a_run_is_refused_outside_its_window_and_told_when_it_opens() {
    let place = Place::new();
    window(&place, 3, "2h", "");
    let run = place.toban(&["run", "play.yaml"]);
    assert_eq!((run.code, place.lines("count")), (3, 0), "{run:?}");
    let opens = Timestamp::now() + SignedDuration::from_hours(21);
    let opens = opens.to_zoned(TimeZone::UTC).strftime("it opens %Y-%m-%d %H:").to_string();
    assert!(run.err.contains("the window night is closed") && run.err.contains(&opens), "{run:?}");
    assert!(run.err.contains("--outside-window --reason"), "{run:?}");
    assert!(!place.at("state/runs").exists(), "no run was begun");
    let plan = place.toban(&["plan", "play.yaml"]);
    assert!(plan.out.contains("now: window night is closed; it opens"), "{plan:?}");
    place.toban(&["plan", "play.yaml", "-o", "s.plan"]);
    let shown = place.toban(&["show", "s.plan"]);
    assert!(shown.out.contains("now: window night is closed; it opens"), "{shown:?}");
    let japanese = place.toban(&["--lang", "ja", "run", "play.yaml"]);
    assert!(japanese.err.contains("時間帯 night の外です。次に開くのは"), "{japanese:?}");
}

#[test]
fn a_person_lets_a_run_in_with_a_reason_that_is_recorded() {
    let place = Place::new();
    window(&place, 3, "2h", "");
    let without = place.toban(&["run", "play.yaml", "--outside-window"]);
    assert_eq!(without.code, 2, "{without:?}");
    let run =
        place.toban(&["run", "play.yaml", "--outside-window", "--reason", "障害対応", "--progress", "plain"]);
    assert_eq!((run.code, place.lines("count")), (0, 1), "{run:?}");
    assert!(run.out.contains("障害対応"), "{run:?}");
    let said = place.facts().into_iter().find_map(|e| match e.kind {
        Kind::OutsideWindow { window, opens: Some(_), reason, by } => Some((window, reason, by)),
        _ => None,
    });
    assert_eq!(said, Some(("night".into(), "障害対応".into(), "佐藤".into())));
    assert!(place.toban(&["report", "last"]).out.contains("障害対応"));
}

#[test]
fn a_blackout_closes_an_open_window() {
    let place = Place::new();
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let next = today.tomorrow().expect("a day");
    window(&place, 1, "2h", &format!(", blackouts: [{}/{next}]", today.yesterday().expect("a day")));
    let run = place.toban(&["run", "play.yaml"]);
    assert_eq!((run.code, place.lines("count")), (3, 0), "{run:?}");
    assert!(run.err.contains("closed by a blackout"), "{run:?}");
}

#[test]
fn a_plan_says_whether_a_run_would_end_inside_as_far_as_the_last_runs_tell() {
    let place = Place::new();
    window(&place, 1, "2h", "");
    let told = || {
        let plan = place.toban(&["plan", "play.yaml", "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&plan.out).expect("JSON")["now"][0].clone()
    };
    assert_eq!((told()["open"].clone(), told()["fits"].clone()), (true.into(), serde_json::Value::Null));
    assert_eq!(place.toban(&["run", "play.yaml"]).code, 0);
    assert_eq!(told()["fits"], true);
    let again = place.toban(&["run", "play.yaml"]);
    assert!(!again.err.contains("warning"), "{again:?}");
}

#[test]
fn what_is_wrong_with_a_window_or_a_lock_is_told_at_its_place() {
    let place = Place::new();
    window(&place, 1, "2h", "");
    place.file("play.yaml", "title: t\nwindow: nigth\nlocks: [a/b, db, db, { name: x, busy: fail, limit: 3s }]\nsteps:\n  - { id: a, shell: 'true' }\n");
    let check = place.toban(&["check", "play.yaml"]);
    assert_eq!(check.code, 2);
    for word in [
        "there is no window `nigth`",
        "did you mean `night`?",
        "`a/b` cannot be the name of a lock",
        "`db` is named twice",
        "`busy` says not to",
    ] {
        assert!(check.err.contains(word) || check.out.contains(word), "{word}: {check:?}");
    }
}
