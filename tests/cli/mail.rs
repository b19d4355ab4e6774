//! `notify` by mail: over a real server, covered and not, and what must never happen to it.

use crate::place::{Place, Said, said};
use crate::smtp::{Manners, Smtp, read};

const PASSWORD: &str = "p4ss/w%rd 値";
const STEP: &str = "  - id: tell\n    notify:\n      mail:\n        to: [佐藤 <sato@corp.test>, 'ops@corp.test, on@corp.test']\n        cc: [copy@corp.test]\n        bcc: [hidden@corp.test]\n        subject: 完了 {{ inputs.what }}\n        body: |\n          バックアップが終わりました。\n          .\n          {{ run.operator }}\n";

/// A place with this `mail:` and this list of steps.
fn place(mail: &str, steps: &str) -> Place {
    let place = Place::new();
    place.file(
        "playbooks/s/system.yaml",
        &format!("title: s\nsecrets: {{ smtp: {{ from: env:SMTP }} }}\nmail: {mail}\n"),
    );
    let inputs = "inputs: { what: { type: string, default: 毎日の当番 ✓ } }";
    place.file("playbooks/s/play.yaml", &format!("title: t\n{inputs}\nsteps:\n{steps}"));
    place
}

fn toban(place: &Place, args: &[&str], password: &str) -> Said {
    let mut toban = place.command();
    toban.args(args).env("SMTP", password);
    said(toban.output().expect("toban starts"))
}

fn run(place: &Place) -> Said {
    toban(place, &["run", "s/play", "--progress", "plain"], PASSWORD)
}

/// All that is left of a run anywhere.
fn told(place: &Place, run: &Said) -> String {
    let logs = place.toban(&["logs", "last"]);
    let report = place.toban(&["report"]);
    let journal = std::fs::read_to_string(place.last_run().path().join("journal.jsonl")).unwrap_or_default();
    [run.out.as_str(), &run.err, &logs.out, &logs.err, &report.out, &journal].concat()
}

#[test]
fn a_mail_in_japanese_arrives_at_everybody_through_starttls_with_a_login() {
    for auth in ["PLAIN LOGIN", "LOGIN"] {
        let manners =
            Manners { starttls: true, auth, login: Some(("当番", PASSWORD)), ..Manners::default() };
        let server = Smtp::new(manners);
        let mail = format!(
            "{{ server: 'smtp://127.0.0.1:{}', from: '当番 <toban@corp.test>', user: 当番, password: smtp, tls: starttls, ca: ca.pem }}",
            server.port
        );
        let place = place(&mail, STEP);
        place.file("playbooks/s/ca.pem", &server.certificate);
        let run = run(&place);
        assert_eq!(run.code, 0, "{auth}: {run:?}");
        let taken = server.taken();
        let [mail] = &taken[..] else { panic!("{taken:?}") };
        assert!(mail.covered && mail.user == "当番" && mail.from == "toban@corp.test", "{mail:?}");
        let to = ["sato", "ops", "on", "copy", "hidden"].map(|name| format!("{name}@corp.test"));
        assert_eq!(mail.to, to);
        assert!(mail.text.is_ascii(), "{}", mail.text);
        let seen = read(&mail.text);
        assert_eq!(seen["subject"], "完了 毎日の当番 ✓");
        assert_eq!(seen["body"], "バックアップが終わりました。\n.\n佐藤\n");
        assert_eq!(seen["to"], "佐藤 <sato@corp.test>, ops@corp.test, on@corp.test");
        assert_eq!(seen["from"], "当番 <toban@corp.test>");
        assert!(!mail.text.contains("hidden") && !mail.text.contains("bcc"), "{}", mail.text);
        let told = told(&place, &run);
        assert!(told.contains("queued as 4711") && !told.contains(PASSWORD), "{told}");
    }
}

#[test]
fn a_mail_arrives_through_tls_from_the_first_byte_and_in_the_clear_on_this_machine() {
    let covered = Smtp::new(Manners { tls: true, ..Manners::default() });
    let clear = Smtp::new(Manners::default());
    for (server, scheme) in [(&covered, "smtps"), (&clear, "smtp")] {
        let mail =
            format!("{{ server: '{scheme}://127.0.0.1:{}', from: a@corp.test, ca: ca.pem }}", server.port);
        let place = place(&mail, STEP);
        place.file("playbooks/s/ca.pem", &server.certificate);
        let run = run(&place);
        assert_eq!((run.code, server.taken().len()), (0, 1), "{run:?}");
        assert_eq!(server.taken()[0].covered, scheme == "smtps");
    }
}

