//! The machine against every way the world can answer: a small enumeration of single transitions, and random
//! playbooks driven by random answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Map, json};

use super::machine::Phase;
use super::{Command, Input, Machine, UnitRef};
use crate::event::{Event, Failure, Kind, Outcome, Reply, RunOutcome};
use crate::plan::{Facts, Plan, Results, RunFacts, compile};
use crate::template::Engine;

fn plan(yaml: &str) -> Arc<Plan> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("p.yaml");
    std::fs::write(&path, yaml).expect("written");
    let name = path.to_string_lossy().into_owned();
    let mut loaded = crate::lang::load(&name, None, Path::new("/"), None)
        .unwrap_or_else(|mistakes| panic!("{}", crate::diag::render(&mistakes, false)));
    Arc::new(compile(&mut loaded).expect("a plan"))
}

fn steps(body: &str) -> Arc<Plan> {
    plan(&format!("title: t\nsteps:\n{body}"))
}

fn run_facts() -> RunFacts {
    RunFacts {
        id: "20260301T000000Z-aaaaaa".into(),
        started: Timestamp::UNIX_EPOCH,
        operator: "operator".into(),
        state: "/state".into(),
        dir: "/state/runs/x".into(),
        scratch_dir: "/state/runs/x/scratch".into(),
        previous: None,
        approved_by: Vec::new(),
        inputs: Map::new(),
        secret_inputs: Vec::new(),
        names: Default::default(),
    }
}

/// A machine with the world it stands in.
struct World {
    machine: Machine,
    events: Vec<Event>,
    now: Timestamp,
    running: BTreeSet<UnitRef>,
    asking: BTreeSet<UnitRef>,
    permits: usize,
    outcome: Option<RunOutcome>,
    /// How many units each sync reserves.
    ahead: usize,
    /// How many of the facts a power cut would leave.
    synced: usize,
}

impl World {
    fn new(plan: &Arc<Plan>, jobs: u32) -> World {
        World::reserving(plan, jobs, 0)
    }

    fn reserving(plan: &Arc<Plan>, jobs: u32, ahead: usize) -> World {
        let machine = Machine::new(Arc::clone(plan), Arc::new(Engine::new()), run_facts(), jobs);
        let mut world = World {
            machine,
            events: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
            running: BTreeSet::new(),
            asking: BTreeSet::new(),
            permits: 0,
            outcome: None,
            ahead: 0,
            synced: 0,
        };
        world.ahead = ahead;
        world.tell(Input::Begin);
        world
    }

    fn tell(&mut self, input: Input) {
        self.now = self.now.checked_add(SignedDuration::from_secs(1)).expect("a time");
        let mut batch = self.machine.decide(input, self.now);
        loop {
            let ready = self.machine.take_ready();
            if ready.is_empty() {
                break;
            }
            for unit in ready {
                batch.extend(
                    self.machine.decide(Input::Prepared { unit, result: Ok(String::new()) }, self.now),
                );
            }
        }
        let sync = self.machine.must_sync();
        if sync {
            batch.extend(self.machine.reserve(self.ahead, self.now));
        }
        self.events.extend(batch.iter().cloned());
        if sync {
            self.synced = self.events.len();
        }
        for command in self.machine.effects(&batch) {
            match command {
                Command::Start { unit, permit } => {
                    self.is_on_disk(unit);
                    assert_eq!(permit.unit(), &self.machine.name(unit));
                    assert!(self.running.insert(unit), "{unit:?} started twice at once");
                    self.permits += 1;
                }
                Command::Ask { unit, .. } => assert!(self.asking.insert(unit), "{unit:?} asked twice"),
                Command::Finish(outcome) => self.outcome = Some(outcome),
                Command::WakeAt(_) | Command::Terminate => {}
            }
        }
    }

