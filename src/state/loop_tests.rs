//! Loops over steps: each item makes its own steps.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::tests::{World, run_facts, steps};
use super::{Input, Machine};
use crate::event::{Event, Kind, Outcome, Reply, RunOutcome};
use crate::plan::{Facts, Results};
use crate::template::Engine;

const RESTORE: &str = "  - id: restore\n    for_each: [red, blue]\n    steps:\n      - {id: load, shell: 'echo {{ item }}'}\n      - {id: swap, shell: 'echo {{ steps.load.stdout }}'}\n  - {id: done, shell: 'true', expect: 'steps.restore.items[1].state == \"failed\"'}\n";

fn gives(world: &mut World, id: &str, gives: &[(&str, Value)]) {
    let unit = world.unit(id);
    assert!(world.running.remove(&unit), "{id} does not run");
    let gives: Map<String, Value> = gives.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
    let results = Results { gives, ..Results::default() };
    world.tell(Input::Reported { unit, results, withheld: Vec::new() });
}

#[test]
fn each_item_makes_its_own_steps_and_its_own_results() {
    let mut world = World::new(&steps(RESTORE), 8);
    assert_eq!(world.runs(), ["restore[0]/load", "restore[1]/load"]);
    gives(&mut world, "restore[1]/load", &[("stdout", json!("b"))]);
    assert_eq!(world.runs(), ["restore[0]/load", "restore[1]/swap"]);
    let swap = world.unit("restore[1]/swap");
    let machine = &world.machine;
    let prepared = machine
        .renderer()
        .prepare(swap.node, None, machine, &crate::plan::Secrets::default())
        .expect("it renders");
    assert_eq!(prepared.preview, "echo 'b'");
    world.fail("restore[1]/swap");
    assert_eq!(world.outcome_of("restore[1]"), Some(Outcome::Failed));
    gives(&mut world, "restore[0]/load", &[("stdout", json!("r"))]);
    world.succeed("restore[0]/swap");
    assert_eq!(world.outcome_of("restore"), Some(Outcome::Failed));
    assert_eq!(world.outcome_of("done"), Some(Outcome::Blocked));
    let restore = world.unit("restore").node;
    let items = world.machine.gives(restore).expect("what it gave")["items"].clone();
    assert_eq!((&items[0]["state"], &items[1]["state"]), (&json!("ok"), &json!("failed")));
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
}

#[test]
fn as_many_iterations_are_under_way_as_the_loop_allows() {
    let body = "  - id: g\n    for_each: {list: [1, 2, 3], max_parallel: 1}\n    steps:\n      - {id: a, shell: 'true'}\n      - {id: b, needs: [], shell: 'true'}\n";
    let mut world = World::new(&steps(body), 8);
    for i in 0..3 {
        assert_eq!(world.runs(), [format!("g[{i}]/a"), format!("g[{i}]/b")]);
        world.succeed(&format!("g[{i}]/a"));
        if i == 1 { world.fail("g[1]/b") } else { world.succeed(&format!("g[{i}]/b")) }
    }
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
}

#[test]
fn a_loop_over_steps_ends_early_by_what_its_steps_gave() {
    let body = "  - id: g\n    for_each: {list: [1, 2, 3], max_parallel: 1, stop: \"steps.a.stdout == 'found' and state == 'ok'\"}\n    steps:\n      - {id: a, shell: 'true'}\n  - {id: z, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 8);
    gives(&mut world, "g[0]/a", &[("stdout", json!("no"))]);
    gives(&mut world, "g[1]/a", &[("stdout", json!("found"))]);
    assert_eq!(world.outcome_of("g[2]/a"), Some(Outcome::Skipped));
    assert_eq!(world.outcome_of("g[2]"), Some(Outcome::Skipped));
    assert_eq!(world.outcome_of("g"), Some(Outcome::Ok));
    assert_eq!(world.runs(), ["z"]);
}

