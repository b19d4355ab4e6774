//! Deadlines, what is done when one passes, and escalations that somebody acknowledges: with real time and real mail.

use std::process::Stdio;
use std::time::{Duration, Instant};

use toban::event::Kind;

use crate::place::{Place, until};
use crate::smtp::{Manners, Smtp, read};
use crate::terminal::Screen;

fn breaches(place: &Place) -> usize {
    place.facts().iter().filter(|e| matches!(e.kind, Kind::Breached { .. })).count()
}

/// A playbook with these deadlines, handlers and steps.
fn play(place: &Place, head: &str, steps: &str) {
    place.file("play.yaml", &format!("title: 復旧\n{head}steps:\n{steps}"));
}

#[test]
fn a_handler_runs_beside_what_is_late_even_where_no_place_is_free() {
    let place = Place::new();
    let head = "deadlines: [{ within: 300ms, until: slow, otherwise: tell }]\nhandlers:\n  tell:\n    - { id: one, shell: 'echo {{ steps.slow.state | default(\"late\", true) }} >> told; exit 3' }\n    - { id: two, shell: 'echo two >> told; test ! -e slow.done' }\n";
    play(
        &place,
        head,
        "  - { id: slow, shell: 'sleep 3; touch slow.done' }\n  - { id: after, shell: 'true' }\n",
    );
    let run = place.toban(&["run", "play.yaml", "--jobs", "1", "--progress", "plain", "--lang", "en"]);
    assert_eq!(run.code, 1, "a step of the handler failed: {run:?}");
    assert_eq!(place.ends(), "after=ok one=failed slow=ok two=ok");
    assert_eq!(place.text("told"), "late\ntwo\n");
    assert!(run.out.contains("`slow` within 300ms: passed; handler tell"), "{}", run.out);
    assert_eq!(breaches(&place), 1);
}

#[test]
fn a_deadline_that_is_kept_leaves_its_handler_out_and_one_that_is_not_ends_in_a_warning() {
    let place = Place::new();
    let head = |within: &str| {
        format!(
            "deadlines: [{{ within: {within}, otherwise: tell }}]\nhandlers: {{ tell: [{{ id: one, shell: 'true' }}, {{ id: two, shell: 'true' }}] }}\n"
        )
    };
    let steps = "  - { id: work, shell: sleep 0.6 }\n";
    play(&place, &head("1m"), steps);
    let began = Instant::now();
    let run = place.toban(&["run", "play.yaml", "--strict"]);
    assert!(
        run.code == 0 && began.elapsed() < Duration::from_secs(50),
        "nobody waits for the deadline: {run:?}"
    );
    assert_eq!((place.ends().as_str(), breaches(&place)), ("one=skipped two=skipped work=ok", 0));
    play(&place, &head("100ms"), steps);
    let run = place.toban(&["run", "play.yaml", "--strict"]);
    assert_eq!(run.code, 6, "late is worth a warning: {run:?}");
    assert_eq!((place.ends().as_str(), breaches(&place)), ("one=ok two=ok work=ok", 1));
}

#[test]
fn stop_ends_what_is_late_and_the_run_is_closed_as_after_an_interrupt() {
    let place = Place::new();
    let head = "deadlines: [{ within: 300ms, from: slow, until: slow, otherwise: stop }]\nalways: [{ id: end, shell: 'touch end' }]\n";
    play(
        &place,
        head,
        "  - { id: first, shell: 'sleep 0.5', undo: { shell: touch undone } }\n  - { id: slow, shell: 'sleep 600' }\n  - { id: after, shell: touch after }\n",
    );
    let run = place.toban(&["run", "play.yaml"]);
    assert_eq!(run.code, 1, "{run:?}");
    let there: Vec<bool> = ["undone", "end", "after"].map(|f| place.at(f).exists()).into();
    assert_eq!(there, [true, true, false], "{run:?}");
    assert_eq!(breaches(&place), 1, "it counts from the beginning of `slow`");
}

#[test]
fn an_open_question_is_not_cancelled_by_a_deadline() {
    let place = Place::new();
    let head = "deadlines: [{ within: 200ms, until: swap, otherwise: tell }]\nhandlers: { tell: [{ id: told, shell: touch told }] }\n";
    play(&place, head, "  - { id: swap, effect: destroy, shell: touch swapped }\n");
    let mut screen = Screen::of(&place, &["run", "play.yaml"]);
    screen.sees("実行しますか");
    until("the handler", || place.at("told").exists());
    screen.types("y\r");
    let (text, code) = screen.ends();
    assert!(code == 0 && place.at("swapped").exists(), "{text}");
}

