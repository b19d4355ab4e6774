//! Questions on a real terminal, answered with real keys.

use std::path::Path;

use crate::pty::{Playing, Stage};

fn asked(scene: &str, lang: &str) -> Playing {
    let logs = Path::new("/");
    Stage { scene, lang, columns: 80, rows: 24, colour: false, pace: 0, logs }.play()
}

fn answered(scene: &str, lang: &str, talk: &[(&str, &str)]) -> String {
    let mut playing = asked(scene, lang);
    for (text, keys) in talk {
        playing.sees(text);
        playing.types(keys);
    }
    let rest = plain(playing);
    rest.lines().rfind(|line| line.contains("ANSWER ")).unwrap_or(&rest).trim().to_string()
}

fn plain(playing: Playing) -> String {
    console::strip_ansi_codes(&playing.rest()).into_owned()
}

/// y and Enter is a yes; Enter alone, n, q and Escape are no.
pub fn only_a_clear_yes_confirms() {
    let yes = r#"ANSWER 佐藤 {"reply":"yes"}"#;
    let no = r#"ANSWER 佐藤 {"reply":"no","because":"said no"}"#;
    for (keys, reply) in [("y\r", yes), ("\r", no), ("n\r", no), ("yn\r", no), ("q\r", no)] {
        assert_eq!(answered("ask_confirm", "en", &[("Go on?", keys)]), reply, "{keys:?}");
    }
    assert_eq!(answered("ask_confirm", "ja", &[("実行しますか", "y\r")]), yes);
}

/// The facts and the very text stand above the question.
pub fn the_text_that_will_run_is_on_the_screen() {
    let mut playing = asked("ask_confirm", "ja");
    for text in
        ["本番を入れ替えますか", "対象", "refnet", "利用者", "実行する内容", "DROP DATABASE", "\\u{1b}"]
    {
        playing.sees(text);
    }
    playing.types("\u{3}");
    playing.sees("interrupted");
}

/// The target has to be typed exactly.
pub fn a_typed_question_takes_only_the_very_text() {
    let yes = r#"ANSWER 佐藤 {"reply":"yes"}"#;
    let no = r#"ANSWER 佐藤 {"reply":"no","because":"not the text asked for"}"#;
    for (keys, reply) in [("本番-1\r", yes), ("本番\r", no), ("y\r", no), ("\r", no)] {
        assert_eq!(answered("ask_typed", "en", &[("Type 本番-1", keys)]), reply, "{keys:?}");
    }
}

/// Two people are two names.
pub fn two_people_agree_under_two_names() {
    let talk = [
        ("1 of 2", "佐藤\r"),
        ("Go on?", "y\r"),
        ("2 of 2", "佐藤\r"),
        ("already", "\u{7f}\u{7f}鈴木\r"),
        ("Go on?", "y\r"),
    ];
    assert_eq!(answered("ask_people", "en", &talk), r#"ANSWER 佐藤, 鈴木 {"reply":"yes"}"#);
    let talk = [("1 of 2", "佐藤\r"), ("Go on?", "y\r"), ("2 of 2", "鈴木\r"), ("Go on?", "n\r")];
    let no = r#"ANSWER 佐藤, 鈴木 {"reply":"no","because":"said no"}"#;
    assert_eq!(answered("ask_people", "en", &talk), no);
}

/// Evidence is typed until it fits.
pub fn a_manual_step_asks_for_its_evidence() {
    const DOWN: &str = "\u{1b}[B";
    let talk = [
        ("not applicable", &*format!("{DOWN}\r")),
        ("red (", "many\r"),
        ("whole number", "\u{7f}\u{7f}\u{7f}\u{7f}0\r"),
        ("Note", "異常なし\r"),
    ];
    let done = r#"{"reply":"manual","answer":"done","evidence":{"red":0},"note":"異常なし"}"#;
    assert_eq!(answered("ask_manual", "en", &talk), format!("ANSWER 佐藤 {done}"));
    let talk = [("対象外", &*format!("{DOWN}{DOWN}{DOWN}\r")), ("メモ", "\r")];
    let off = r#"{"reply":"manual","answer":"not_applicable","evidence":{},"note":null}"#;
    assert_eq!(answered("ask_manual", "ja", &talk), format!("ANSWER 佐藤 {off}"));
}

/// A menu, and why.
pub fn a_decision_is_a_menu_and_a_reason() {
    let talk = [("中止する", "\u{1b}[B\u{1b}[B\r"), ("Reason", "時間切れ\r")];
    let stop = r#"{"reply":"choice","value":"stop","reason":"時間切れ"}"#;
    assert_eq!(answered("ask_decide", "en", &talk), format!("ANSWER 佐藤 {stop}"));
    let no = r#"ANSWER 佐藤 {"reply":"no","because":"said no"}"#;
    assert_eq!(answered("ask_decide", "en", &[("中止する", "\u{1b}")]), no);
}

/// Ctrl-C at any kind of prompt is a no, and the cursor is there again.
pub fn ctrl_c_is_a_no() {
    let no = r#"ANSWER 佐藤 {"reply":"no","because":"interrupted"}"#;
    for (scene, text) in [
        ("ask_confirm", "Go on?"),
        ("ask_typed", "Type"),
        ("ask_manual", "not applicable"),
        ("ask_decide", "中止"),
    ] {
        let mut playing = asked(scene, "en");
        playing.sees(text);
        playing.types("\u{3}");
        let rest = playing.rest();
        assert!(rest.contains(no), "{scene}: {rest}");
        let hidden = rest.rfind("\u{1b}[?25l").unwrap_or(0);
        assert!(rest.rfind("\u{1b}[?25h").is_some_and(|shown| shown > hidden), "{scene}: {rest:?}");
    }
}

/// Keys pressed before the question stood there answer nothing.
pub fn keys_typed_ahead_answer_nothing() {
    let mut playing = asked("ask_late", "en");
    playing.sees("working");
    playing.types("y\r");
    playing.sees("Go on?");
    playing.types("\r");
    playing.sees("said no");
}

/// Two questions at once stand on the screen one after the other, and other work goes on meanwhile.
pub fn one_question_at_a_time_while_work_goes_on() {
    let mut playing = asked("ask_twice", "en");
    playing.sees("Go on?");
    std::thread::sleep(std::time::Duration::from_millis(400));
    playing.types("y\r");
    playing.sees("second");
    playing.sees("Go on?");
    playing.types("n\r");
    let rest = plain(playing);
    assert!(rest.contains(r#"ANSWER 佐藤 {"reply":"yes"}"#), "{rest}");
    assert!(rest.contains(r#"ANSWER 佐藤 {"reply":"no","because":"said no"}"#), "{rest}");
    let worked: u32 =
        rest.lines().find_map(|l| l.trim().strip_prefix("WORKED ")?.parse().ok()).expect("work");
    assert!(worked > 10, "{worked}");
}

/// A question that is given up leaves the terminal as it was found.
pub fn a_question_given_up_restores_the_terminal() {
    let mut playing = asked("ask_given_up", "en");
    playing.sees("MODE same");
}
