//! What is done when something failed, and at the end.

use serde_json::{Value, json};

use super::tests::{World, plan, steps};
use super::{Input, Phase, UnitRef};
use crate::base::StepId;
use crate::event::{Failure, Kind, Outcome, Reply, RunOutcome};
use crate::plan::Facts;

fn node(world: &World, id: &str) -> u32 {
    world.machine.plan().node(&StepId::new(id)).unwrap_or_else(|| panic!("no step {id}"))
}

fn item(world: &World, id: &str, item: u32) -> UnitRef {
    UnitRef { node: node(world, id), item: Some(item) }
}

fn stop(world: &mut World, at_once: bool) {
    world.tell(Input::Stop { by: "SIGINT".into(), at_once });
}

/// Every attempt that was started, in order.
fn started(world: &World) -> Vec<String> {
    let unit = |kind: &Kind| match kind {
        Kind::AttemptStarted { unit, .. } => Some(unit.to_string()),
        _ => None,
    };
    world.events.iter().filter_map(|event| unit(&event.kind)).collect()
}

#[test]
fn what_was_done_is_taken_back_the_last_first_and_only_that() {
    let body = "  - {id: a, shell: 'true', undo: {shell: 'echo a'}}\n  - {id: b, needs: [], shell: 'true', undo: {shell: 'echo b'}}\n  - {id: c, needs: [a, b], shell: 'true', undo: {shell: 'echo c'}}\n  - {id: d, shell: 'true', undo: {shell: 'echo d'}}\n";
    let mut world = World::new(&steps(body), 4);
    assert_eq!(world.runs(), ["a", "b"]);
    world.succeed("b");
    world.succeed("a");
    world.fail("c");
    assert_eq!(world.outcome_of("d"), Some(Outcome::Blocked));
    for id in ["c/undo", "a/undo", "b/undo"] {
        assert_eq!(world.outcome, None);
        assert_eq!(world.runs(), [id]);
        world.succeed(id);
    }
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
    assert_eq!(world.machine.node(node(&world, "d/undo")).phase, Phase::Waiting);
}

#[test]
fn nothing_is_taken_back_of_a_run_that_went_well_but_what_is_scratch() {
    let body = "  - {id: a, shell: 'true', undo: {shell: 'echo a'}}\n  - {id: b, shell: 'true', undo: {shell: 'echo b', when: always}}\n  - {id: c, shell: 'true', undo: {shell: 'echo c', when: always}, when: 'false'}\n";
    let mut world = World::new(&steps(body), 4);
    world.succeed("a");
    world.succeed("b");
    assert_eq!(world.runs(), ["b/undo"]);
    world.succeed("b/undo");
    assert_eq!(world.outcome, Some(RunOutcome::Ok));
    assert_eq!(started(&world), ["a", "b", "b/undo"]);
}

#[test]
fn a_step_that_had_nothing_to_do_or_was_refused_is_not_taken_back() {
    let body = "  - {id: a, shell: 'true', undo: {shell: 'echo a'}}\n  - {id: b, effect: destroy, shell: 'true', undo: {shell: 'echo b'}, needs: []}\n  - {id: c, needs: [], shell: 'true'}\n";
    let mut world = World::new(&steps(body), 4);
    let (a, b) = (world.unit("a"), world.unit("b"));
    world.running.remove(&a);
    let results = crate::plan::Results { unchanged: true, ..Default::default() };
    world.tell(Input::Reported { unit: a, results, withheld: Vec::new() });
    world.tell(Input::Answered { unit: b, reply: Reply::No { because: "no".into() }, by: "o".into() });
    world.fail("c");
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
    assert_eq!(started(&world), ["a", "c"]);
}

#[test]
fn a_no_takes_nothing_back_and_the_end_is_done_all_the_same() {
    let text = "title: t\nsteps:\n  - {id: a, shell: 'true', undo: {shell: 'true'}}\n  - {id: b, effect: destroy, shell: 'true'}\nrescue:\n  - {id: r, shell: 'true'}\nalways:\n  - {id: z, shell: \"echo {{ steps.b.stdout }}\"}\n";
    let mut world = World::new(&plan(text), 4);
    world.succeed("a");
    let b = world.unit("b");
    world.tell(Input::Answered { unit: b, reply: Reply::No { because: "no".into() }, by: "o".into() });
    assert_eq!(world.outcome_of("r"), Some(Outcome::Skipped));
    assert_eq!(world.runs(), ["z"]);
    world.succeed("z");
    assert_eq!(world.outcome, Some(RunOutcome::Refused));
}

