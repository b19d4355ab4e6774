//! What a person, an author or a verification says of a step that was under way.

use std::process::Stdio;
use std::time::Duration;

use toban::event::Kind;

use crate::sink::web;
use crate::support::Place;

fn attempt_of(step: &'static str) -> impl Fn(&Kind) -> bool {
    move |kind| matches!(kind, Kind::ChildStarted { unit, .. } if unit.to_string() == step)
}

const SLOW: &str = "\
title: Slow
steps:
  - { id: first, shell: 'echo x >> first.n; echo {{ run.stamp }}' }
  - { id: slow, shell: 'echo x >> slow.n; sleep 0.6; echo gave' }
  - { id: last, shell: 'echo {{ steps.first.stdout }} {{ steps.slow.stdout }} >> last.n' }
";

#[test]
fn without_a_person_a_step_under_way_is_told_in_one_line_and_nothing_is_done() {
    let place = Place::new(SLOW);
    place.kill_when(attempt_of("slow"));
    let status = place.toban(&["status", "last"]).exits(0);
    assert!(status.out.contains("dead") && status.out.contains("unknown"), "{}", status.out);
    let said = place.toban(&["resume", "last", "--progress", "quiet", "--wait"]).exits(4);
    assert_eq!(said.unknown()[0], "slow");
    assert!(said.err.contains("is gone") && said.err.contains("stdout"), "{}", said.err);
    let facts = place.events().len();
    place.toban(&["resume", "last"]).exits(4);
    assert_eq!((place.events().len(), place.count("slow"), place.count("last")), (facts, 1, 0));
}

#[test]
fn a_child_that_still_lives_is_shown_and_never_run_beside() {
    let place = Place::new(&SLOW.replace("sleep 0.6", "until test -e go; do sleep 0.05; done"));
    place.kill_when(attempt_of("slow"));
    place.until("the child is at work", |place| place.count("slow") == 1);
    let said = place.toban(&["resume", "last", "--rerun", "slow"]).exits(4);
    assert!(said.err.contains("still runs") && said.err.contains("test -e go"), "{}", said.err);
    assert_eq!(place.count("slow"), 1);
    let told = std::fs::File::create(place.path().join("told")).expect("a file");
    let mut waiting = place.command(&["resume", "last", "--rerun", "slow", "--wait"]);
    let mut waiting = waiting.stdout(Stdio::null()).stderr(told).spawn().expect("it starts");
    place.until("it waits", |place| {
        std::fs::read_to_string(place.path().join("told")).is_ok_and(|told| told.contains("waits for"))
    });
    assert_eq!(place.count("slow"), 1);
    std::fs::write(place.path().join("go"), "").expect("written");
    assert!(waiting.wait().expect("it ends").success());
    assert_eq!((place.count("first"), place.count("slow"), place.count("last")), (1, 2, 1));
}

#[test]
fn what_is_over_is_kept_with_its_outputs_and_the_stamp_of_the_run() {
    let place = Place::new(SLOW);
    place.kill_when(attempt_of("slow"));
    let stamp = std::fs::read_to_string(place.folder().expect("a run").journal()).expect("read");
    let stamp = stamp.split("\"stdout\":\"").nth(1).and_then(|t| t.split('"').next()).expect("a stamp");
    let refused = place.toban(&["resume", "last", "--rerun", "first"]).exits(3);
    assert!(refused.err.contains("is over"), "{}", refused.err);
    place.toban(&["resume", "last", "--rerun", "last"]).exits(3);
    place.toban(&["resume", "last", "--rerun", "none"]).exits(2);
    place.toban(&["resume", "last", "--wait", "--rerun", "slow"]).exits(0);
    let last = std::fs::read_to_string(place.path().join("last.n")).expect("written");
    assert_eq!(last.trim(), format!("{stamp} gave"));
    let again = place.toban(&["resume", "last"]).exits(0);
    assert!(again.out.contains("done in"), "{}", again.out);
    place.toban(&["resume", "last", "--rerun", "slow"]).exits(3);
    assert_eq!((place.count("first"), place.count("slow"), place.count("last")), (1, 2, 1));
}

