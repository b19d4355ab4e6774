//! People are told of a run without a step that does so: when, of what, and what comes of not being able to.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use toban::event::{Kind, Told};

use crate::place::{Place, Said, said, until};
use crate::sink::web;
use crate::smtp::{Manners, Smtp, read};
use crate::terminal::Screen;

const SECRET: &str = "s3cret-Value/9";

/// A system that tells of its runs by these keys, and a playbook of these steps.
fn place(server: &Smtp, notifications: &str, play: &str) -> Place {
    let place = Place::new();
    let (port, keys) = (server.port, "secrets: { hook: { from: env:HOOK }, key: { from: env:KEY } }");
    let mail = format!("mail: {{ server: 'smtp://127.0.0.1:{port}', from: toban@corp.test }}");
    let system = format!(
        "title: 受付システム\n{keys}\n{mail}\nnotifications: {notifications}\nenvironments: {{ lab: {{ target: lab-1 }} }}\n"
    );
    place.file("playbooks/s/system.yaml", &system);
    place.file("playbooks/s/play.yaml", &format!("title: 日次作業\n{play}"));
    place
}

fn run(place: &Place, hook: u16, args: &[&str]) -> Said {
    let mut toban = place.command();
    toban.args(["run", "s/play"]).args(args).env("KEY", SECRET);
    toban.env("HOOK", format!("http://127.0.0.1:{hook}/T0PSECRET"));
    said(toban.output().expect("toban starts"))
}

/// What was told of in the journal, with how each way went.
fn told(place: &Place) -> Vec<(&'static str, Vec<Told>)> {
    let told = |event: toban::event::Event| match event.kind {
        Kind::Notified { about, told, .. } => Some((about.word(), told)),
        _ => None,
    };
    place.facts().into_iter().filter_map(told).collect()
}

fn bodies(requests: &Arc<Mutex<Vec<String>>>) -> Vec<Value> {
    let all = requests.lock().expect("requests").clone();
    all.iter()
        .map(|r| {
            serde_json::from_str(r.split_once("\n{").map_or("", |(_, body)| &r[r.len() - body.len() - 1..]))
                .expect("JSON")
        })
        .collect()
}

#[test]
fn a_failure_is_told_with_the_facts_and_the_end_of_the_log_and_without_a_secret() {
    let server = Smtp::new(Manners::default());
    let (hook, requests) = web("200 OK");
    let play = "steps:\n  - { id: good, shell: 'true' }\n  - { id: dump, title: バックアップ, shell: 'echo disk full $K; exit 3', env: { K: '{{ secrets.key }}' } }\n";
    let place = place(
        &server,
        "{ mail: { to: [ops@corp.test], cc: [boss@corp.test] }, webhook: { secret: hook } }",
        play,
    );
    for (lang, words) in [
        ("ja", ["[失敗] s/play (lab): 日次作業", "終了コード 3", "担当: 佐藤"]),
        ("en", ["[failed] s/play (lab): 日次作業", "exit code 3", "by: 佐藤"]),
    ] {
        let run = run(&place, hook, &["--progress", "plain", "--lang", lang]);
        assert_eq!(run.code, 1, "{run:?}");
        let mail = server.taken().pop().expect("a mail");
        assert_eq!(mail.to, ["ops@corp.test", "boss@corp.test"]);
        let seen = read(&mail.text);
        let body = seen["body"].as_str().expect("a body").to_string();
        let id = place.last_run().path().file_name().expect("an id").to_string_lossy().into_owned();
        assert_eq!(seen["subject"], words[0]);
        for part in [
            words[1],
            words[2],
            &id,
            "受付システム, lab, lab-1",
            "dump  バックアップ",
            "disk full •••",
            &format!("logs {id} dump"),
            &format!("status {id}"),
        ] {
            assert!(body.contains(part), "{part} in {body}");
        }
        let json = bodies(&requests).pop().expect("a request");
        assert!(
            json["text"].as_str().is_some_and(|t| t.starts_with(words[0]) && t.contains("disk full •••")),
            "{json}"
        );
        assert_eq!((json["event"].as_str(), json["run"].as_str()), (Some("failure"), Some(id.as_str())));
        assert_eq!(
            (json["steps"][0]["step"].as_str(), json["steps"][0]["state"].as_str()),
            (Some("dump"), Some("failed"))
        );
        let journal =
            std::fs::read_to_string(place.last_run().path().join("journal.jsonl")).expect("a journal");
        let all = [run.out, run.err, journal, mail.text, body, json.to_string()].concat();
        assert!(!all.contains(SECRET) && !all.contains("T0PSECRET"), "{all}");
        let told = told(&place);
        assert!(told.len() == 1 && told[0].0 == "failure", "{told:?}");
        assert!(told[0].1.iter().all(|way| way.failure.is_none()) && told[0].1.len() == 2, "{told:?}");
    }
}

