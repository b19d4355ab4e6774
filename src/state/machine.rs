//! The state of a run, and what others may read of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::UnitRef;
use crate::event::{Event, Gives, Kind, Outcome, Unit};
use crate::graph::Why;
use crate::plan::{Facts, NodeIx, Plan, Renderer, RunFacts};
use crate::template::Engine;

/// Where a node stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It waits for others.
    #[default]
    Waiting,
    /// Its units are under way.
    Active,
    /// It is over.
    Ended(Outcome),
    /// The run was stopped before it came to it.
    GivenUp,
}

/// Where a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitState {
    /// A person is asked about it.
    Asking,
    /// It waits for a place to run.
    Queued,
    /// It is being rendered.
    Preparing,
    /// An attempt is under way, or may be.
    Running,
    /// An attempt was under way when the engine died, and nothing was decided about it yet.
    Unknown,
    /// It waits for its next attempt.
    Retrying(Timestamp),
    /// It is over.
    Done(Outcome),
}

/// One unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct UnitFacts {
    pub state: UnitState,
    /// Attempts begun.
    pub attempts: u32,
    pub gives: Gives,
    pub seconds: f64,
    pub attempt_began: Option<Timestamp>,
}

impl UnitFacts {
    pub fn new(state: UnitState) -> UnitFacts {
        UnitFacts { state, attempts: 0, gives: Gives::new(), seconds: 0.0, attempt_began: None }
    }
}

/// What is known of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeState {
    /// Where it stands.
    pub phase: Phase,
    /// How many of the nodes it waits for are not over.
    pub(super) waiting: u32,
    /// How many of its units are rendered or run; of the beginning of a loop over steps: how many iterations are
    /// under way.
    pub(super) busy: usize,
    pub(super) units: Vec<UnitFacts>,
    /// The items of its loop.
    pub(super) items: Option<Vec<Value>>,
    pub(super) began: Option<Timestamp>,
    pub(super) gives: Gives,
    pub(super) seconds: f64,
    /// Why it was skipped, of a beginning.
    pub(super) because: Option<String>,
}

/// The state of a run.
pub struct Machine {
    pub(super) plan: Arc<Plan>,
    pub(super) engine: Arc<Engine>,
    pub(super) run: RunFacts,
    pub(super) jobs: usize,
    pub(super) nodes: Vec<NodeState>,
    pub(super) frames: Vec<Option<Map<String, Value>>>,
    /// Nodes whose needs are over and that nothing was decided about yet.
    pub(super) settled: BTreeSet<NodeIx>,
    /// Units that wait for a place to run, in the order of the files.
    pub(super) queue: BTreeSet<UnitRef>,
    /// Units that wait for a place to run and whose next attempt is on disk ahead of its beginning. After a crash these
    /// are the units without a line that may yet have begun: see [`Kind::Reserved`] for when they have.
    pub(super) reserved: BTreeSet<UnitRef>,
    /// Whether a fact that was folded has to be on disk before what follows from it is done.
    pub(super) must_sync: bool,
    /// Units being rendered or running.
    pub(super) active: usize,
    /// Units with an attempt under way.
    pub(super) running: usize,
    pub(super) left: usize,
    pub(super) stopping: bool,
    /// Nothing at all is begun any more.
    pub(super) at_once: bool,
    /// After a stop: what was not begun is given up.
    pub(super) closing: bool,
    pub(super) ended: bool,
    /// A lock was not given back in time.
    pub(super) kept_out: bool,
    /// What was done, failed half way or is unknown, and can be taken back; the last to end is the last.
    pub(super) done: Vec<UnitRef>,
    /// What took a step back, as far as it is over.
    pub(super) undone: Vec<NodeIx>,
    /// Nodes that wait until what was done before them is taken back.
    pub(super) held: BTreeSet<NodeIx>,
    /// From when the deadlines of a playbook that is called count, by the beginning of the call, where that is not it.
    pub(super) clocks: HashMap<NodeIx, Timestamp>,
    /// The numbers of the deadlines that have passed.
    pub(super) breached: BTreeSet<u32>,
    /// Questions that nobody who is not there was told of yet, and since when they stand open.
    pub(super) asked: HashMap<NodeIx, Timestamp>,
    /// How many times people are being told of something.
    pub(super) telling: usize,
    /// Since when all is done but telling people of it.
    pub(super) over_at: Option<Timestamp>,
    pub(super) seq: u64,
    pub(super) findings: Vec<Value>,
}