/// What nobody confirmed does not come any more, and what a rescue asks of a handler is known.
#[test]
fn a_run_in_which_nothing_is_left_to_be_done_does_not_wait_for_its_deadlines() {
    let place = Place::new();
    let head = "deadlines: [{ within: 10m, until: swap, otherwise: first }, { within: 20m, otherwise: second }]
handlers: { first: [{ id: one, shell: touch one }, { id: more, shell: touch more }], second: [{ id: two, shell: touch two }] }
rescue: [{ id: call, shell: touch called, when: steps.one.state != 'ok' }]
always:
  - { id: log, steps: [{ id: line, shell: 'echo {{ steps.two.state }} > line' }] }
";
    let steps =
        "  - { id: swap, effect: destroy, shell: touch swapped }\n  - { id: after, shell: touch after }\n";
    let (began, at_most) = (Instant::now(), Duration::from_secs(300));
    play(&place, head, steps);
    let run = place.toban(&["run", "play.yaml"]);
    assert!(run.code == 3 && began.elapsed() < at_most, "{run:?}");
    let ends = "after=blocked call=skipped line=ok log=ok more=skipped one=skipped swap=refused two=skipped";
    assert_eq!((place.ends().as_str(), place.text("line").as_str()), (ends, "skipped\n"));
    // The same where it is called, with something behind the call.
    std::fs::rename(place.at("play.yaml"), place.at("part.yaml")).expect("renamed");
    play(&place, "", "  - { id: part, playbook: part.yaml }\n  - { id: last, shell: 'true' }\n");
    let run = place.toban(&["run", "play.yaml"]);
    assert!(run.code == 3 && began.elapsed() < at_most, "{run:?}");
    assert!(place.ends().contains("part/two=skipped") && place.ends().contains("part=refused"), "{run:?}");
    // Not kept, and told, as long as something else is under way.
    let steps =
        format!("{steps}  - {{ id: slow, needs: [], shell: 'until test -e one; do sleep 0.05; done' }}\n");
    play(&place, &head.replace("10m", "300ms"), &steps);
    let run = place.toban(&["run", "play.yaml"]);
    assert!(run.code == 3 && began.elapsed() < at_most, "{run:?}");
    assert!(place.ends().contains("more=ok") && place.ends().contains("two=skipped"), "{}", place.ends());
    assert_eq!(breaches(&place), 1);
}