#[test]
fn what_keeps_a_mail_from_being_sent_is_the_failure_of_its_step_and_no_password_shows() {
    let login = Some(("toban", "another"));
    let cases: [(Manners, &str, &str); 7] = [
        (Manners { starttls: true, ..Manners::default() }, "tls: starttls", "self-signed"),
        (Manners::default(), "tls: starttls, ca: ca.pem", "STARTTLS"),
        (Manners { tls: true, ..Manners::default() }, "tls: starttls, timeout: 1s", "no answer within 1s"),
        (Manners { auth: "PLAIN", login, ..Manners::default() }, "user: toban, password: smtp", "535"),
        (
            Manners { auth: "CRAM-MD5", login, ..Manners::default() },
            "user: toban, password: smtp",
            "takes no login",
        ),
        (Manners { unknown: "copy@", ..Manners::default() }, "timeout: 20s", "copy@corp.test"),
        (Manners { mute: true, ..Manners::default() }, "timeout: 300ms", "no answer within 300ms"),
    ];
    for (manners, keys, why) in cases {
        let server = Smtp::new(manners);
        let mail = format!("{{ server: 'smtp://127.0.0.1:{}', from: a@corp.test, {keys} }}", server.port);
        let place = place(&mail, STEP);
        place.file("playbooks/s/ca.pem", &server.certificate);
        let run = run(&place);
        let told = told(&place, &run);
        assert!(run.code == 1 && told.contains(why), "{keys}: {} {told}", run.code);
        assert!(!told.contains(PASSWORD) && server.taken().is_empty(), "{keys}: {told}");
    }
}

#[test]
fn a_line_break_in_a_subject_or_an_address_sends_nothing() {
    let server = Smtp::new(Manners::default());
    let mail = format!("{{ server: 'smtp://127.0.0.1:{}', from: a@corp.test }}", server.port);
    for field in
        ["to: [\"{{ inputs.what }}\"], subject: x", "to: [a@corp.test], subject: \"{{ inputs.what }}\""]
    {
        let place = place(&mail, &format!("  - {{ id: tell, notify: {{ mail: {{ {field} }} }} }}\n"));
        let what = "what=a@corp.test\r\nBcc: x@corp.test";
        let run = toban(&place, &["run", "s/play", "-i", what], "");
        assert!(run.code == 1 && told(&place, &run).contains("line break"), "{run:?}");
    }
    assert!(server.taken().is_empty());
}

#[test]
fn a_mail_is_planned_checked_and_asked_about_without_being_sent() {
    let manners = Manners { auth: "PLAIN", login: Some(("toban", PASSWORD)), ..Manners::default() };
    let server = Smtp::new(manners);
    let mail = format!(
        "{{ server: 'smtp://127.0.0.1:{}', from: a@corp.test, user: toban, password: smtp }}",
        server.port
    );
    let place = place(&mail, STEP);
    let plan = toban(&place, &["plan", "s/play"], "");
    for part in [
        "to: 佐藤 <sato@corp.test>, ops@corp.test, on@corp.test",
        "bcc: hidden@corp.test",
        "subject: 完了 毎日の当番 ✓",
        "from a@corp.test, user toban",
        "secrets.smtp",
    ] {
        assert!(plan.out.contains(part), "{part} in {}", plan.out);
    }
    let could = toban(&place, &["plan", "s/play", "--probe"], PASSWORD);
    assert!(could.out.contains("lets toban in"), "{}", could.out);
    let not = toban(&place, &["plan", "s/play", "--probe"], "wrong one");
    assert!(not.out.contains("535") && !not.out.contains("wrong one"), "{}", not.out);
    assert!(server.taken().is_empty());
}

#[test]
fn check_says_what_is_wrong_with_a_mail_and_its_server_at_its_place() {
    let step = |field: &str| format!("  - {{ id: tell, notify: {{ mail: {{ {field} }} }} }}\n");
    let good = "{ server: 'smtp://127.0.0.1', from: a@corp.test }";
    let cases = [
        ("null", step("to: [a@corp.test], subject: x"), "play.yaml:4:33", "no mail server"),
        (good, step("to: [nobody], subject: x"), "play.yaml:4:40", "`nobody` is no mail address"),
        (good, step("to: [], subject: x"), "play.yaml:4:39", "`to` is empty"),
        (good, step("to: [a@corp.test]"), "play.yaml:4:", "`subject` is missing"),
        (good, step("to: [a@corp.test], subject: \"a\\nb\""), "play.yaml:4:", "one line"),
        (good, step("to: [a@corp.test], subject: 'x {{ secrets.smtp }}'"), "play.yaml:4:", "secret"),
        (good, step("to: [a@corp.test], subject: x, body: 'x {{ secrets.smtp }}'"), "play.yaml:4:", "secret"),
        (
            "{ server: mail.corp.test, from: a@corp.test }",
            String::new(),
            "system.yaml:3:17",
            "smtp://host:587",
        ),
        ("{ server: 'smtp://u:p@x', from: a@corp.test }", String::new(), "system.yaml:3:17", "`user:`"),
        ("{ server: 'smtp://x', from: me }", String::new(), "system.yaml:3:", "`me` is no mail address"),
        ("{ server: 'smtp://x', from: a@corp.test, user: a }", String::new(), "system.yaml:3:", "both"),
        (
            "{ server: 'smtp://x', from: a@corp.test, user: a, password: smpt }",
            String::new(),
            "system.yaml:3:",
            "did you mean `smtp`",
        ),
        (
            "{ server: 'smtp://x', from: a@corp.test, user: a, password: smtp, tls: none }",
            String::new(),
            "system.yaml:3:",
            "in the clear",
        ),
    ];
    for (mail, step, at, what) in cases {
        let step = if step.is_empty() { "  - { id: a, shell: 'true' }\n".to_string() } else { step };
        let place = place(mail, &step);
        let said = toban(&place, &["check", "s/play"], "");
        let told = [said.out, said.err].concat();
        assert!(said.code == 2 && told.contains(at) && told.contains(what), "{mail} {step}: {told}");
    }
}

