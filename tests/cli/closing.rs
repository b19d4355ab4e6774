//! What is done when something failed, and at the end: with real children, on real signals.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use toban::event::{Kind, Outcome, RunOutcome};

use crate::place::{Place, lives, said, until};

fn order(place: &Place) -> String {
    place.text("order").lines().collect::<Vec<_>>().join(" ")
}

fn begin(place: &Place, text: &str) -> Child {
    place.file("play.yaml", text);
    let mut command = place.command();
    command.args(["run", "play.yaml", "--progress", "plain"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("toban starts")
}

fn interrupt(child: &Child) {
    // SAFETY: kill takes two numbers; the child is ours and not yet reaped.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGINT) }, 0);
}

fn outcome(place: &Place) -> Option<RunOutcome> {
    place.facts().into_iter().find_map(|e| match e.kind {
        Kind::RunEnded { outcome, .. } => Some(outcome),
        _ => None,
    })
}

const FAILS: &str = "title: 切替
steps:
  - { id: quiesce, shell: echo stop >> order, undo: { when: always, shell: echo start >> order } }
  - { id: old, shell: echo old >> order, undo: { shell: 'echo old-back {{ steps.old.exit_code }} >> order' } }
  - { id: swap, for_each: [a, b], shell: 'echo swap-{{ item }} >> order', max_output: 1KiB, undo: { shell: 'echo back-{{ item }} >> order' } }
  - { id: try, shell: echo try >> order; exit 4, undo: { shell: echo try-back >> order; exit 1 } }
  - { id: never, shell: echo never >> order, undo: { shell: echo never-back >> order } }
rescue:
  - { id: tell, shell: 'echo told {{ steps.try.exit_code }} {{ steps.never.state }} >> order; exit 1' }
  - { id: tell_more, shell: 'echo told-more {{ steps.never.stdout is none }} >> order' }
always:
  - { id: clean, shell: echo clean >> order; exit 1 }
  - { id: last, shell: echo last >> order }
";

#[test]
fn a_run_that_fails_takes_back_what_it_did_then_rescues_then_clears_up() {
    let place = Place::new();
    place.file("play.yaml", FAILS);
    let said = place.toban(&["run", "play.yaml", "-j", "1", "--progress", "plain"]);
    assert_eq!(said.code, 1, "{said:?}");
    let expected = "stop old swap-a swap-b try try-back back-b back-a old-back 0 start told 4 blocked \
                    told-more true clean last";
    assert_eq!(order(&place), expected, "{said:?}");
    assert!(said.out.contains("needs try"), "{said:?}");
    assert!(place.ends().contains("try/undo=failed"), "{}", place.ends());
    assert!(said.out.contains("try/undo"), "{said:?}");
    let logs = place.toban(&["logs", "last", "old/undo"]);
    assert_eq!(logs.code, 0, "{logs:?}");
}

#[test]
fn the_plan_shows_what_would_be_taken_back_and_what_comes_at_the_end() {
    let place = Place::new();
    place.file("play.yaml", FAILS);
    let plan = place.toban(&["plan", "play.yaml"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    for text in [
        "echo start >> order",
        "at the end, whatever happens",
        "echo back-⟨item⟩ >> order",
        "echo old-back ⟨steps.old.exit_code⟩ >> order",
        "only if a step before it fails",
    ] {
        assert!(plan.out.contains(text), "{text}: {}", plan.out);
    }
    let json = place.toban(&["plan", "play.yaml", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let steps = told["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 9, "{}", json.out);
    assert_eq!((&steps[0]["undo"]["when"], &steps[5]["part"]), (&"always".into(), &"rescue".into()));
}

#[test]
fn a_group_that_recovers_lets_what_follows_go_on() {
    let place = Place::new();
    let steps = "  - id: g
    steps:
      - { id: a, shell: echo a >> order, undo: { shell: echo a-back >> order } }
      - { id: b, shell: exit 1 }
    rescue:
      - { id: r, shell: echo r >> order }
    always:
      - { id: z, shell: echo z >> order }
  - { id: c, when: steps.g.recovered, shell: echo c >> order }
";
    let said = place.run(steps, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(order(&place), "a a-back r z c");
    assert!(said.out.contains("recovered"), "{said:?}");
    assert_eq!(place.run(steps, &["--strict"]).code, 6);
}

#[test]
fn a_no_clears_up_and_takes_nothing_back_but_what_is_scratch() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t
steps:
  - { id: a, shell: echo a >> order, undo: { shell: echo a-back >> order } }
  - { id: scratch, shell: echo scratch >> order, undo: { when: always, shell: echo gone >> order } }
  - { id: wipe, effect: destroy, shell: echo wipe >> order }
rescue: [{ id: r, shell: echo r >> order }]
always: [{ id: z, shell: echo z >> order }]
",
    );
    let said = place.toban(&["run", "play.yaml"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(order(&place), "a scratch gone z");
}

const LONG: &str = "title: t
steps:
  - { id: a, shell: echo a >> order, undo: { shell: echo a-back >> order } }
  - id: g
    steps:
      - { id: b, shell: \"trap 'exit 3' TERM; echo b >> order; echo $$ > b.pid; while true; do sleep 0.05; done\", undo: { shell: echo b-back >> order } }
      - { id: c, shell: echo c >> order }
    always: [{ id: y, shell: echo y >> order }]
rescue: [{ id: r, shell: echo r >> order }]
always:
  - { id: z, shell: \"echo z >> order; echo $$ > z.pid; SLEEP\" }
  - { id: zz, shell: echo zz >> order }
";

#[test]
fn an_interrupt_ends_what_runs_then_takes_back_and_clears_up() {
    let place = Place::new();
    let child = begin(&place, &LONG.replace("SLEEP", "sleep 0.1"));
    until("the step", || place.text("b.pid").ends_with('\n'));
    interrupt(&child);
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 130, "{said:?}");
    assert_eq!(order(&place), "a b b-back y a-back z zz", "{said:?}");
    assert_eq!(outcome(&place), Some(RunOutcome::Cancelled));
    assert!(place.facts().iter().any(|e| matches!(e.kind, Kind::Closing)));
    let status = place.toban(&["status"]);
    assert!(status.out.contains("stopped"), "{status:?}");
}

#[test]
fn a_second_interrupt_kills_the_clearing_up_and_leaves_out_the_rest() {
    let place = Place::new();
    let child = begin(&place, &LONG.replace("SLEEP", "trap '' TERM; while true; do sleep 0.05; done"));
    until("the step", || place.text("b.pid").ends_with('\n'));
    interrupt(&child);
    until("the end", || place.text("z.pid").ends_with('\n'));
    let second = Instant::now();
    interrupt(&child);
    let said = said(child.wait_with_output().expect("it ends"));
    assert!(second.elapsed() < Duration::from_secs(4), "{:?}", second.elapsed());
    assert_eq!(said.code, 130, "{said:?}");
    assert_eq!(order(&place), "a b b-back y a-back z");
    assert!(!lives(&place.text("z.pid")));
    assert_eq!(outcome(&place), Some(RunOutcome::Cancelled));
    assert!(place.ends().contains("z=failed"), "{}", place.ends());
}

#[test]
fn an_interrupt_while_it_clears_up_lets_that_go_on() {
    let place = Place::new();
    let text = "title: t\nsteps: [{ id: a, shell: echo a >> order }]\nalways:\n  - { id: z, shell: echo $$ > z.pid; sleep 0.5; echo z >> order }\n  - { id: zz, shell: echo zz >> order }\n";
    let child = begin(&place, text);
    until("the end", || place.text("z.pid").ends_with('\n'));
    interrupt(&child);
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 130, "{said:?}");
    assert_eq!(order(&place), "a z zz");
    assert!(
        place.facts().iter().all(|e| !matches!(e.kind, Kind::StepEnded { outcome: Outcome::Failed, .. }))
    );
}

#[test]
fn a_saved_plan_holds_what_would_be_taken_back() {
    let place = Place::new();
    place.file("play.yaml", FAILS);
    let saved = place.toban(&["plan", "play.yaml", "-o", "saved.json"]);
    assert_eq!(saved.code, 0, "{saved:?}");
    let said = place.toban(&["run", "saved.json", "-j", "1"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(order(&place).contains("try-back back-b back-a old-back 0 start told"), "{said:?}");
}

#[test]
fn a_call_that_could_not_begin_is_one_line_and_names_no_hidden_step() {
    let place = Place::new();
    place.file("part.yaml", "title: 部分\nsteps:\n  - { id: a, shell: 'true' }\n  - id: g\n    steps:\n      - { id: b, shell: 'true' }\n  - { id: c, shell: 'true' }\n");
    place.file("play.yaml", "title: 全体\nsteps:\n  - { id: first, shell: exit 3 }\n  - { id: backup, playbook: part.yaml }\n  - { id: last, shell: 'true' }\n");
    for (lang, blocked, needs) in [("en", "blocked", "needs first"), ("ja", "見送り", "first が必要")] {
        let run = place.toban(&["run", "play.yaml", "--progress", "plain", "--lang", lang]);
        assert_eq!(run.code, 1, "{run:?}");
        let lines: Vec<&str> =
            run.out.lines().filter(|line| line.contains(&format!("  {blocked} "))).collect();
        assert_eq!(lines.len(), 2, "{run:?}");
        assert!(lines[0].contains("backup") && lines[0].contains(needs), "{lines:?}");
        assert!(lines[1].contains("last"), "{lines:?}");
        assert!(!run.out.contains("backup/"), "{run:?}");
    }
    let status = place.toban(&["status", "--lang", "en"]).out;
    assert!(status.contains("needs backup") && !status.contains("backup/ "), "{status}");
    let journal = std::fs::read_to_string(place.last_run().journal()).expect("a journal");
    assert!(!journal.contains(r#""by":["backup/"]"#), "{journal}");
    // The same where the call itself cannot begin.
    place.file("part.yaml", "title: 部分\ninputs: { n: { type: integer } }\nsteps:\n  - { id: a, shell: 'true' }\n  - { id: c, shell: 'true' }\n");
    place.file("play.yaml", "title: 全体\nsteps:\n  - { id: first, shell: echo x }\n  - { id: backup, playbook: { run: part.yaml, inputs: { n: '{{ steps.first.stdout }}' } } }\n");
    let run = place.toban(&["run", "play.yaml", "--progress", "plain", "--lang", "en"]);
    assert!(run.code == 1 && run.out.contains("backup  ") && !run.out.contains("backup/"), "{run:?}");
}

#[test]
fn what_a_call_did_is_taken_back_when_a_later_step_of_its_caller_fails() {
    let place = Place::new();
    place.file("part.yaml", "title: 部分\nsteps:\n  - { id: load, shell: echo load >> order, undo: { shell: echo load-back >> order } }\n");
    place.file("play.yaml", "title: 全体\nsteps:\n  - { id: own, shell: echo own >> order, undo: { shell: echo own-back >> order } }\n  - { id: call, playbook: part.yaml }\n  - { id: look, shell: echo look >> order; exit 3 }\n");
    assert_eq!(place.toban(&["run", "play.yaml"]).code, 1);
    assert_eq!(order(&place), "own load look load-back own-back");
}
