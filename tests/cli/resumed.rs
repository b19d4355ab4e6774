//! The questions of `resume` on a real pseudo-terminal, in both languages: what is known of an unknown step, and what
//! becomes of it.

use toban::event::{Kind, Resolution};

use crate::place::{Place, until};
use crate::terminal::Screen;

const STEPS: &str = "title: 再開
steps:
  - { id: slow, title: 遅いステップ, shell: 'echo x >> slow.count; sleep 0.4; echo gave' }
  - { id: last, shell: 'echo {{ steps.slow.stdout }} >> last.text' }
";

/// A run whose engine died while `slow` was under way, and whose process is gone.
fn killed() -> Place {
    let place = Place::new();
    place.file("play.yaml", STEPS);
    kill_while_slow(&place, &["play.yaml"]);
    place
}

/// Runs it until its first step has a process, kills the engine, and waits until that process is gone.
fn kill_while_slow(place: &Place, what: &[&str]) {
    let mut engine = place.command();
    engine.args([&["run", "--progress", "quiet"], what].concat());
    let mut engine = engine.spawn().expect("toban starts");
    let attempted = || {
        let runs = std::fs::read_dir(place.at("state/runs")).into_iter().flatten().flatten();
        let begun = runs.filter(|run| !run.file_name().to_string_lossy().starts_with('.')).count();
        begun > 0 && place.facts().iter().any(|e| matches!(e.kind, Kind::ChildStarted { .. }))
    };
    until("the step", attempted);
    engine.kill().expect("killed");
    engine.wait().expect("ended");
    std::thread::sleep(std::time::Duration::from_millis(700));
}

fn resolutions(place: &Place) -> Vec<(Resolution, Option<String>)> {
    let resolved = |e: toban::event::Event| match e.kind {
        Kind::Resolved { how, reason, by, .. } => {
            assert_eq!(by, "佐藤");
            Some((how, reason))
        }
        _ => None,
    };
    place.facts().into_iter().filter_map(resolved).collect()
}

#[test]
fn what_is_known_is_shown_in_japanese_and_the_step_is_run_again() {
    let place = killed();
    let mut screen = Screen::of(&place, &["resume", "last"]);
    screen.sees("slow");
    screen.sees("不明");
    screen.sees("終わりの記録がありません");
    screen.sees("もうありません");
    screen.sees("どうしますか");
    screen.sees("もう一度実行する");
    screen.types("\u{1b}[B\u{1b}[B\u{1b}[B\u{1b}[B\r");
    screen.sees("理由");
    screen.types("\r");
    let (text, code) = screen.ends();
    assert_eq!(code, 0, "{text}");
    assert_eq!((place.lines("slow.count"), place.text("last.text").as_str()), (2, "gave\n"));
    assert_eq!(resolutions(&place), [(Resolution::Rerun, None)]);
}

#[test]
fn a_step_done_by_hand_is_asked_for_its_reason_and_what_it_gives() {
    let place = killed();
    let mut screen = Screen::of(&place, &["resume", "last", "--lang", "en"]);
    screen.sees("has no end on record");
    screen.sees("is gone");
    screen.sees("later steps need: stdout");
    screen.sees("What becomes of it?");
    screen.sees("it was done, or I did it by hand");
    screen.types("\u{1b}[B\u{1b}[B\r");
    screen.sees("Reason");
    screen.types("\r");
    screen.sees("a reason is needed");
    screen.sees("it was done, or I did it by hand");
    screen.types("\u{1b}[B\u{1b}[B\r");
    screen.sees("Reason");
    screen.types("seen in the database\r");
    screen.sees("Later steps need what this one gives");
    screen.sees("How is it?");
    screen.types("\u{1b}[B\r");
    screen.sees("stdout");
    screen.types("by hand\r");
    screen.sees("Note");
    screen.types("\r");
    let (text, code) = screen.ends();
    assert_eq!(code, 0, "{text}");
    assert_eq!((place.lines("slow.count"), place.text("last.text").as_str()), (1, "by hand\n"));
    assert_eq!(resolutions(&place), [(Resolution::ByHand, Some("seen in the database".into()))]);
}

#[test]
fn a_step_is_skipped_with_a_reason() {
    let place = killed();
    let steps = place.text("play.yaml");
    assert!(steps.contains("steps.slow.stdout"));
    let mut screen = Screen::of(&place, &["resume", "last"]);
    screen.sees("スキップする");
    screen.types("\u{1b}[B\u{1b}[B\u{1b}[B\r");
    screen.sees("理由");
    screen.types("不要になった\r");
    let (text, code) = screen.ends();
    // What it would have given is missing to the next.
    assert_eq!(code, 1, "{text}");
    assert_eq!((place.lines("slow.count"), place.lines("last.text")), (1, 0));
    assert_eq!(resolutions(&place), [(Resolution::Skip, Some("不要になった".into()))]);
}

#[test]
fn a_run_that_is_left_as_it_is_and_the_end_of_input_write_nothing() {
    let place = killed();
    let facts = place.facts().len();
    for keys in ["\u{1b}[B\r\r", "\u{4}"] {
        let mut screen = Screen::of(&place, &["resume", "last"]);
        screen.sees("もう一度実行する");
        if keys == "\u{4}" {
            // The terminal is gone while the question is open.
            drop(screen);
            std::thread::sleep(std::time::Duration::from_millis(500));
            continue;
        }
        screen.types(keys);
        let (text, code) = screen.ends();
        assert_eq!(code, 4, "{text}");
        assert!(text.contains("--rerun slow"), "{text}");
    }
    assert_eq!((place.facts().len(), place.lines("slow.count")), (facts, 1));
    let said = place.toban(&["resume", "last"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.starts_with("slow  "), "{said:?}");
}

#[test]
fn a_saved_plan_that_goes_on_after_a_crash_is_still_done_as_it_was_planned() {
    for (data, code, used) in [("planned\n", 0, "planned\n"), ("other\n", 3, "")] {
        let place = Place::new();
        place.file("data.txt", "planned\n");
        place.file(
            "play.yaml",
            "title: t
steps:
  - { id: slow, after_crash: rerun, shell: 'echo x >> slow.count; sleep 0.4' }
  - { id: use, stdin: { file: data.txt }, shell: cat >> used }
",
        );
        assert_eq!(place.toban(&["plan", "play.yaml", "-o", "p.plan"]).code, 0);
        kill_while_slow(&place, &["p.plan"]);
        place.file("data.txt", data);
        let said = place.toban(&["resume", "last", "--progress", "plain"]);
        assert_eq!((said.code, place.text("used").as_str()), (code, used), "{said:?}");
        assert_eq!(said.out.contains("the saved plan says otherwise"), code == 3, "{said:?}");
    }
}

#[test]
fn what_was_left_out_stays_so_when_the_run_goes_on() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t
steps:
  - { id: before, shell: echo before >> done }
  - { id: slow, after_crash: rerun, shell: 'echo x >> slow.count; sleep 0.4' }
  - { id: between, shell: echo between >> done }
  - { id: after, shell: echo after >> done }
",
    );
    kill_while_slow(&place, &["play.yaml", "--only", "slow", "--only", "after"]);
    let said = place.toban(&["resume", "last", "--progress", "plain"]);
    assert_eq!((said.code, place.text("done").as_str()), (0, "after\n"), "{said:?}");
    assert_eq!(place.ends(), "after=ok before=skipped between=skipped slow=ok");
}