#[test]
fn done_by_hand_gives_what_later_steps_need_and_a_reason() {
    let place = Place::new(SLOW);
    place.kill_when(attempt_of("slow"));
    let by_hand = ["resume", "last", "--wait", "--done-by-hand", "slow"];
    place.toban(&by_hand).exits(2);
    let lacking = place.toban(&[&by_hand[..], &["--reason", "seen"]].concat()).exits(4);
    assert!(lacking.err.contains("later steps need: stdout"), "{}", lacking.err);
    let output = ["--reason", "seen", "--output", "slow.stdout=by hand"];
    place.toban(&[&by_hand[..], &output].concat()).exits(0);
    let last = std::fs::read_to_string(place.path().join("last.n")).expect("written");
    assert!(last.trim().ends_with("by hand"), "{last}");
    assert_eq!(place.count("slow"), 1);
    let status = place.toban(&["status", "last"]).exits(0);
    assert!(status.out.contains("by hand"), "{}", status.out);
}

#[test]
fn the_authors_word_is_followed() {
    for (after_crash, code, runs) in [
        ("after_crash: rerun", 0, 2),
        ("after_crash: verify, verify: {shell: test -s slow.n}", 0, 1),
        ("after_crash: verify, verify: {shell: test -s none.n}", 0, 2),
        ("after_crash: verify, verify: {shell: no-such-program-here}", 4, 1),
        ("after_crash: never", 4, 1),
    ] {
        let place = Place::new(&format!(
            "title: T\nsteps:\n  - {{ id: slow, shell: 'echo x >> slow.n; sleep 0.4', {after_crash} }}\n"
        ));
        place.kill_when(attempt_of("slow"));
        let said = place.toban(&["resume", "last", "--wait"]);
        assert_eq!((said.code, place.count("slow")), (code, runs), "{after_crash}: {}", said.err);
        if after_crash.ends_with("never") {
            place.toban(&["resume", "last", "--rerun", "slow"]).exits(3);
            place.toban(&["resume", "last", "--skip", "slow", "--reason", "x"]).exits(0);
            assert_eq!(place.count("slow"), 1);
        }
    }
}

#[test]
fn another_playbook_is_refused_with_what_differs() {
    let place = Place::new(SLOW);
    place.kill_when(attempt_of("slow"));
    let changed = SLOW.replace("echo gave", "echo changed");
    std::fs::write(place.path().join("p.yaml"), changed).expect("written");
    let resume = ["resume", "last", "--wait", "--rerun", "slow"];
    let refused = place.toban(&resume).exits(3);
    assert!(refused.err.contains("p.yaml: changed") && refused.err.contains("step slow"), "{}", refused.err);
    place.toban(&[&resume[..], &["--accept-changes"]].concat()).exits(0);
    let last = std::fs::read_to_string(place.path().join("last.n")).expect("written");
    assert!(last.contains("changed"), "{last}");
}

#[test]
fn what_was_answered_is_not_asked_again_and_loops_go_on_where_they_stood() {
    let place = Place::new(
        "title: T
inputs: { word: { type: string, default: none } }
steps:
  - { id: pick, decide: { question: Which?, choices: { a: A, b: B } } }
  - { id: sure, confirm: Sure?, shell: 'echo x >> sure.n' }
  - id: each
    for_each: { list: [p, q, r], max_parallel: 1 }
    steps:
      - { id: one, shell: 'echo x >> one_{{ item }}.n' }
      - { id: two, shell: 'echo x >> two_{{ item }}.n; sleep 0.3' }
  - { id: end, shell: 'echo {{ steps.pick.choice }} {{ inputs.word }} >> end.n' }
",
    );
    let mut engine =
        place.start(&["run", "p.yaml", "-i", "word=given", "--choose", "pick=b", "--confirm", "sure"]);
    while !place.events().iter().any(|e| attempt_of("each[1]/two")(&e.kind)) {
        std::thread::sleep(Duration::from_millis(5));
    }
    engine.kill().expect("killed");
    engine.wait().expect("ended");
    let said = place.toban(&["resume", "last", "--wait", "--progress", "quiet"]).exits(4);
    assert_eq!(said.unknown().last().map(String::as_str), Some("each[1]/two"));
    place.toban(&["resume", "last", "--wait", "--rerun", "each[1]/two"]).exits(0);
    let counts: Vec<(String, u64)> = place.counts().into_iter().collect();
    let expected = [
        ("end", 1),
        ("one_p", 1),
        ("one_q", 1),
        ("one_r", 1),
        ("sure", 1),
        ("two_p", 1),
        ("two_q", 2),
        ("two_r", 1),
    ];
    assert_eq!(counts, expected.map(|(name, n)| (name.to_string(), n)));
    assert_eq!(std::fs::read_to_string(place.path().join("end.n")).expect("written"), "b given\n");
}