    /// Whoever reads what a power cut leaves knows that the unit may have begun, and that all it waited for ended.
    fn is_on_disk(&self, unit: UnitRef) {
        let name = self.machine.name(unit);
        let (mut may_have_begun, mut ended) = (BTreeSet::new(), BTreeSet::new());
        for event in &self.events[..self.synced] {
            match &event.kind {
                Kind::Reserved { units } => {
                    may_have_begun.retain(|(_, began)| *began);
                    may_have_begun.extend(units.iter().map(|unit| (unit, false)));
                }
                Kind::AttemptStarted { unit, .. } => {
                    may_have_begun.remove(&(unit, false));
                    may_have_begun.insert((unit, true));
                }
                Kind::AttemptEnded { unit, .. } => drop(may_have_begun.remove(&(unit, true))),
                Kind::StepEnded { step, .. }
                | Kind::Opened { step, .. }
                | Kind::Skipped { step, .. }
                | Kind::Blocked { step, .. } => drop(ended.insert(step)),
                _ => {}
            }
        }
        assert!(may_have_begun.iter().any(|(known, _)| **known == name), "{name} is not on disk");
        let plan = self.machine.plan();
        for (need, _) in plan.graph.needs(unit.node) {
            let need = &plan.at(need).id;
            assert!(ended.contains(need), "{name} starts, and a power cut forgets the end of {need}");
        }
    }

    fn unit(&self, id: &str) -> UnitRef {
        let node = self.machine.plan().node(&crate::base::StepId::new(id)).expect("a step");
        UnitRef { node, item: None }
    }

    fn report(&mut self, unit: UnitRef, failure: Option<Failure>) {
        assert!(self.running.remove(&unit), "{unit:?} does not run");
        let results = Results { failure, ..Results::default() };
        self.tell(Input::Reported { unit, results, withheld: Vec::new() });
    }

    fn succeed(&mut self, id: &str) {
        let unit = self.unit(id);
        self.report(unit, None);
    }

    fn fail(&mut self, id: &str) {
        let unit = self.unit(id);
        self.report(unit, Some(Failure::Exit { code: 3 }));
    }

    fn outcome_of(&self, id: &str) -> Option<Outcome> {
        self.machine.outcome(self.unit(id).node)
    }

    fn runs(&self) -> Vec<String> {
        self.running.iter().map(|u| self.machine.name(*u).to_string()).collect()
    }
}

#[test]
fn a_step_without_needs_follows_the_step_above_it() {
    let mut world = World::new(&steps("  - {id: a, shell: 'true'}\n  - {id: b, shell: 'true'}\n"), 4);
    assert_eq!(world.runs(), ["a"]);
    world.succeed("a");
    assert_eq!(world.runs(), ["b"]);
    world.succeed("b");
    assert_eq!(world.outcome, Some(RunOutcome::Ok));
}

#[test]
fn a_failure_blocks_what_needs_it_and_the_rest_finishes() {
    let mut world = World::new(
        &steps(
            "  - {id: a, shell: 'true'}\n  - {id: b, shell: 'true'}\n  - {id: c, needs: [], shell: 'true'}\n",
        ),
        4,
    );
    world.fail("a");
    assert_eq!(world.outcome_of("b"), Some(Outcome::Blocked));
    assert_eq!(world.outcome, None);
    world.succeed("c");
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
}

#[test]
fn after_waits_for_an_end_and_not_for_a_success() {
    let body = "  - {id: a, shell: 'true'}\n  - {id: b, needs: [], after: [a], shell: 'true'}\n";
    let mut world = World::new(&steps(body), 4);
    assert_eq!(world.runs(), ["a"]);
    world.fail("a");
    assert_eq!(world.runs(), ["b"]);
}

#[test]
fn a_failure_that_its_author_excuses_lets_the_run_end_with_warnings() {
    let mut world =
        World::new(&steps("  - {id: a, on_error: continue, shell: 'true'}\n  - {id: b, shell: 'true'}\n"), 4);
    world.fail("a");
    world.succeed("b");
    assert_eq!(world.outcome, Some(RunOutcome::Warned));
    assert_eq!(world.outcome_of("a"), Some(Outcome::Failed));
}

