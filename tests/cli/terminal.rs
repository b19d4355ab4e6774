//! Runs on a real pseudo-terminal, answered by keys, in both languages.

use std::io::Read;
use std::time::{Duration, Instant};

use expectrl::process::unix::UnixProcess;
use expectrl::session::OsStream;
use expectrl::{Expect, Session};
use toban::event::{Kind, Reply};

use crate::place::{PATIENCE, Place};

/// A run on a terminal.
pub struct Screen(Session<UnixProcess, OsStream>);

impl Screen {
    pub fn of(place: &Place, args: &[&str]) -> Screen {
        let mut command = place.command();
        command.stdin(std::process::Stdio::inherit());
        command.args(args).env("TERM", "xterm-256color").env("LANG", "ja_JP.UTF-8").env("NO_COLOR", "1");
        let mut session = Session::spawn(command).expect("a pseudo-terminal");
        session.get_process_mut().set_window_size(100, 30).expect("a size");
        session.set_expect_timeout(Some(PATIENCE));
        Screen(session)
    }

    pub fn sees(&mut self, text: &str) {
        self.0.expect(text).unwrap_or_else(|e| panic!("`{text}` did not come: {e}"));
    }

    pub fn types(&mut self, keys: &str) {
        // The prompt is written before its key is read; typed any earlier the key would be thrown away.
        std::thread::sleep(Duration::from_millis(200));
        self.0.send(keys).expect("a reader");
    }

    /// What was written up to the end, and how it ended.
    pub fn ends(mut self) -> (String, i32) {
        let (mut bytes, mut piece, start) = (Vec::new(), [0u8; 65_536], Instant::now());
        loop {
            assert!(start.elapsed() < PATIENCE, "the run does not end");
            match self.0.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(n) => bytes.extend_from_slice(&piece[..n]),
            }
        }
        let code = match self.0.get_process_mut().wait().expect("a child") {
            expectrl::process::unix::WaitStatus::Exited(_, code) => code,
            other => panic!("{other:?}"),
        };
        (String::from_utf8_lossy(&bytes).into_owned(), code)
    }
}

const ASK: &str = "title: 確認
steps:
  - { id: swap, title: 本番を入れ替える, effect: destroy, shell: echo x >> swapped }
  - { id: then, shell: echo x >> then }
  - { id: other, needs: [], shell: echo x >> other }
";

fn asked(place: &Place) -> Screen {
    place.file("play.yaml", ASK);
    let mut screen = Screen::of(place, &["run", "play.yaml"]);
    screen.sees("「本番を入れ替える」を実行しますか");
    screen.sees("echo x >> swapped");
    screen.sees("実行しますか");
    screen
}

fn replies(place: &Place) -> Vec<Reply> {
    let reply = |e: toban::event::Event| match e.kind {
        Kind::Answered { reply, .. } => Some(reply),
        _ => None,
    };
    place.facts().into_iter().filter_map(reply).collect()
}

#[test]
fn a_yes_lets_the_step_run() {
    let place = Place::new();
    let mut screen = asked(&place);
    screen.types("y\r");
    let (text, code) = screen.ends();
    assert_eq!(code, 0, "{text}");
    assert_eq!((place.lines("swapped"), place.lines("then"), place.lines("other")), (1, 1, 1));
    assert_eq!(replies(&place), [Reply::Yes]);
}

#[test]
fn a_no_and_an_empty_line_and_the_end_of_input_are_a_no() {
    for keys in ["n\r", "\r", "\u{4}", "q\u{1b}"] {
        let place = Place::new();
        let mut screen = asked(&place);
        screen.types(keys);
        if keys == "\u{4}" || keys.ends_with('\u{1b}') {
            screen.types("\r");
        }
        let (text, code) = screen.ends();
        assert_eq!(code, 3, "{keys:?}: {text}");
        assert!(text.contains("承認されませんでした"), "{keys:?}: {text}");
        assert_eq!(
            (place.lines("swapped"), place.lines("then"), place.lines("other")),
            (0, 0, 1),
            "{keys:?}"
        );
        assert!(matches!(replies(&place)[..], [Reply::No { .. }]), "{keys:?}");
    }
}