#[test]
fn a_recovery_and_warnings_are_told_and_what_goes_well_is_not() {
    let server = Smtp::new(Manners::default());
    let play = "steps:\n  - { id: work, shell: 'exit $(cat code)', warn_codes: [2] }\n";
    let place = place(&server, "{ on: [failure, recovery, warning], mail: { to: [ops@corp.test] } }", play);
    let mut seen = Vec::new();
    for code in ["0", "1", "0", "0", "2"] {
        place.file("playbooks/s/code", code);
        let run = run(&place, 0, &["--lang", "en"]);
        assert_eq!(run.code, i32::from(code == "1"), "{run:?}");
        seen.push(server.taken().len());
    }
    assert_eq!(seen, [0, 1, 2, 2, 3]);
    let subjects: Vec<String> = server
        .taken()
        .iter()
        .map(|m| read(&m.text)["subject"].as_str().unwrap_or_default().to_string())
        .collect();
    let words: Vec<&str> = subjects.iter().filter_map(|s| s.split(' ').next()).collect();
    assert_eq!(words, ["[failed]", "[recovered]", "[warning]"]);
}

#[test]
fn not_being_able_to_tell_is_recorded_and_shown_and_changes_nothing() {
    let server = Smtp::new(Manners { unknown: "ops@", ..Manners::default() });
    let (hook, _) = web("500 Internal Server Error");
    let notifications =
        "{ on: [failure, warning], mail: { to: [ops@corp.test] }, webhook: { secret: hook } }";
    for (step, code, result) in [("exit 1", 1, "failed"), ("exit 2", 0, "warned")] {
        let play = format!("steps:\n  - {{ id: work, shell: '{step}', warn_codes: [2] }}\n");
        let place = place(&server, notifications, &play);
        for how in ["plain", "quiet"] {
            let run = run(&place, hook, &["--progress", how, "--lang", "en"]);
            assert_eq!(run.code, code, "{run:?}");
            let all = [run.out.as_str(), &run.err].concat();
            assert!(all.contains("could not tell people by mail") && all.contains("no such user"), "{all}");
            assert!(all.contains("could not tell people by webhook") && all.contains("500"), "{all}");
            assert!(!all.contains("T0PSECRET"), "{all}");
        }
        let facts = place.facts();
        let Some(Kind::RunEnded { outcome, .. }) = facts.last().map(|e| &e.kind) else {
            panic!("an end: {facts:?}")
        };
        assert_eq!(outcome.word(), result);
        let told = told(&place);
        assert!(told.len() == 1 && told[0].1.iter().all(|way| way.failure.is_some()), "{told:?}");
        assert_eq!(place.toban(&["verify", "last"]).code, 0);
    }
}