#[test]
fn rescue_and_always_run_in_list_order_each_even_if_the_one_before_failed() {
    let text = "title: t\nsteps:\n  - {id: a, shell: 'true', undo: {shell: 'true'}}\n  - {id: b, shell: 'true'}\nrescue:\n  - {id: r, shell: 'true'}\n  - {id: s, shell: 'true'}\nalways:\n  - {id: y, shell: 'true'}\n  - {id: z, shell: 'true'}\n";
    let mut world = World::new(&plan(text), 4);
    world.succeed("a");
    world.fail("b");
    for id in ["a/undo", "r", "s", "y", "z"] {
        assert_eq!(world.runs(), [id]);
        world.fail(id);
    }
    // What rescues a run does not make it one that did what it was to do.
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
}

#[test]
fn a_group_that_was_rescued_has_recovered_and_what_follows_goes_on() {
    let body = "  - id: g\n    steps:\n      - {id: a, shell: 'true', undo: {shell: 'true'}}\n      - {id: b, shell: 'true'}\n    rescue:\n      - {id: r, shell: \"echo {{ steps.b.exit_code }} {{ steps.b.stdout }}\"}\n    always:\n      - {id: z, shell: 'true'}\n  - {id: c, shell: 'true', when: steps.g.recovered}\n";
    for (rescue, outcome, run) in
        [(true, Outcome::Warned, RunOutcome::Warned), (false, Outcome::Failed, RunOutcome::Failed)]
    {
        let mut world = World::new(&steps(body), 4);
        world.succeed("a");
        world.fail("b");
        world.succeed("a/undo");
        if rescue {
            world.succeed("r")
        } else {
            world.fail("r")
        }
        world.succeed("z");
        assert_eq!(world.outcome_of("g"), Some(outcome));
        let recovered =
            world.machine.gives(node(&world, "g")).and_then(|gives| gives.get("recovered").cloned());
        assert_eq!(recovered, Some(json!(rescue)));
        if rescue {
            world.succeed("c");
        }
        assert_eq!(world.outcome, Some(run));
    }
}

#[test]
fn a_rescue_that_did_nothing_or_an_undo_that_failed_is_no_recovery() {
    let body = |when: &str| {
        format!(
            "  - id: g\n    steps:\n      - {{id: a, shell: 'true', undo: {{shell: 'true'}}}}\n      - {{id: b, shell: 'true'}}\n    rescue:\n      - {{id: r, shell: 'true', when: '{when}'}}\n"
        )
    };
    let mut world = World::new(&steps(&body("false")), 4);
    world.succeed("a");
    world.fail("b");
    world.succeed("a/undo");
    assert_eq!(world.outcome_of("g"), Some(Outcome::Failed));
    let mut world = World::new(&steps(&body("true")), 4);
    world.succeed("a");
    world.fail("b");
    world.fail("a/undo");
    world.succeed("r");
    assert_eq!(world.outcome_of("g"), Some(Outcome::Failed));
}

#[test]
fn a_group_that_went_well_is_taken_back_when_what_holds_it_fails() {
    let body = "  - id: g\n    steps:\n      - {id: a, shell: 'true', undo: {shell: 'true'}}\n      - {id: s, shell: 'true', undo: {shell: 'true', when: always}}\n  - {id: b, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 4);
    world.succeed("a");
    world.succeed("s");
    world.succeed("s/undo");
    assert_eq!(world.outcome_of("g"), Some(Outcome::Ok));
    world.fail("b");
    world.succeed("a/undo");
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
    assert_eq!(started(&world), ["a", "s", "s/undo", "b", "a/undo"]);
}

#[test]
fn after_a_stop_what_was_done_is_taken_back_and_the_ends_of_all_that_began_are_done() {
    let text = "title: t\nsteps:\n  - {id: a, shell: 'true', undo: {shell: 'true'}}\n  - id: g\n    steps:\n      - {id: b, shell: 'true', undo: {shell: 'true'}}\n      - {id: c, shell: 'true'}\n    rescue: [{id: r, shell: 'true'}]\n    always: [{id: y, shell: 'true'}]\n  - id: h\n    steps: [{id: d, shell: 'true'}]\n    always: [{id: w, shell: 'true'}]\nrescue: [{id: q, shell: 'true'}]\nalways:\n  - {id: z, shell: \"echo {{ steps.d.state }}\"}\n  - id: zz\n    steps: [{id: last, shell: 'true'}]\n    always: [{id: very_last, shell: 'true'}]\n";
    let mut world = World::new(&plan(text), 4);
    world.succeed("a");
    assert_eq!(world.runs(), ["b"]);
    stop(&mut world, false);
    assert_eq!(world.outcome, None);
    let b = world.unit("b");
    world.report(b, Some(Failure::Cancelled));
    for id in ["b/undo", "y", "a/undo", "z", "last", "very_last"] {
        assert_eq!(world.runs(), [id]);
        world.succeed(id);
    }
    assert_eq!(world.outcome, Some(RunOutcome::Cancelled));
    assert_eq!(world.machine.node(node(&world, "d")).phase, Phase::GivenUp);
    assert_eq!(world.machine.node(node(&world, "w")).phase, Phase::GivenUp);
}