impl Machine {
    /// A run that has not begun. `jobs` units may run side by side.
    pub fn new(plan: Arc<Plan>, engine: Arc<Engine>, run: RunFacts, jobs: u32) -> Machine {
        let mut frames = vec![None; plan.frames.len()];
        frames[0] = Some(run.inputs.clone());
        let mut machine = Machine {
            engine,
            run,
            jobs: jobs.max(1) as usize,
            nodes: Vec::with_capacity(plan.nodes.len()),
            frames,
            settled: BTreeSet::new(),
            queue: BTreeSet::new(),
            reserved: BTreeSet::new(),
            must_sync: false,
            active: 0,
            running: 0,
            left: 0,
            stopping: false,
            at_once: false,
            closing: false,
            ended: false,
            kept_out: false,
            done: Vec::new(),
            undone: Vec::new(),
            held: BTreeSet::new(),
            clocks: HashMap::new(),
            breached: BTreeSet::new(),
            asked: HashMap::new(),
            telling: 0,
            over_at: None,
            seq: 0,
            findings: Vec::new(),
            plan,
        };
        machine.add_nodes();
        machine
    }

    /// Nodes that the plan has and the state does not yet wait for what they need.
    pub(super) fn add_nodes(&mut self) {
        for ix in self.nodes.len()..self.plan.nodes.len() {
            let over = |need: NodeIx| {
                self.nodes.get(need as usize).is_some_and(|state| matches!(state.phase, Phase::Ended(_)))
            };
            let waiting = self.plan.needs(ix as NodeIx).filter(|(need, _)| !over(*need)).count() as u32;
            self.nodes.push(NodeState { waiting, ..NodeState::default() });
            if self.plan.nodes[ix].pattern == 0 && self.plan.nodes[ix].undoes.is_none() {
                self.left += 1;
                if waiting == 0 {
                    self.settled.insert(ix as NodeIx);
                }
            }
        }
        self.frames.resize(self.plan.frames.len(), None);
    }