#[test]
fn a_condition_sees_how_a_step_ended_and_null_for_what_it_never_gave() {
    let body = "  - {id: a, when: 'false', shell: 'true'}\n  - {id: b, when: 'steps.a.stdout is none', shell: 'true'}\n  - {id: c, when: \"steps.a.state == 'ok'\", shell: 'true'}\n";
    let mut world = World::new(&steps(body), 4);
    assert_eq!(world.outcome_of("a"), Some(Outcome::Skipped));
    assert_eq!(world.runs(), ["b"]);
    world.succeed("b");
    assert_eq!(world.outcome_of("c"), Some(Outcome::Skipped));
    assert_eq!(world.outcome, Some(RunOutcome::Ok));
}

#[test]
fn a_retry_waits_its_pause_and_ends_with_its_attempts() {
    let body = "  - {id: a, retry: {attempts: 3, delay: 10s, backoff: 2}, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 1);
    world.fail("a");
    assert!(world.runs().is_empty());
    world.tell(Input::Wake);
    assert!(world.runs().is_empty(), "one second is not ten");
    world.now = world.now.checked_add(SignedDuration::from_secs(10)).expect("a time");
    world.tell(Input::Wake);
    world.fail("a");
    let pauses: Vec<i64> = world
        .events
        .iter()
        .filter_map(|e| match e.kind {
            Kind::RetryPlanned { not_before, .. } => Some(not_before.duration_since(e.at).as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(pauses, [10, 20]);
    world.now = world.now.checked_add(SignedDuration::from_secs(20)).expect("a time");
    world.tell(Input::Wake);
    world.fail("a");
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
    assert_eq!(world.permits, 3);
}

#[test]
fn a_loop_runs_as_many_items_at_once_as_it_may_and_stops_when_told() {
    let body = "  - {id: a, for_each: {list: [1, 2, 3, 4], max_parallel: 2, stop: [exit_code == 0]}, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 8);
    assert_eq!(world.runs(), ["a[0]", "a[1]"]);
    let node = world.unit("a").node;
    let mut gives = Map::new();
    gives.insert("exit_code".into(), json!(0));
    let first = UnitRef { node, item: Some(0) };
    world.running.remove(&first);
    let results = Results { gives, ..Results::default() };
    world.tell(Input::Reported { unit: first, results, withheld: Vec::new() });
    assert_eq!(world.runs(), ["a[1]"]);
    world.report(UnitRef { node, item: Some(1) }, None);
    assert_eq!(world.outcome, Some(RunOutcome::Ok));
    assert_eq!(world.permits, 2);
}

#[test]
fn a_no_refuses_the_step_blocks_what_needs_it_and_never_gives_a_permit() {
    let body = "  - {id: a, effect: destroy, shell: 'rm -r /x'}\n  - {id: b, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 4);
    assert!(world.runs().is_empty());
    let unit = world.unit("a");
    assert!(world.asking.contains(&unit));
    world.tell(Input::Answered {
        unit,
        reply: Reply::No { because: "no terminal".into() },
        by: "nobody".into(),
    });
    assert_eq!(world.outcome_of("a"), Some(Outcome::Refused));
    assert_eq!(world.outcome_of("b"), Some(Outcome::Blocked));
    assert_eq!(world.outcome, Some(RunOutcome::Refused));
    assert_eq!(world.permits, 0);
}

#[test]
fn a_manual_step_is_done_by_its_answer_and_judged_by_its_evidence() {
    let body = "  - id: a\n    manual: {instruction: 見る, evidence: {red: {type: integer}}}\n    expect: evidence.red == 0\n";
    for (red, outcome) in [(0, RunOutcome::Ok), (2, RunOutcome::Failed)] {
        let mut world = World::new(&steps(body), 4);
        let unit = world.unit("a");
        let evidence = [("red".to_string(), json!(red))].into_iter().collect();
        let reply = Reply::Manual { answer: "done".into(), evidence, note: None };
        world.tell(Input::Answered { unit, reply, by: "佐藤".into() });
        assert_eq!(world.outcome, Some(outcome));
        assert_eq!(world.permits, 0);
    }
}

#[test]
fn a_stop_starts_nothing_more_and_waits_for_what_runs() {
    let body =
        "  - {id: a, shell: 'true'}\n  - {id: b, needs: [], shell: 'true'}\n  - {id: c, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 1);
    assert_eq!(world.runs(), ["a"]);
    world.tell(Input::Stop { by: "SIGINT".into() });
    assert_eq!(world.outcome, None);
    let unit = world.unit("a");
    world.report(unit, Some(Failure::Cancelled));
    assert_eq!(world.outcome, Some(RunOutcome::Cancelled));
    assert_eq!(world.permits, 1);
}

#[test]
fn a_group_is_skipped_with_all_it_holds_and_ends_as_its_worst_step() {
    let body = "  - id: g\n    when: 'false'\n    steps:\n      - {id: a, shell: 'true'}\n  - id: h\n    steps:\n      - {id: b, shell: 'true'}\n      - {id: c, shell: 'true'}\n  - {id: d, shell: 'true'}\n";
    let mut world = World::new(&steps(body), 4);
    assert_eq!(world.outcome_of("a"), Some(Outcome::Skipped));
    assert_eq!(world.outcome_of("g"), Some(Outcome::Skipped));
    world.succeed("b");
    world.fail("c");
    assert_eq!(world.outcome_of("h"), Some(Outcome::Failed));
    assert_eq!(world.outcome_of("d"), Some(Outcome::Blocked));
    assert_eq!(world.outcome, Some(RunOutcome::Failed));
}

#[test]
fn units_that_were_reserved_start_without_a_sync_of_their_own() {
    let body: String = (0..6).map(|i| format!("  - {{id: s{i}, needs: [], shell: 'true'}}\n")).collect();
    let mut world = World::reserving(&steps(&body), 2, 3);
    assert!(world.machine.has_reserved());
    let synced = world.synced;
    for id in ["s0", "s1", "s2"] {
        world.succeed(id);
    }
    assert_eq!((world.runs(), world.synced), (vec!["s3".to_string(), "s4".to_string()], synced));
    assert!(!world.machine.has_reserved());
    world.succeed("s3");
    assert_eq!(world.synced, world.events.len());
}

#[test]
fn items_that_run_one_by_one_are_not_reserved_and_a_stop_reserves_nothing() {
    let one_by_one = steps("  - {id: a, for_each: {list: [1, 2, 3, 4], max_parallel: 1}, shell: 'true'}\n");
    assert!(!World::reserving(&one_by_one, 2, 3).machine.has_reserved());
    let mut world = World::reserving(&steps("  - {id: a, for_each: [1, 2, 3, 4], shell: 'true'}\n"), 1, 3);
    assert!(world.machine.has_reserved());
    world.tell(Input::Stop { by: "SIGINT".into() });
    let taken_back = world.machine.reserve(3, world.now);
    assert_eq!(taken_back.map(|e| e.kind), Some(Kind::Reserved { units: Vec::new() }));
    assert!(!world.machine.has_reserved());
}

/// A random playbook: each step with needs among those above it.
fn random_playbook() -> impl Strategy<Value = String> {
    let step = (any::<u16>(), 0u8..6, any::<bool>(), 0u8..4);
    proptest::collection::vec(step, 1..14).prop_map(|steps| {
        let mut text = String::from("title: t\nsteps:\n");
        for (i, (mask, kind, excused, order)) in steps.iter().enumerate() {
            let above: Vec<String> =
                (0..i).filter(|j| mask >> (j % 16) & 1 == 1).map(|j| format!("s{j}")).collect();
            text.push_str(&format!("  - id: s{i}\n"));
            match order {
                0 => {}
                1 => text.push_str("    needs: above\n"),
                2 => text.push_str(&format!("    needs: []\n    after: [{}]\n", above.join(", "))),
                _ => text.push_str(&format!("    needs: [{}]\n", above.join(", "))),
            }
            if *excused {
                text.push_str("    on_error: continue\n");
            }
            text.push_str(match kind {
                0 => "    effect: destroy\n    shell: 'true'\n",
                1 => "    for_each: [1, 2, 3]\n    shell: 'true'\n",
                2 => "    retry: {attempts: 2, delay: 1s}\n    shell: 'true'\n",
                3 => "    when: 'false'\n    shell: 'true'\n",
                _ => "    shell: 'true'\n",
            });
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_run_ends_starts_nothing_too_early_and_is_the_fold_of_its_facts(
        yaml in random_playbook(),
        choices in proptest::collection::vec(any::<u8>(), 200),
        jobs in 1u32..5,
        stop_at in proptest::option::of(0usize..20),
        ahead in 0usize..8,
    ) {
        let plan = plan(&yaml);
        let mut world = World::reserving(&plan, jobs, ahead);
        let mut turn = 0;
        while world.outcome.is_none() {
            prop_assert!(turn < 200, "the run does not end:\n{}", yaml);
            prop_assert!(world.running.len() <= jobs as usize);
            if stop_at == Some(turn) {
                world.tell(Input::Stop { by: "SIGINT".into() });
            }
            one_turn(&mut world, choices[turn % choices.len()]);
            turn += 1;
        }
        prop_assert!(world.running.is_empty());
        orderly(&world, &plan);
        let mut again = Machine::new(Arc::clone(&plan), Arc::new(Engine::new()), run_facts(), jobs);
        world.events.iter().for_each(|e| again.fold(e));
        for ix in 0..plan.nodes.len() as u32 {
            let (was, is) = (world.machine.node(ix).phase, again.node(ix).phase);
            let both_open = !matches!(was, Phase::Ended(_)) && !matches!(is, Phase::Ended(_));
            prop_assert!(was == is || both_open, "{:?} folded to {:?}", was, is);
        }
    }
}

/// The world answers one thing, chosen by a byte.
fn one_turn(world: &mut World, choice: u8) {
    let asked = world.asking.iter().next().copied();
    let running: Vec<UnitRef> = world.running.iter().copied().collect();
    if let Some(unit) = asked.filter(|_| choice.is_multiple_of(3) || running.is_empty()) {
        world.asking.remove(&unit);
        let reply = if choice.is_multiple_of(2) { Reply::Yes } else { Reply::No { because: "no".into() } };
        world.tell(Input::Answered { unit, reply, by: "operator".into() });
    } else if let Some(unit) = running.get(choice as usize % running.len().max(1)) {
        let failed = choice.is_multiple_of(4);
        world.report(*unit, failed.then_some(Failure::Exit { code: 1 }));
    } else {
        world.tell(Input::Wake);
    }
}

/// No attempt began before what its step needs had ended well, and facts have no gaps.
fn orderly(world: &World, plan: &Plan) {
    let mut ended: BTreeMap<String, Outcome> = BTreeMap::new();
    for (i, event) in world.events.iter().enumerate() {
        assert_eq!(event.seq, i as u64);
        match &event.kind {
            Kind::StepEnded { step, outcome, .. } => drop(ended.insert(step.to_string(), *outcome)),
            Kind::Skipped { step, .. } => drop(ended.insert(step.to_string(), Outcome::Skipped)),
            Kind::Blocked { step, .. } => drop(ended.insert(step.to_string(), Outcome::Blocked)),
            Kind::AttemptStarted { unit, .. } => {
                let node = plan.node(&unit.step).expect("a step");
                for (need, why) in plan.graph.needs(node) {
                    let need = plan.at(need);
                    let outcome = ended.get(need.id.as_str()).copied();
                    let excused = need.step.on_error == crate::model::OnError::Continue;
                    let fine = match why {
                        crate::graph::Why::After => outcome.is_some(),
                        _ => outcome.is_some_and(|o| o.lets_follow() || (excused && o == Outcome::Failed)),
                    };
                    assert!(fine, "{} began although {} had {outcome:?}", unit, need.id);
                }
            }
            _ => {}
        }
    }
}
