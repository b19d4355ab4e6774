//! `notify`: webhooks, and what must never be shown or forgotten of them.

use crate::place::{Place, Said, said};
use crate::sink::web;

fn place() -> Place {
    let place = Place::new();
    place.file("playbooks/s/system.yaml", "title: s\nsecrets: { hook: { from: env:HOOK } }\n");
    place
}

fn toban(place: &Place, steps: &str, command: &str, hook: &str) -> Said {
    place.file("playbooks/s/play.yaml", &format!("title: t\nsteps:\n{steps}"));
    let mut toban = place.command();
    toban.args([command, "s/play"]).env("HOOK", hook);
    said(toban.output().expect("toban starts"))
}

const STEP: &str =
    "  - { id: tell, notify: { webhook: { url: \"{{ secrets.hook }}\", json: { text: 完了, n: 3 } } } }\n";

#[test]
fn a_webhook_gets_the_json_at_an_address_that_stays_a_secret() {
    let place = place();
    let plan = toban(&place, STEP, "plan", "");
    assert!(plan.code == 0 && plan.out.contains("{\"text\":\"完了\",\"n\":3}"), "{plan:?}");
    let (port, requests) = web("200 OK");
    let run = toban(&place, STEP, "run", &format!("http://127.0.0.1:{port}/hooks/T0PSECRET"));
    assert_eq!(run.code, 0, "{run:?}");
    let got = requests.lock().expect("requests").clone();
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].starts_with("POST /hooks/T0PSECRET HTTP/1.1\n"), "{got:?}");
    assert!(got[0].ends_with("{\"text\":\"完了\",\"n\":3}"), "{got:?}");
    let told = [run.out, run.err, place.toban(&["logs", "last"]).out, place.toban(&["report"]).out].concat();
    assert!(!told.contains("T0PSECRET"), "{told}");
}

#[test]
fn a_webhook_that_is_refused_or_not_there_is_a_failure_of_its_step() {
    let place = place();
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let (refusing, _) = web("500 Internal Server Error");
    for (port, why) in [(refusing, "500"), (closed.port(), "no answer")] {
        let run = toban(&place, STEP, "run", &format!("http://127.0.0.1:{port}/hooks/T0PSECRET"));
        let told = [run.out, run.err, place.toban(&["logs", "last"]).out].concat();
        assert!(run.code == 1 && told.contains(why) && !told.contains("T0PSECRET"), "{} {told}", run.code);
    }
}

#[test]
fn check_says_what_a_notice_needs() {
    let place = place();
    let steps = "  - { id: a, notify: { mail: { to: [a@example.org], subject: x } } }\n  \
        - { id: b, notify: { webhook: { url: \"http://127.0.0.1/\" } } }\n  \
        - { id: c, notify: { webhook: { url: \"http://127.0.0.1/\", json: { text: \"{{ secrets.hook }}\" } } } }\n";
    let said = toban(&place, steps, "check", "");
    let told = [said.out, said.err].concat();
    assert_eq!(said.code, 2);
    for part in ["play.yaml:3:", "no mail server", "play.yaml:4:", "`json` is missing"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let alone = steps.lines().last().expect("a line");
    let said = toban(&place, &format!("{alone}\n"), "check", "");
    assert!(said.code == 2 && [said.out, said.err].concat().contains("play.yaml:3:"));
}
