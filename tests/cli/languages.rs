//! Texts that stand in a playbook in both languages: the reader's is shown, and a plan keeps the one it was made in.

use crate::place::{Place, until};
use crate::terminal::Screen;

const SYSTEM: &str = "title: { ja: 店, en: The shop }\ndefault_environment: lab\nenvironments: { lab: {} }\n";

const PLAYBOOK: &str = "\
title: { ja: 棚卸し, en: Stocktaking }
description: { en: Counts what is there. }
inputs:
  days: { type: integer, default: 7, description: { ja: 日数, en: How many days } }
steps:
  - id: count
    title: { ja: '{{ inputs.days }} 日分を数える', en: 'Count {{ inputs.days }} days' }
    shell: echo x >> count; exit $(test -e wrong && echo 3 || echo 0)
    ok_codes: [0, 3]
    expect: { that: exit_code == 0, message: { ja: '数が {{ inputs.days }} 日分ない', en: 'less than {{ inputs.days }} days' } }
    undo: { shell: rm count }
  - id: write
    title: 書く
    effect: destroy
    confirm: { ja: 書きますか, en: 'Write it down?' }
    shell: echo x >> written
  - id: how
    decide: { question: { ja: どうしますか, en: 'What now?' }, choices: { go: { ja: 進む, en: Go on }, stop: 止める } }
  - id: look
    manual: { ja: 棚を見る, en: Look at the shelf }
  - id: delete
    effect: destroy
    shell: echo gone
checklist:
  - { item: { ja: 数えた, en: Counted }, from: count }
";

const ANSWERS: [&str; 8] =
    ["--confirm", "write", "--choose", "how=go", "--answer", "look=done", "--confirm", "delete"];

fn place() -> Place {
    let place = Place::new();
    place.file("playbooks/shop/system.yaml", SYSTEM);
    place.file("playbooks/shop/stock.yaml", PLAYBOOK);
    place
}

#[test]
fn what_is_listed_shown_and_planned_is_in_the_language_of_the_reader() {
    let place = place();
    let pairs = [
        (&["list"][..], &["棚卸し"][..], &["Stocktaking"][..]),
        (&["show", "shop/stock"], &["棚卸し", "日数"], &["Stocktaking", "How many days"]),
        (
            &["plan", "shop/stock"],
            &[
                "棚卸し",
                "7 日分を数える",
                "書きますか",
                "どうしますか",
                "進む",
                "棚を見る",
                "数えた",
                "日分ない",
            ],
            &[
                "Stocktaking",
                "Count 7 days",
                "Write it down?",
                "What now?",
                "Go on",
                "Look at the shelf",
                "Counted",
                "less than {{ inputs.days }} days",
            ],
        ),
    ];
    for (args, ja, en) in pairs {
        let in_lang = |lang: &str| place.toban(&[args, &["--lang", lang]].concat()).out;
        let (japanese, english) = (in_lang("ja"), in_lang("en"));
        for (one, other) in ja.iter().zip(en) {
            assert!(japanese.contains(one) && !japanese.contains(other), "{one}: {japanese}");
            assert!(english.contains(other) && !english.contains(one), "{other}: {english}");
        }
    }
    // The one there is stands for the one that is missing.
    let shown = place.toban(&["show", "shop/stock", "--lang", "ja"]).out;
    assert!(shown.contains("Counts what is there."), "{shown}");
    assert!(place.toban(&["plan", "shop/stock", "--lang", "en"]).out.contains("書く"));
}

#[test]
fn a_run_asks_and_fails_in_the_language_of_its_operator() {
    let place = place();
    let mut screen = Screen::of(&place, &["run", "shop/stock", "--lang", "en"]);
    screen.sees("Write it down?");
    screen.types("y\r");
    screen.sees("What now?");
    screen.sees("Go on");
    screen.types("\u{3}");
    let (text, code) = screen.ends();
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("Count 7 days") && !text.contains("日分"), "{text}");
    place.file("playbooks/shop/wrong", "");
    for (lang, words) in [("ja", "数が 7 日分ない"), ("en", "less than 7 days")] {
        let run = place.toban(&[&["run", "shop/stock", "--lang", lang][..], &ANSWERS].concat());
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.out.contains(words), "{run:?}");
    }
    let report = place.toban(&["report", "last"]).out;
    assert!(report.contains("Stocktaking") && report.contains("Counted"), "{report}");
}

#[test]
fn a_saved_plan_is_run_and_compared_in_the_language_it_was_made_in() {
    for (made, by) in [("ja", "en"), ("en", "ja")] {
        let place = place();
        let saved = place.toban(&["plan", "shop/stock", "-o", "p.plan", "--lang", made]);
        assert_eq!(saved.code, 0, "{saved:?}");
        let shown = place.toban(&["show", "p.plan", "--lang", by]);
        let title = if made == "ja" { "棚卸し" } else { "Stocktaking" };
        assert!(shown.out.contains(title), "{shown:?}");
        let same = place.toban(&["diff", "p.plan", "shop/stock", "--lang", by]);
        assert_eq!(same.code, 0, "{same:?}");
        let run = place.toban(&[&["run", "p.plan", "--lang", by][..], &ANSWERS].concat());
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains(title), "{run:?}");
        let same = place.toban(&["diff", "shop/stock", "--against", "last", "--lang", by]);
        assert_eq!(same.code, 0, "{same:?}");
    }
}

#[test]
fn another_operator_goes_on_with_a_run_in_the_language_it_was_begun_in() {
    let place = place();
    place.file(
        "playbooks/shop/slow.yaml",
        "title: { ja: 遅い, en: Slow }\nsteps:\n  - { id: slow, title: { ja: 待つ, en: Wait }, after_crash: rerun, shell: 'echo x >> slow.count; sleep 0.5' }\n  - { id: last, title: { ja: 最後, en: The last }, shell: echo x >> last.count }\n",
    );
    let mut engine = place.command();
    let mut engine = engine.args(["run", "shop/slow", "--lang", "ja"]).spawn().expect("toban starts");
    until("the step", || place.lines("playbooks/shop/slow.count") == 1);
    engine.kill().expect("killed");
    engine.wait().expect("ended");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let resumed = place.toban(&["resume", "last", "--lang", "en"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert!(resumed.out.contains("最後") && !resumed.out.contains("The last"), "{resumed:?}");
    assert_eq!(place.lines("playbooks/shop/last.count"), 1);
}