#[test]
fn a_step_that_destroys_is_asked_about_in_every_iteration() {
    let body = "  - id: g\n    for_each: [1, 2]\n    steps:\n      - {id: a, effect: destroy, shell: 'rm -r /x{{ item }}'}\n      - {id: b, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 8);
    let asked: Vec<String> = world.asking.iter().map(|unit| world.machine.name(*unit).to_string()).collect();
    assert_eq!(asked, ["g[0]/a", "g[1]/a"]);
    let (first, second) = (world.unit("g[0]/a"), world.unit("g[1]/a"));
    world.tell(Input::Answered { unit: first, reply: Reply::No { because: String::new() }, by: "o".into() });
    world.tell(Input::Answered { unit: second, reply: Reply::Yes, by: "o".into() });
    assert_eq!(world.runs(), ["g[1]/a"]);
    world.succeed("g[1]/a");
    world.succeed("g[1]/b");
    assert_eq!(world.outcome_of("g[0]/b"), Some(Outcome::Blocked));
    assert_eq!(world.outcome, Some(RunOutcome::Refused));
    assert_eq!(world.permits, 2);
}

#[test]
fn a_loop_in_a_loop_sees_both_and_its_items_may_come_from_a_step_beside_it() {
    let body = "  - id: g\n    for_each: [1, 2]\n    steps:\n      - {id: list, shell: 'true'}\n      - id: h\n        for_each: '{{ steps.list.lines }}'\n        steps:\n          - {id: a, shell: 'echo {{ item }} {{ steps.list.lines | length }}'}\n";
    let mut world = World::new(&steps(body), 8);
    gives(&mut world, "g[0]/list", &[("lines", json!(["x", "y"]))]);
    gives(&mut world, "g[1]/list", &[("lines", json!([]))]);
    assert_eq!(world.runs(), ["g[0]/h[0]/a", "g[0]/h[1]/a"]);
    assert_eq!(world.outcome_of("g[1]/h"), Some(Outcome::Skipped));
    world.succeed("g[0]/h[1]/a");
    world.succeed("g[0]/h[0]/a");
    assert_eq!(world.outcome, Some(RunOutcome::Ok));
}

#[test]
fn a_loop_over_nothing_or_over_no_list_begins_nothing() {
    let body = |list: &str| {
        format!(
            "  - {{id: g, for_each: {list}, steps: [{{id: a, shell: 'true'}}]}}\n  - {{id: z, shell: 'true'}}\n"
        )
    };
    let world = World::new(&steps(&body("[]")), 8);
    assert_eq!(world.outcome_of("g"), Some(Outcome::Skipped));
    assert_eq!(world.runs(), ["z"]);
    let world = World::new(&steps(&body("'{{ 3 }}'")), 8);
    assert_eq!(world.outcome_of("g"), Some(Outcome::Failed));
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
}

#[test]
fn every_beginning_of_a_journal_folds_to_the_plan_that_the_run_had_then() {
    let plan = steps(RESTORE);
    let mut world = World::new(&plan, 1);
    for id in ["restore[0]/load", "restore[0]/swap", "restore[1]/load"] {
        gives(&mut world, id, &[("stdout", json!("x"))]);
    }
    for upto in 0..=world.events.len() {
        let folded = refold(&plan, &world.events[..upto]);
        let laid_out = world.events[..upto].iter().any(|e| matches!(e.kind, Kind::Expanded { .. }));
        assert_eq!(folded.plan().nodes.len() == world.machine.plan().nodes.len(), laid_out);
    }
    let folded = refold(&plan, &world.events);
    let (was, is) = (world.machine.plan(), folded.plan());
    assert!(was.nodes.iter().zip(&is.nodes).all(|(a, b)| a.id == b.id && a.frame == b.frame));
    let open = is.node(&crate::base::StepId::new("restore[1]/swap")).expect("a step");
    assert!(matches!(folded.node(open).phase, super::Phase::Waiting | super::Phase::Active));
}

fn refold(plan: &Arc<crate::plan::Plan>, events: &[Event]) -> Machine {
    let mut machine = Machine::new(Arc::clone(plan), Arc::new(Engine::new()), run_facts(), 1);
    events.iter().for_each(|event| machine.fold(event));
    machine
}