    /// The plan that is run.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What renders its steps.
    pub fn renderer(&self) -> Renderer<'_> {
        Renderer { plan: &self.plan, run: &self.run, engine: &self.engine }
    }

    /// What is known of a node.
    pub fn node(&self, ix: NodeIx) -> &NodeState {
        &self.nodes[ix as usize]
    }

    /// The item of a unit that is one of a loop.
    pub fn item(&self, unit: UnitRef) -> Option<(u32, &Value)> {
        let index = unit.item?;
        self.nodes[unit.node as usize].items.as_ref()?.get(index as usize).map(|value| (index, value))
    }

    /// A unit's name.
    pub fn name(&self, unit: UnitRef) -> Unit {
        Unit { step: self.plan.at(unit.node).id.clone(), item: unit.item }
    }

    /// A unit by its name.
    pub fn unit(&self, name: &Unit) -> Option<UnitRef> {
        self.plan.node(&name.step).map(|node| UnitRef { node, item: name.item })
    }

    /// Attempts begun at a unit.
    pub fn attempts(&self, unit: UnitRef) -> u32 {
        self.facts(unit).map_or(0, |u| u.attempts)
    }

    /// When the next pause before an attempt is over, or somebody has to be told something.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let awake = self.nodes.iter().enumerate().filter(|(ix, _)| !self.is_stopped(*ix as NodeIx));
        let units = awake.flat_map(|(_, node)| &node.units);
        let pauses =
            units.filter_map(|unit| if let UnitState::Retrying(at) = unit.state { Some(at) } else { None });
        pauses.chain(self.next_notice()).chain(self.next_deadline()).min()
    }

    pub(super) fn facts(&self, unit: UnitRef) -> Option<&UnitFacts> {
        self.nodes[unit.node as usize].units.get(unit.item.unwrap_or(0) as usize)
    }

    pub(super) fn facts_mut(&mut self, unit: UnitRef) -> Option<&mut UnitFacts> {
        self.nodes[unit.node as usize].units.get_mut(unit.item.unwrap_or(0) as usize)
    }

    /// Every unit of an active node.
    pub(super) fn units(&self, node: NodeIx) -> impl Iterator<Item = UnitRef> + use<> {
        let state = &self.nodes[node as usize];
        let looped = state.items.is_some();
        (0..state.units.len() as u32).map(move |i| UnitRef { node, item: looped.then_some(i) })
    }

    /// Makes a fact about the run as a whole from which nothing follows for its steps: of locks, windows, and who
    /// cancels. Nothing is begun because of it; the caller writes it before it shows it.
    pub fn note(&mut self, kind: Kind, at: Timestamp) -> Event {
        let event = Event { seq: self.seq, at, kind };
        self.fold(&event);
        event
    }

    /// Makes a fact, folds it, and appends it to the others.
    pub(super) fn emit(&mut self, kind: Kind, at: Timestamp, events: &mut Vec<Event>) {
        events.push(self.note(kind, at));
    }

    /// The nodes that a node needs and that did not let it follow.
    pub(super) fn blockers(&self, ix: NodeIx) -> Vec<NodeIx> {
        let blocks =
            |(need, why): (NodeIx, Why)| (why != Why::After && !self.lets_follow(need)).then_some(need);
        match self.plan.chosen.is_all() {
            true => self.plan.needs(ix).filter_map(blocks).collect(),
            false => self.plan.needs_kept(ix).into_iter().filter_map(blocks).collect(),
        }
    }

    /// Whether what needs a node may go on after it.
    pub(super) fn lets_follow(&self, ix: NodeIx) -> bool {
        match self.nodes[ix as usize].phase {
            Phase::Ended(outcome) => outcome.lets_follow() || self.is_excused(ix, outcome),
            _ => false,
        }
    }

    /// Whether a node failed but its author said to go on.
    pub(super) fn is_excused(&self, ix: NodeIx, outcome: Outcome) -> bool {
        outcome == Outcome::Failed && self.plan.at(ix).step.on_error == crate::model::OnError::Continue
    }
}

impl Facts for Machine {
    fn outcome(&self, node: NodeIx) -> Option<Outcome> {
        match self.nodes[node as usize].phase {
            Phase::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }

    fn gives(&self, node: NodeIx) -> Option<&Gives> {
        Some(&self.nodes[node as usize].gives)
    }

    fn seconds(&self, node: NodeIx) -> f64 {
        self.nodes[node as usize].seconds
    }

    fn inputs(&self, frame: u32) -> Option<&Map<String, Value>> {
        self.frames[frame as usize].as_ref()
    }

    fn findings(&self) -> Vec<Value> {
        self.findings.clone()
    }
}

/// What a loop gives: one entry an item.
pub(super) fn loop_gives(state: &NodeState) -> Gives {
    let items = state.units.iter().map(|unit| {
        let outcome = match unit.state {
            UnitState::Done(outcome) => Some(outcome),
            _ => None,
        };
        one_of_loop(&unit.gives, outcome, unit.seconds)
    });
    items_of_loop(items.collect())
}

/// What one item of a loop gives.
pub(super) fn one_of_loop(gives: &Gives, outcome: Option<Outcome>, seconds: f64) -> Value {
    let mut gives = gives.clone();
    if let Some(outcome) = outcome {
        gives.insert("state".into(), json!(outcome.word()));
        gives.insert("seconds".into(), json!(seconds));
    }
    Value::Object(gives)
}

/// What a loop gives, from what its items do.
pub(super) fn items_of_loop(items: Vec<Value>) -> Gives {
    [("items".to_string(), Value::Array(items))].into_iter().collect()
}