#[test]
fn ctrl_c_while_a_question_is_open_ends_the_run() {
    let place = Place::new();
    place.file(
        "play.yaml",
        &format!("{ASK}  - {{ id: long, needs: [], shell: 'echo $$ > long.pid; sleep 300' }}\n"),
    );
    let mut screen = Screen::of(&place, &["run", "play.yaml", "-j", "4"]);
    screen.sees("実行しますか");
    crate::place::until("the long step", || place.lines("long.pid") == 1);
    screen.types("\u{3}");
    let (text, code) = screen.ends();
    assert_eq!(code, 130, "{text}");
    assert_eq!((place.lines("swapped"), place.lines("then")), (0, 0));
    assert!(!crate::place::lives(&place.text("long.pid")));
    let ended = place.facts().into_iter().any(|e| matches!(e.kind, Kind::RunEnded { .. }));
    assert!(ended && text.contains('\u{1b}'), "it is recorded, and the cursor is back");
}

#[test]
fn in_a_protected_environment_the_target_is_typed() {
    let place = Place::new();
    place.file(
        "playbooks/s/system.yaml",
        "title: s\nenvironments:\n  production: { protected: true, target: 本番-1 }\n",
    );
    place.file("playbooks/s/swap.yaml", ASK);
    for (typed, code) in [("本番-1\r", 0), ("y\r", 3), ("本番-2\r", 3), ("\r", 3)] {
        let mut screen = Screen::of(&place, &["run", "s/swap", "--env", "production"]);
        screen.sees("続けるには 本番-1 と入力してください");
        screen.types(typed);
        let (text, ended) = screen.ends();
        assert_eq!(ended, code, "{typed:?}: {text}");
    }
    assert_eq!(place.lines("playbooks/s/swapped"), 1);
}

#[test]
fn a_person_does_and_decides() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t\nsteps:\n  - { id: look, manual: { instruction: 監視画面を見る, evidence: { red: { type: integer, description: 赤い数 } } }, expect: evidence.red == 0 }\n  - { id: which, decide: { question: どうしますか, choices: { restore: 復元する, stop: 中止する } } }\n  - { id: used, shell: 'echo {{ steps.which.choice }} {{ steps.look.evidence.red }} > used' }\n",
    );
    let mut screen = Screen::of(&place, &["run", "play.yaml"]);
    screen.sees("監視画面を見る");
    screen.sees("実施した");
    screen.types("\u{1b}[B\r");
    screen.sees("赤い数");
    screen.types("many\r");
    screen.sees("整数ではありません");
    screen.types("\u{15}\u{7f}\u{7f}\u{7f}\u{7f}0\r");
    screen.sees("メモ");
    screen.types("\r");
    screen.sees("復元する");
    screen.types("\u{1b}[B");
    screen.types("\u{1b}[B\r");
    screen.sees("理由");
    screen.types("今日はやめる\r");
    let (text, code) = screen.ends();
    assert_eq!(code, 0, "{text}");
    assert_eq!(place.text("used"), "stop 0\n");
    let given = replies(&place).pop();
    assert!(matches!(given, Some(Reply::Choice { reason: Some(reason), .. }) if reason == "今日はやめる"));
}

#[test]
fn missing_inputs_are_asked_for() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t\ninputs: { who: { type: string, description: 誰に }, n: { type: integer, maximum: 9 } }\nsteps:\n  - { id: a, shell: 'echo {{ inputs.who }} {{ inputs.n }} > used' }\n",
    );
    let mut screen = Screen::of(&place, &["run", "play.yaml"]);
    screen.sees("who (誰に)");
    screen.types("世界\r");
    screen.sees("n (n)");
    screen.types("12\r");
    screen.sees("9");
    screen.types("\u{7f}\u{7f}7\r");
    let (text, code) = screen.ends();
    assert_eq!(code, 0, "{text}");
    assert_eq!(place.text("used"), "世界 7\n");
}