#[test]
fn an_output_that_held_a_secret_is_never_fed_on_masked() {
    for (effect, code) in [("read", 0), ("change", 4)] {
        let place = Place::new(&format!(
            "title: T
inputs: {{ password: {{ type: secret, from: env:THE_PASSWORD }} }}
steps:
  - {{ id: tell, effect: {effect}, env: {{ P: '{{{{ inputs.password }}}}' }}, shell: 'echo x >> tell.n; echo it is $P' }}
  - {{ id: slow, after_crash: rerun, shell: 'sleep 0.3' }}
  - {{ id: use, stdin: {{ text: '{{{{ steps.tell.stdout }}}}' }}, shell: 'cat >> use.n; echo >> use.n' }}
"
        ));
        let password = |mut command: std::process::Command| {
            command.env("THE_PASSWORD", "correct horse");
            command
        };
        let mut engine = password(place.command(&["run", "p.yaml"]));
        let mut engine = engine.stdout(std::process::Stdio::null()).spawn().expect("starts");
        while !place.events().iter().any(|e| attempt_of("slow")(&e.kind)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        engine.kill().expect("killed");
        engine.wait().expect("ended");
        let said = password(place.command(&["resume", "last", "--wait"])).output().expect("it runs");
        let err = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(code), "{effect}: {err}");
        let used = std::fs::read_to_string(place.path().join("use.n")).unwrap_or_default();
        assert!(!used.contains("•••"), "{used}");
        if effect == "read" {
            assert_eq!((used.trim(), place.count("tell")), ("it is correct horse", 2));
        } else {
            assert!(err.contains("tell  is done, but"), "{err}");
            let given = ["--done-by-hand", "tell", "--reason", "x", "--output", "tell.stdout=it is given"];
            let resume = [&["resume", "last"][..], &given].concat();
            assert_eq!(password(place.command(&resume)).status().expect("it runs").code(), Some(0));
            let used = std::fs::read_to_string(place.path().join("use.n")).expect("written");
            assert_eq!((used.trim(), place.count("tell")), ("it is given", 1));
        }
    }
}

#[test]
fn people_are_told_once_that_a_person_has_to_decide() {
    let (port, requests) = web("200 OK");
    let head = format!("notifications: {{ webhook: {{ url: 'http://127.0.0.1:{port}/' }} }}");
    let place = Place::new(&format!("title: t\n{head}\nsteps:\n  - {{ id: slow, shell: sleep 600 }}\n"));
    place.kill_when(|kind| matches!(kind, Kind::ChildStarted { .. }));
    let Some(pid) = place
        .events()
        .iter()
        .find_map(|e| if let Kind::ChildStarted { pid, .. } = e.kind { Some(pid) } else { None })
    else {
        panic!("a child")
    };
    // SAFETY: the group is that of the step which this test's engine has started.
    unsafe { libc::kill(-(pid as i32), libc::SIGKILL) };
    for _ in 0..2 {
        assert_eq!(place.toban(&["resume", "last"]).exits(4).unknown(), ["slow"]);
    }
    let got = requests.lock().expect("requests").clone();
    assert!(got.len() == 1 && got[0].contains("\"event\":\"person\"") && got[0].contains("slow"), "{got:?}");
    place.toban(&["resume", "last", "--skip", "slow", "--reason", "seen"]).exits(0);
    assert_eq!(place.toban(&["verify", "last"]).code, 0);
}