/// The engine dies once a deadline has passed and its handler has told of it; whoever resumes the run is not told again.
fn a_deadline_passes_once(place: &Place, seen: &str, told: &str) {
    let mut engine = place.command();
    engine.args(["run", "play.yaml", "-i", seen]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut engine = engine.spawn().expect("toban starts");
    until("the handler", || place.lines("told") == 1);
    until("its end", || place.ends().contains(&format!("{told}=ok")));
    engine.kill().expect("killed");
    engine.wait().expect("ended");
    place.file("go", "");
    let resumed = place.toban(&["resume", "last", "--wait", "--strict"]);
    assert_eq!(resumed.code, 6, "{resumed:?}");
    assert_eq!((place.lines("told"), breaches(place)), (1, 1), "a deadline passes once");
}

#[test]
fn deadlines_count_from_the_clock_and_go_on_while_the_engine_is_dead() {
    let place = Place::new();
    let head = "inputs: { seen: { type: string, default: '' } }\nclock: '{{ inputs.seen }}'\ndeadlines: [{ within: 1h, until: slow, otherwise: tell }]\nhandlers: { tell: [{ id: told, shell: echo x >> told }] }\n";
    play(&place, head, "  - { id: slow, after_crash: rerun, shell: 'test -e go || sleep 30' }\n");
    let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(61);
    let seen = format!("seen={long_ago}");
    a_deadline_passes_once(&place, &seen, "told");

    let wrong = place.toban(&["run", "play.yaml", "-i", "seen=soon", "--lang", "en"]);
    assert!(wrong.code == 2 && wrong.err.contains("`soon`"), "{wrong:?}");
}

#[test]
fn a_deadline_that_passes_while_the_engine_is_dead_is_found_by_resume() {
    let place = Place::new();
    let head = "deadlines: [{ within: 1500ms, until: slow, otherwise: tell }]\nhandlers: { tell: [{ id: told, shell: echo x >> told }] }\n";
    play(
        &place,
        head,
        "  - { id: slow, after_crash: rerun, shell: 'touch began; test -e go || sleep 1; sleep 1' }\n",
    );
    let mut engine = place.command();
    engine.args(["run", "play.yaml"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut engine = engine.spawn().expect("toban starts");
    until("the step", || place.at("began").exists());
    engine.kill().expect("killed");
    engine.wait().expect("ended");
    place.file("go", "");
    std::thread::sleep(Duration::from_millis(1600));
    let resumed = place.toban(&["resume", "last", "--wait"]);
    assert_eq!((resumed.code, place.lines("told"), breaches(&place)), (0, 1, 1), "{resumed:?}");
}

const PART: &str = "title: 部分
inputs: { seconds: { type: string } }
deadlines: [{ within: 2s, until: slow, otherwise: tell }, { within: 1h, otherwise: stop }]
handlers:
  tell:
    - { id: told, shell: 'echo {{ inputs.seconds }} {{ steps.slow.state | default(\"late\", true) }} >> told' }
steps:
  - { id: slow, shell: 'sleep {{ inputs.seconds }}' }
  - { id: rest, shell: 'true' }
";

#[test]
fn deadlines_of_a_called_playbook_hold_from_the_moment_the_call_begins_also_in_a_loop() {
    let place = Place::new();
    place.file("part.yaml", PART);
    play(
        &place,
        "",
        "  - { id: first, shell: sleep 2.5 }\n  - { id: quick, playbook: { run: part.yaml, inputs: { seconds: '0' } } }\n  - { id: each, for_each: ['0', '4'], playbook: { run: part.yaml, inputs: { seconds: '{{ item }}' } } }\n",
    );
    let check = place.toban(&["check", "play.yaml", "--lang", "en"]);
    assert!(check.code == 0 && ![check.out, check.err].concat().contains("deadline"));
    let plan = place.toban(&["plan", "play.yaml", "--lang", "en"]).out;
    for part in [
        "deadline: `quick/slow` within 2s of `quick`, else handler tell",
        "deadline: `each[1]/slow` within 2s of `each[1]`, else handler tell",
        "deadline: `each[0]` within 1h of `each[0]`, else the run is stopped",
        "quick/told",
    ] {
        assert!(plan.contains(part), "{part} in {plan}");
    }
    let run = place.toban(&["run", "play.yaml", "--progress", "plain", "--lang", "en", "--strict"]);
    assert_eq!(run.code, 6, "late is worth a warning: {run:?}");
    assert_eq!(place.text("told"), "4 late\n", "{run:?}");
    let ends = place.ends();
    for end in ["quick/told=skipped", "quick=ok", "each[0]/told=skipped", "each[1]/told=ok", "each=ok"] {
        assert!(ends.contains(end), "{end} in {ends}");
    }
    assert!(run.out.contains("`each[1]/slow` within 2s of `each[1]`: passed; handler tell"), "{}", run.out);
    assert_eq!(breaches(&place), 1);
    let report = place.toban(&["report", "--lang", "en"]).out;
    assert!(report.contains("- **deadline passed** each\\[1\\]/slow: "), "{report}");
}

#[test]
fn a_called_playbook_that_is_late_stops_the_run_where_it_says_so_and_its_handlers_count() {
    let place = Place::new();
    place.file("part.yaml", "title: 部分\ndeadlines: [{ within: 200ms, otherwise: stop }]\nsteps:\n  - { id: slow, shell: sleep 600 }\n");
    play(
        &place,
        "",
        "  - { id: call, playbook: part.yaml }\n  - { id: after, shell: touch after }\nalways: [{ id: end, shell: touch end }]\n",
    );
    let run = place.toban(&["run", "play.yaml"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(place.at("end").exists() && !place.at("after").exists());
    // A handler that fails is a failure of the call.
    place.file("part.yaml", "title: 部分\ndeadlines: [{ within: 100ms, otherwise: tell }]\nhandlers: { tell: [{ id: told, shell: exit 3 }] }\nsteps:\n  - { id: slow, shell: sleep 1 }\n");
    let run = place.toban(&["run", "play.yaml"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(place.ends(), "after=blocked call/slow=ok call/told=failed call=failed end=ok");
}

const CLOCKED: &str = "title: 部分
inputs: { seen: { type: string } }
clock: '{{ inputs.seen }}'
deadlines: [{ within: 1h, until: slow, otherwise: tell }]
handlers: { tell: [{ id: told, shell: 'echo x >> told' }] }
steps:
  - { id: slow, after_crash: rerun, shell: 'until test -e go; do sleep 0.05; done' }
";

#[test]
fn the_clock_of_a_called_playbook_counts_for_its_deadlines_also_after_a_crash() {
    let place = Place::new();
    place.file("part.yaml", CLOCKED);
    play(
        &place,
        "inputs: { seen: { type: string } }\n",
        "  - { id: each, for_each: \"{{ [inputs.seen, ''] }}\", playbook: { run: part.yaml, inputs: { seen: '{{ item }}' } } }\n",
    );
    let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(61);
    let seen = format!("seen={long_ago}");
    let check = place.toban(&["check", "play.yaml", "--lang", "en"]);
    assert!(check.code == 0 && ![check.out, check.err].concat().contains("clock"));
    let plan = place.toban(&["plan", "play.yaml", "-i", &seen, "--lang", "en"]).out;
    for part in [
        "deadlines of `each[0]` count from {{ inputs.seen }}",
        "deadline: `each[1]/slow` within 1h, else handler tell",
    ] {
        assert!(plan.contains(part), "{part} in {plan}");
    }
    a_deadline_passes_once(&place, &seen, "each[0]/told");
    assert!(place.ends().contains("each[1]/told=skipped"), "that of the other counts from its call");

    let wrong = place.toban(&["run", "play.yaml", "-i", "seen=soon", "--progress", "plain", "--lang", "en"]);
    let said = [wrong.out, wrong.err].concat();
    assert!(wrong.code == 1 && said.contains("part.yaml: the clock is no time: `soon`"), "{said}");
}

const ESCALATE: &str = "deadlines: [{ within: 100ms, until: work, otherwise: tell }]
handlers:
  tell:
    - { id: call, escalate: { message: '{{ inputs.what }} が止まっています' } }
    - { id: log, shell: 'echo {{ steps.call.by }} >> who', when: steps.call.state == 'ok' }
inputs: { what: { type: string, default: 受付 } }
";

fn system(place: &Place, server: &Smtp, within: &str) {
    let port = server.port;
    place.file("playbooks/s/system.yaml", &format!(
        "title: 受付\nmail: {{ server: 'smtp://127.0.0.1:{port}', from: toban@corp.test }}\ncontacts:\n  - {{ role: 当番, name: 佐藤, mail: first@corp.test, acknowledge_within: {within} }}\n  - {{ role: 管理者, mail: second@corp.test, acknowledge_within: 30s }}\n"
    ));
    place.file("playbooks/s/play.yaml", &format!("title: 復旧\n{ESCALATE}steps:\n  - {{ id: work, shell: 'until test -e {}; do sleep 0.05; done' }}\n", place.at("go").display()));
}

#[test]
fn contacts_are_told_one_by_one_until_one_acknowledges() {
    let (place, server) = (Place::new(), Smtp::new(Manners::default()));
    system(&place, &server, "300ms");
    let plan = place.toban(&["plan", "s/play", "--lang", "en"]);
    for part in [
        "deadline: `work` within 100ms, else handler tell",
        "handler tell",
        "1. 当番 佐藤: first@corp.test (acknowledge within 300ms)",
        "2. 管理者: second@corp.test",
    ] {
        assert!(plan.out.contains(part), "{part} in {}", plan.out);
    }
    let nobody = place.toban(&["acknowledge", "last"]);
    assert_ne!(nobody.code, 0);
    let mut engine = place.command();
    engine.args(["run", "s/play"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut engine = engine.spawn().expect("toban starts");
    until("two mails", || server.taken().len() == 2);
    let to: Vec<String> = server.taken().iter().flat_map(|m| m.to.clone()).collect();
    assert_eq!(to, ["first@corp.test", "second@corp.test"]);
    let body = read(&server.taken()[1].text)["body"].to_string();
    let id = place.last_run().path().file_name().expect("an id").to_string_lossy().into_owned();
    assert!(
        body.contains("受付 が止まっています") && body.contains(&format!("toban acknowledge {id}")),
        "{body}"
    );
    let said = place.toban(&["acknowledge", "last", "--operator", "田中", "--note", "向かいます"]);
    assert_eq!(said.code, 0, "{said:?}");
    until("what follows", || place.text("playbooks/s/who") == "田中\n");
    place.file("go", "");
    assert_eq!(engine.wait().expect("an end").code(), Some(0));
    let journal = std::fs::read_to_string(place.last_run().path().join("journal.jsonl")).expect("a journal");
    assert!(journal.contains("向かいます") && place.ends().contains("call=ok"), "{journal}");
    let late = place.toban(&["acknowledge", "last", "--lang", "en"]);
    assert!(late.code == 3 && late.err.contains("nothing waits"), "{late:?}");
}

#[test]
fn the_screen_of_the_run_says_how_to_acknowledge_and_whoever_does_ends_the_wait() {
    let (place, server) = (Place::new(), Smtp::new(Manners::default()));
    system(&place, &server, "60s");
    let mut screen = Screen::of(&place, &["run", "s/play"]);
    screen.sees("toban acknowledge 2");
    let said = place.toban(&["acknowledge", "last", "--operator", "田中"]);
    assert_eq!(said.code, 0, "{said:?}");
    place.file("go", "");
    let (text, code) = screen.ends();
    assert_eq!(code, 0, "{text}");
    assert_eq!(server.taken().len(), 1, "the second contact is not told any more");
}

#[test]
fn an_escalation_that_nobody_acknowledges_or_that_reaches_nobody_has_failed() {
    let place = Place::new();
    for (manners, why) in [
        (Manners::default(), "nobody acknowledged: 当番 (佐藤)"),
        (Manners { unknown: "@corp", ..Manners::default() }, "nobody could be told"),
    ] {
        let server = Smtp::new(manners);
        system(&place, &server, "100ms");
        let text = place.text("playbooks/s/system.yaml").replace("30s", "100ms");
        place.file("playbooks/s/system.yaml", &text);
        let steps = "steps:\n  - { id: work, shell: sleep 1.5 }\n";
        place.file("playbooks/s/play.yaml", &format!("title: 復旧\n{ESCALATE}{steps}"));
        let run = place.toban(&["run", "s/play", "--progress", "plain", "--lang", "en"]);
        let all = [run.out, run.err, place.toban(&["logs", "last"]).out].concat();
        assert!(run.code == 1 && all.contains(why), "{} {all}", run.code);
    }
}

#[test]
fn check_says_what_is_wrong_with_deadlines_handlers_and_contacts_at_its_place() {
    let steps = "steps:\n  - { id: a, shell: 'true' }\n";
    let handlers = "handlers: { h: [{ id: told, shell: 'true' }] }\n";
    let cases = [
        ("deadlines: [{ within: 1m, until: b, otherwise: stop }]\n".to_string(), "play.yaml:2:34", "no step has the id `b`"),
        (format!("deadlines: [{{ within: 1m, until: told, otherwise: h }}]\n{handlers}"), "play.yaml:2:34", "step of a handler"),
        (format!("deadlines: [{{ within: 1m, otherwise: g }}]\n{handlers}"), "play.yaml:2:38", "there is no handler `g`"),
        ("deadlines: [{ within: soon, otherwise: stop }]\n".into(), "play.yaml:2:23", "soon"),
        ("deadlines: [{ until: a, otherwise: stop }]\n".into(), "play.yaml:2:", "`within` is missing"),
        (handlers.into(), "play.yaml:2:13", "no deadline leads to the handler `h`"),
        ("deadlines: [{ within: 1m, otherwise: h }]\nhandlers: { h: [] }\n".into(), "play.yaml:3:", "does nothing"),
        ("clock: '{{ steps.a.stdout }}'\n".into(), "play.yaml:2:", "steps"),
        ("deadlines: [{ within: 1m, otherwise: h }]\nhandlers: { h: [{ id: a, shell: 'true' }] }\n".into(), "play.yaml:", "`a` is taken twice"),
        ("deadlines: [{ within: 1m, otherwise: h }]\nhandlers: { h: [{ id: c, escalate: { message: x } }] }\n".into(), "play.yaml:3:", "no `contacts`"),
    ];
    for (head, at, what) in cases {
        let place = Place::new();
        place.file("playbooks/s/system.yaml", "title: s\n");
        place.file("playbooks/s/play.yaml", &format!("title: t\n{head}{steps}"));
        let said = place.toban(&["check", "s/play", "--lang", "en"]);
        let all = [said.out, said.err].concat();
        assert!(said.code == 2 && all.contains(at) && all.contains(what), "{head}: {all}");
    }
}