#[test]
fn a_second_stop_leaves_the_end_out_too() {
    let text = "title: t\nsteps:\n  - {id: a, shell: 'true', undo: {shell: 'true'}}\nalways:\n  - {id: y, shell: 'true'}\n  - {id: z, shell: 'true'}\n";
    let mut world = World::new(&plan(text), 4);
    stop(&mut world, false);
    let a = world.unit("a");
    world.report(a, Some(Failure::Cancelled));
    world.succeed("a/undo");
    assert_eq!(world.runs(), ["y"]);
    let y = world.unit("y");
    assert!(!world.machine.is_stopped(y.node));
    stop(&mut world, true);
    assert!(world.machine.is_stopped(y.node));
    world.report(y, Some(Failure::Cancelled));
    assert_eq!(world.outcome, Some(RunOutcome::Cancelled));
    assert_eq!(started(&world), ["a", "a/undo", "y"]);
}

#[test]
fn a_loop_is_taken_back_item_by_item_the_last_done_first() {
    let body = "  - {id: l, for_each: [x, y, z], shell: 'echo {{ item }}', undo: {shell: 'echo {{ item }} {{ index }}'}}\n  - {id: b, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 2);
    for (i, failed) in [(1, false), (0, true), (2, false)] {
        let unit = item(&world, "l", i);
        world.report(unit, failed.then_some(Failure::Exit { code: 1 }));
    }
    for i in [2, 0, 1] {
        let unit = item(&world, "l/undo", i);
        assert_eq!(world.running.iter().copied().collect::<Vec<_>>(), [unit]);
        let machine = &world.machine;
        let prepared = machine
            .renderer()
            .prepare(unit.node, machine.item(unit), machine, &Default::default())
            .expect("it renders");
        assert_eq!(prepared.preview, format!("echo '{}' '{i}'", ["x", "y", "z"][i as usize]));
        world.report(unit, None);
    }
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
}

#[test]
fn each_iteration_of_a_loop_over_steps_takes_back_what_it_did() {
    let body = "  - id: g\n    for_each: {list: [1, 2], max_parallel: 1}\n    steps:\n      - {id: a, shell: 'true', undo: {shell: 'echo {{ item }}', when: always}}\n      - {id: b, shell: 'true'}\n    rescue: [{id: r, shell: 'true'}]\n    always: [{id: z, shell: 'true'}]\n  - {id: c, shell: 'true', when: 'steps.g.items[0].recovered'}\n";
    let mut world = World::new(&steps(body), 4);
    for (i, failed) in [(0, true), (1, false)] {
        world.succeed(&format!("g[{i}]/a"));
        if failed {
            world.fail(&format!("g[{i}]/b"))
        } else {
            world.succeed(&format!("g[{i}]/b"))
        }
        world.succeed(&format!("g[{i}]/a/undo"));
        if failed {
            world.succeed(&format!("g[{i}]/r"));
        }
        world.succeed(&format!("g[{i}]/z"));
    }
    let items = world.machine.gives(node(&world, "g")).expect("what it gave")["items"].clone();
    assert_eq!(items[0]["recovered"], Value::Bool(true));
    world.succeed("c");
    assert_eq!(world.outcome, Some(RunOutcome::Warned));
}

#[test]
fn the_end_of_a_skipped_or_blocked_group_is_not_done() {
    let body = "  - {id: a, shell: 'true'}\n  - id: g\n    steps: [{id: b, shell: 'true'}]\n    always: [{id: y, shell: 'true'}]\n  - id: h\n    needs: []\n    when: 'false'\n    steps: [{id: c, shell: 'true'}]\n    always: [{id: z, shell: 'true'}]\n";
    let mut world = World::new(&steps(body), 4);
    world.fail("a");
    assert_eq!(world.outcome_of("y"), Some(Outcome::Blocked));
    assert_eq!(world.outcome_of("z"), Some(Outcome::Skipped));
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
}