#[test]
fn a_person_is_told_of_what_nobody_agreed_to_and_of_a_question_that_stands_open() {
    let server = Smtp::new(Manners::default());
    let play = "steps:\n  - { id: swap, effect: destroy, shell: echo x >> swapped }\n";
    let place = place(&server, "{ unanswered: 200ms, mail: { to: [ops@corp.test] } }", play);
    let run = run(&place, 0, &["--lang", "ja"]);
    assert_eq!(run.code, 3, "{run:?}");
    let seen = read(&server.taken().pop().expect("a mail").text);
    assert_eq!(seen["subject"], "[要対応] s/play (lab): 日次作業");
    assert!(seen["body"].as_str().is_some_and(|b| b.contains("--confirm swap")), "{seen}");

    let mut screen = Screen::of(&place, &["run", "s/play"]);
    screen.sees("実行しますか");
    until("a mail", || server.taken().len() == 2);
    let body = read(&server.taken()[1].text)["body"].to_string();
    assert!(body.contains("`swap` が回答を待っています") && body.contains("echo x >> swapped"), "{body}");
    screen.types("y\r");
    let (text, code) = screen.ends();
    assert!(code == 0 && place.lines("playbooks/s/swapped") == 1, "the question was not cancelled: {text}");
    let last = server.taken();
    assert_eq!(last.len(), 3, "what went well after a no is a recovery");
    assert_eq!(read(&last[2].text)["subject"], "[復旧] s/play (lab): 日次作業");
}

#[test]
fn a_playbook_says_otherwise_than_its_system_and_the_plan_tells_who_is_told() {
    let server = Smtp::new(Manners::default());
    let system = "{ mail: { to: [ops@corp.test] } }";
    for (own, mails) in [("on: []", 0), ("mail: { to: [a@corp.test, b@corp.test] }", 2), ("on: [warning]", 0)]
    {
        let play = format!("notifications: {{ {own} }}\nsteps:\n  - {{ id: work, shell: 'exit 1' }}\n");
        let place = place(&server, system, &play);
        let before = server.taken().len();
        assert_eq!(run(&place, 0, &[]).code, 1);
        let taken = server.taken();
        assert_eq!(taken[before..].iter().map(|m| m.to.len()).sum::<usize>(), mails, "{own}");
        let plan = place.toban(&["plan", "s/play", "--lang", "en"]).out;
        let line = plan.lines().find(|line| line.starts_with("people are told of ")).unwrap_or_default();
        assert_eq!(line.is_empty(), own == "on: []", "{plan}");
        assert!(
            mails == 0
                || line
                    == "people are told of failure, recovery, a person is needed: mail a@corp.test, mail b@corp.test",
            "{line}"
        );
    }
}

#[test]
fn check_says_what_is_wrong_with_whom_a_system_and_a_playbook_tell() {
    let server = Smtp::new(Manners::default());
    let steps = "steps:\n  - { id: a, shell: 'true' }\n";
    let cases = [
        ("{ mail: { to: [ops] } }", "", "system.yaml:4:31", "`ops` is no mail address"),
        ("{ on: [failure] }", "", "system.yaml:4:16", "nobody is told"),
        ("{ on: [failing], webhook: { secret: hook } }", "", "system.yaml:4:", "failure"),
        ("{ webhook: { secret: hok } }", "", "system.yaml:4:", "did you mean `hook`"),
        ("{ webhook: { url: 'ftp://x' } }", "", "system.yaml:4:", "https://"),
        ("{ webhook: {} }", "", "system.yaml:4:", "either `url` or `secret`"),
        ("null", "notifications: { mail: { to: [] } }\n", "play.yaml:2:30", "nobody is told"),
        ("null", "notifications: { on: [warning] }\n", "play.yaml:2:16", "neither `mail` nor `webhook`"),
    ];
    for (system, own, at, what) in cases {
        let place = place(&server, system, &format!("{own}{steps}"));
        let said = place.toban(&["check", "s/play", "--lang", "en"]);
        let all = [said.out, said.err].concat();
        assert!(said.code == 2 && all.contains(at) && all.contains(what), "{system} {own}: {all}");
    }
}
