//! The machine against every way the world can answer: a small enumeration of single transitions.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, json};

use super::{Command, Input, Machine, UnitRef};
use crate::event::{Event, Failure, Kind, Outcome, Reply, RunOutcome};
use crate::plan::{Facts, LastTold, Plan, Results, RunFacts, compile};
use crate::template::Engine;

pub(super) fn plan(yaml: &str) -> Arc<Plan> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("p.yaml");
    std::fs::write(&path, yaml).expect("written");
    let name = path.to_string_lossy().into_owned();
    let mut loaded = crate::lang::load(&name, None, Path::new("/"), None)
        .unwrap_or_else(|mistakes| panic!("{}", crate::diag::render(&mistakes, false)));
    Arc::new(compile(&mut loaded).expect("a plan"))
}

pub(super) fn steps(body: &str) -> Arc<Plan> {
    plan(&format!("title: t\nsteps:\n{body}"))
}

pub(super) fn run_facts() -> RunFacts {
    RunFacts {
        clock: Timestamp::UNIX_EPOCH,
        id: "20260301T000000Z-aaaaaa".into(),
        started: Timestamp::UNIX_EPOCH,
        operator: "operator".into(),
        state: "/state".into(),
        dir: "/state/runs/x".into(),
        scratch_dir: "/state/runs/x/scratch".into(),
        previous: None,
        last_told: LastTold::new(),
        approved_by: Vec::new(),
        inputs: Map::new(),
        secret_inputs: Vec::new(),
        names: Default::default(),
    }
}

/// A machine with the world it stands in.
pub(super) struct World {
    pub machine: Machine,
    pub events: Vec<Event>,
    pub now: Timestamp,
    pub running: BTreeSet<UnitRef>,
    pub asking: BTreeSet<UnitRef>,
    pub permits: usize,
    pub outcome: Option<RunOutcome>,
    /// How many units each sync reserves.
    pub ahead: usize,
    /// How many of the facts a power cut would leave.
    pub synced: usize,
}

impl World {
    pub fn new(plan: &Arc<Plan>, jobs: u32) -> World {
        World::reserving(plan, jobs, 0)
    }

    pub fn reserving(plan: &Arc<Plan>, jobs: u32, ahead: usize) -> World {
        let machine = Machine::new(Arc::clone(plan), Arc::new(Engine::new()), run_facts(), jobs);
        let mut world = World {
            machine,
            events: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
            running: BTreeSet::new(),
            asking: BTreeSet::new(),
            permits: 0,
            outcome: None,
            ahead,
            synced: 0,
        };
        world.tell(Input::Begin);
        world
    }

    pub fn tell(&mut self, input: Input) {
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
                    super::reserve_tests::is_on_disk(self, unit);
                    assert_eq!(permit.unit(), &self.machine.name(unit));
                    assert!(self.running.insert(unit), "{unit:?} started twice at once");
                    self.permits += 1;
                }
                Command::Ask { unit, .. } => assert!(self.asking.insert(unit), "{unit:?} asked twice"),
                Command::Finish(outcome) => self.outcome = Some(outcome),
                Command::WakeAt(_) | Command::Notify { .. } | Command::Terminate => {}
            }
        }
    }

    pub fn unit(&self, id: &str) -> UnitRef {
        let node = self.machine.plan().node(&crate::base::StepId::new(id)).expect("a step");
        UnitRef { node, item: None }
    }

    pub fn report(&mut self, unit: UnitRef, failure: Option<Failure>) {
        assert!(self.running.remove(&unit), "{unit:?} does not run");
        let results = Results { failure, ..Results::default() };
        self.tell(Input::Reported { unit, results, withheld: Vec::new() });
    }

    pub fn succeed(&mut self, id: &str) {
        let unit = self.unit(id);
        self.report(unit, None);
    }

    pub fn fail(&mut self, id: &str) {
        let unit = self.unit(id);
        self.report(unit, Some(Failure::Exit { code: 3 }));
    }

    pub fn outcome_of(&self, id: &str) -> Option<Outcome> {
        self.machine.outcome(self.unit(id).node)
    }

    pub fn runs(&self) -> Vec<String> {
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
    world.tell(Input::Stop { by: "SIGINT".into(), at_once: false });
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