#[test]
fn when_changed_tells_only_what_the_run_before_did_not() {
    let server = Smtp::new(Manners::default());
    let mail = format!("{{ server: 'smtp://127.0.0.1:{}', from: a@corp.test }}", server.port);
    let tell = "always:\n  - { id: tell, notify: { mail: { to: [a@corp.test], subject: now }, when_changed: true } }\n";
    let place = place(&mail, &format!("  - {{ id: work, shell: 'test ! -e broken' }}\n{tell}"));
    let mut counts = Vec::new();
    for broken in [false, false, true, true, false] {
        match broken {
            true => drop(place.file("playbooks/s/broken", "")),
            false => drop(std::fs::remove_file(place.at("playbooks/s/broken"))),
        }
        let run = run(&place);
        assert_eq!(run.code, i32::from(broken), "{run:?}");
        counts.push(server.taken().len());
    }
    assert_eq!(counts, [0, 0, 1, 1, 2], "told once of the failure and once of the recovery");
    assert!(place.ends().contains("tell=ok"));
}

#[test]
fn a_change_whose_mail_could_not_be_sent_is_told_by_the_next_run() {
    let server = Smtp::new(Manners::default());
    let mail = |port: u16| format!("{{ server: 'smtp://127.0.0.1:{port}', from: a@corp.test }}");
    let tell = "always:\n  - { id: tell, notify: { mail: { to: [a@corp.test], subject: now }, when_changed: true } }\n  - { id: log, shell: test ! -e full }\n";
    let place = place(&mail(server.port), &format!("  - {{ id: work, shell: 'test ! -e broken' }}\n{tell}"));
    let system = place.text("playbooks/s/system.yaml");
    let nobody = system.replace(&mail(server.port), &mail(1));
    // What is wrong in each round, whether a mail can be sent, how many were by then, and how the step ends.
    let rounds = [
        ("", true, 0, "skipped"),
        ("broken", false, 0, "failed"),
        ("broken", false, 0, "failed"),
        ("broken", true, 1, "ok"),
        ("broken", true, 1, "skipped"),
        ("", false, 1, "failed"),
        ("", true, 2, "ok"),
        ("", true, 2, "skipped"),
        // What goes wrong after people were told is not what they were told of.
        ("full", true, 2, "skipped"),
        ("", true, 2, "skipped"),
        // A change that came and went unheard is none.
        ("broken", false, 2, "failed"),
        ("", true, 2, "skipped"),
    ];
    for (i, (state, sends, mails, tell)) in rounds.into_iter().enumerate() {
        for name in ["broken", "full"] {
            let path = format!("playbooks/s/{name}");
            match state == name {
                true => drop(place.file(&path, "")),
                false => drop(std::fs::remove_file(place.at(&path))),
            }
        }
        place.file("playbooks/s/system.yaml", if sends { &system } else { &nobody });
        let run = run(&place);
        assert_eq!(server.taken().len(), mails, "round {i}: {run:?}");
        assert!(place.ends().contains(&format!("tell={tell}")), "round {i}: {}", place.ends());
    }
}

#[test]
fn a_change_that_may_not_have_been_heard_because_the_engine_died_is_told_again() {
    let server = Smtp::new(Manners::default());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let mail = |port: u16| format!("{{ server: 'smtp://127.0.0.1:{port}', from: a@corp.test }}");
    let port = silent.local_addr().expect("a port").port();
    let tell =
        "  - { id: tell, notify: { mail: { to: [a@corp.test], subject: now }, when_changed: true } }\n";
    let place = place(&mail(port), &format!("  - {{ id: work, shell: test ! -e broken }}\nalways:\n{tell}"));
    place.file("playbooks/s/broken", "");
    let mut engine = place.command();
    engine.args(["run", "s/play"]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut engine = engine.spawn().expect("toban starts");
    silent.accept().expect("a mail is on its way");
    engine.kill().expect("killed");
    engine.wait().expect("an end");
    std::fs::remove_file(place.at("playbooks/s/broken")).expect("mended");
    let system = place.text("playbooks/s/system.yaml").replace(&mail(port), &mail(server.port));
    place.file("playbooks/s/system.yaml", &system);
    assert_eq!((run(&place).code, server.taken().len()), (0, 1), "it may have been heard of the failure");
    assert_eq!((run(&place).code, server.taken().len()), (0, 1));
}