#[test]
fn a_live_screen_keeps_moving_while_a_step_is_silent() {
    let place = Place::new();
    place.file("play.yaml", "title: t\nsteps:\n  - { id: silent, title: 静かなステップ, shell: sleep 2 }\n");
    let (text, code) = Screen::of(&place, &["run", "play.yaml"]).ends();
    assert_eq!(code, 0, "{text}");
    // The row of the running step is drawn again and again although nothing happens.
    assert!(
        text.matches("静かなステップ").count() >= 8,
        "{} drawings",
        text.matches("静かなステップ").count()
    );
    assert!(text.contains("1s") || text.contains("1.0s") || text.contains("1.5s"), "{text}");
}

#[test]
fn a_terminal_that_goes_away_ends_the_run_as_hung_up() {
    let place = Place::new();
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: 'echo $$ > a.pid; sleep 300' }\n");
    let screen = Screen::of(&place, &["run", "play.yaml"]);
    crate::place::until("the step", || place.lines("a.pid") == 1);
    drop(screen);
    crate::place::until("the end", || !crate::place::lives(&place.text("a.pid")));
    crate::place::until("the record", || {
        place.facts().into_iter().any(|e| matches!(e.kind, Kind::RunEnded { .. }))
    });
}

#[test]
fn a_secret_is_typed_unseen_when_it_is_first_used() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t
inputs: { token: { type: secret, from: prompt } }
steps:
  - { id: before, shell: sleep 0.5 }
  - { id: first, shell: 'test \"$T\" = 秘密の合言葉; echo \"$T\"', env: { T: '{{ inputs.token }}' } }
  - { id: again, shell: 'test \"$T\" = 秘密の合言葉', env: { T: '{{ inputs.token }}' } }
",
    );
    let mut screen = Screen::of(&place, &["run", "play.yaml"]);
    screen.sees("inputs.token");
    screen.types("秘密の合言葉\r");
    let (text, code) = screen.ends();
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("合言葉"), "{text}");
    assert!(place.toban(&["logs", "last", "first"]).out.contains("•••"));
    let nobody = place.toban(&["run", "play.yaml", "--progress", "quiet"]);
    assert_eq!(nobody.code, 1);
    assert!(nobody.err.contains("inputs.token has to be typed, but there is no terminal"), "{}", nobody.err);
}

#[test]
fn ctrl_c_at_the_prompt_of_a_secret_ends_the_run() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t
inputs: { token: { type: secret, from: prompt } }
steps:
  - { id: a, shell: echo x >> never.count, env: { T: '{{ inputs.token }}' } }
",
    );
    let mut screen = Screen::of(&place, &["run", "play.yaml"]);
    screen.sees("inputs.token");
    screen.types("\u{3}");
    let (text, code) = screen.ends();
    assert_eq!(code, 130, "{text}");
    assert_eq!(place.lines("never.count"), 0);
}

#[test]
fn ctrl_c_on_a_terminal_takes_back_and_clears_up() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: 後始末
steps:
  - { id: a, shell: echo a >> order, undo: { shell: echo a-back >> order } }
  - { id: b, title: 待つ, shell: echo b >> order; sleep 300 }
always:
  - { id: z, title: 片付け, shell: echo z >> order }
",
    );
    let mut screen = Screen::of(&place, &["run", "play.yaml"]);
    crate::place::until("the step", || place.lines("order") == 2);
    screen.types("\u{3}");
    let (text, code) = screen.ends();
    assert_eq!(code, 130, "{text}");
    assert_eq!(place.text("order"), "a\nb\na-back\nz\n");
    assert!(text.contains("片付け"), "{text}");
}
