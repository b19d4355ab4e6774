//! A run goes on: the state that its journal gave is brought to where every unit waits, is asked about or is over, as
//! if nothing had been in between. A batch of facts may have been torn off anywhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::UnitRef;
use super::history::History;
use super::machine::{Machine, NodeState, Phase, UnitState};
use crate::event::{Event, Gives, Kind, Outcome, Resolution, Unit};
use crate::model::Effect;
use crate::plan::{Body, NodeIx, Uses};

/// What a run goes on with.
#[derive(Clone, Debug)]
pub struct Resumption {
    /// The first fact: [`Kind::Resumed`].
    pub resumed: Kind,
    /// Units that were under way, with their attempts.
    pub unknown: Vec<(Unit, u32)>,
    /// What becomes of them: [`Kind::Resolved`].
    pub resolved: Vec<Kind>,
    /// What the journal says.
    pub history: History,
    /// Answers hold only for the playbook that they were given to.
    pub same_plan: bool,
}

impl Machine {
    /// Units that were under way when the journal ends, or were found so before and nothing was said of them.
    pub fn unknown(&self, history: &History) -> Vec<UnitRef> {
        let all = (0..self.nodes.len() as u32).flat_map(|ix| self.units(ix));
        all.filter(|unit| match self.facts(*unit).map(|f| f.state) {
            Some(UnitState::Running) => !self.was_answered(unit.node, history),
            Some(UnitState::Unknown) => true,
            _ => false,
        })
        .collect()
    }

    /// Units that could have begun without a line of their own, of what is not over.
    pub fn reserved(&self, history: &History) -> Vec<UnitRef> {
        let known = history.reserved.iter().filter_map(|name| self.unit(name));
        let open = |unit: &UnitRef| match self.facts(*unit).map(|f| f.state) {
            None => !self.is_over(unit.node),
            Some(state) => state == UnitState::Queued,
        };
        known.filter(open).collect()
    }

    /// Whether a node is a question that a person has answered: nothing can have been under way.
    fn was_answered(&self, ix: NodeIx, history: &History) -> bool {
        let node = self.plan.at(ix);
        node.is_question() && history.answers.contains_key(&node.id)
    }

    /// Whether a node is over.
    pub fn is_over(&self, ix: NodeIx) -> bool {
        matches!(self.nodes[ix as usize].phase, Phase::Ended(_))
    }

    /// Whether a unit is over, though its step may not be.
    pub fn unit_is_over(&self, unit: UnitRef) -> bool {
        matches!(self.facts(unit).map(|f| f.state), Some(UnitState::Done(_)))
    }

    /// Steps that are over and gave something that was not written and that a later step needs, with its names.
    pub fn withheld(&self, history: &History) -> Vec<(NodeIx, Vec<String>)> {
        let steps: BTreeSet<NodeIx> =
            history.withheld.keys().filter_map(|unit| self.plan.node(&unit.step)).collect();
        let mut found = Vec::new();
        for ix in steps {
            let looped = self.nodes[ix as usize].items.is_some();
            let ended = self.is_over(ix)
                || self.units(ix).any(|u| matches!(self.facts(u).map(|f| f.state), Some(UnitState::Done(_))));
            if !ended {
                continue;
            }
            let needed = self.needed(ix);
            let held = history.withheld(&self.plan.at(ix).id).flat_map(|(_, keys)| keys.clone());
            let keys: BTreeSet<String> =
                held.filter(|key| looped || needed.contains(key) || needed.contains("*")).collect();
            if !keys.is_empty() && !needed.is_empty() {
                found.push((ix, keys.into_iter().collect()));
            }
        }
        found
    }

    /// Playbooks and loops that are not over and were begun with values that were not written.
    pub fn blank(&self, history: &History) -> Vec<NodeIx> {
        let ends =
            history.blank.iter().filter_map(|id| self.plan.node(id)).map(|ix| match self.plan.at(ix).body {
                Body::Open { close, .. } => close,
                Body::Act | Body::Close { .. } => ix,
            });
        let mut open: Vec<NodeIx> = ends.filter(|ix| !self.is_over(*ix)).collect();
        open.sort_unstable();
        open.dedup();
        open
    }

    /// The outputs of a node that what is not over yet names; `*` where they cannot be told apart.
    pub fn needed(&self, ix: NodeIx) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        let mut look = |frame: u32, uses: &Uses| {
            if uses.any_step {
                keys.insert("*".to_string());
            }
            for path in uses.steps.iter().filter(|p| p.first().is_some_and(|id| self.names(frame, id, ix))) {
                let key = path.get(1).map_or("*", String::as_str);
                if !matches!(key, "state" | "seconds") {
                    keys.insert(key.to_string());
                }
            }
        };
        let run = self.plan.nodes.iter().enumerate().filter(|(_, node)| !node.left_out);
        let open = run.filter(|(n, _)| !self.is_over(*n as NodeIx));
        open.for_each(|(n, node)| {
            if n as NodeIx != ix {
                look(node.frame, &node.uses);
            }
        });
        for (f, frame) in self.plan.frames.iter().enumerate() {
            let trees = frame.outputs.values().chain(frame.vars.values());
            trees.for_each(|tree| look(f as u32, &Uses::of_tree(tree)));
        }
        keys
    }

    fn names(&self, frame: u32, id: &str, ix: NodeIx) -> bool {
        self.plan.named(frame, id) == Some(ix)
    }

    /// Whether a step that is over may be run again for what it gives: it only reads, asks nobody, and what holds it
    /// is not over.
    pub fn is_rereadable(&self, ix: NodeIx) -> bool {
        let node = self.plan.at(ix);
        let mut inside = node.inside;
        while let Some(open) = inside {
            match self.plan.at(open).body {
                Body::Open { close, .. } if !self.is_over(close) => inside = self.plan.at(open).inside,
                _ => return false,
            }
        }
        node.body == Body::Act && node.step.effect == Effect::Read && !node.asks()
    }

    /// Goes on with a run.
    pub(super) fn go_on(&mut self, with: &Resumption, at: Timestamp, events: &mut Vec<Event>) {
        self.emit(with.resumed.clone(), at, events);
        for (unit, attempt) in &with.unknown {
            self.emit(Kind::FoundUnknown { unit: unit.clone(), attempt: *attempt }, at, events);
        }
        for resolved in &with.resolved {
            self.emit(resolved.clone(), at, events);
        }
        for ix in 0..self.nodes.len() as u32 {
            if self.nodes[ix as usize].phase == Phase::Active {
                self.pick_up(ix, with, at, events);
            } else if self.is_over(ix) && matches!(self.plan.at(ix).body, Body::Close { .. }) {
                self.settle_stop(ix, at, events);
            }
        }
    }

    /// A step that was begun goes on.
    fn pick_up(&mut self, ix: NodeIx, with: &Resumption, at: Timestamp, events: &mut Vec<Event>) {
        let node = self.plan.at(ix);
        let (asks, question, id) = (node.asks(), node.is_question(), node.id.clone());
        let begun = self.units(ix).any(|unit| self.attempts(unit) > 0);
        let over = self.units(ix).all(|u| matches!(self.facts(u).map(|f| f.state), Some(UnitState::Done(_))));
        if asks && !over && (question || !begun) {
            let whole = UnitRef { node: ix, item: None };
            let answer = with.history.answers.get(&id).filter(|_| with.same_plan || begun);
            return match answer.cloned() {
                Some((reply, by)) => {
                    self.unbegin(ix);
                    self.follow(whole, reply, by, at, events);
                }
                None => self.ask(ix, at, events),
            };
        }
        for unit in self.units(ix) {
            match self.facts(unit).map(|f| f.state) {
                Some(UnitState::Queued) => drop(self.queue.insert(unit)),
                Some(UnitState::Done(outcome)) => self.after_attempt(unit, outcome, with, at, events),
                _ => {}
            }
        }
        if let Some(unit) = self.units(ix).next() {
            self.unit_over(unit, at, events);
        }
    }

    /// What a person did is told again from their answer.
    fn unbegin(&mut self, ix: NodeIx) {
        for unit in self.units(ix) {
            if self.facts(unit).map(|f| f.state) == Some(UnitState::Running) {
                self.running -= 1;
                self.busy(unit, -1);
                if let Some(facts) = self.facts_mut(unit) {
                    facts.state = UnitState::Asking;
                }
            }
        }
    }

    /// What follows from the end of an attempt may have been torn off behind it.
    fn after_attempt(
        &mut self,
        unit: UnitRef,
        outcome: Outcome,
        with: &Resumption,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let name = self.name(unit);
        let attempt = self.attempts(unit);
        let failure = with.history.failures.get(&name).filter(|_| outcome == Outcome::Failed && attempt > 0);
        if let Some(not_before) = failure.and_then(|failure| self.retry_after(unit, failure, attempt, at)) {
            let kind = Kind::RetryPlanned { unit: name, attempt: attempt + 1, not_before };
            return self.emit(kind, at, events);
        }
        let gives = self.facts(unit).map(|f| f.gives.clone()).unwrap_or_default();
        if outcome != Outcome::Failed && attempt > 0 && self.loop_stops(unit, &gives) {
            self.skip_rest(unit, at, events);
        }
    }

    pub(super) fn fold_unknown(&mut self, name: &Unit, at: Timestamp) {
        let Some(unit) = self.unit(name) else { return };
        self.activate(unit.node, at);
        let Some(facts) = self.facts_mut(unit) else { return };
        let ran = facts.state == UnitState::Running;
        facts.state = UnitState::Unknown;
        if ran {
            self.running -= 1;
            self.busy(unit, -1);
        }
    }

    pub(super) fn fold_resolved(&mut self, name: &Unit, how: Resolution, gives: &Gives) {
        let Some(unit) = self.unit(name) else { return };
        if self.is_over(unit.node) {
            match how {
                Resolution::Rerun => self.reopen(unit.node),
                _ => self.nodes[unit.node as usize].gives.extend(gives.clone()),
            }
            return;
        }
        if let Some(facts) = self.facts_mut(unit) {
            match how.outcome() {
                None => facts.state = UnitState::Queued,
                Some(outcome) => facts.state = UnitState::Done(outcome),
            }
            facts.gives.extend(gives.clone());
        }
    }

    /// A step that was over is to be gone through once more, and what follows waits for it again.
    fn reopen(&mut self, ix: NodeIx) {
        self.nodes[ix as usize] = NodeState::default();
        self.left += 1;
        self.settled.insert(ix);
        let plan = Arc::clone(&self.plan);
        for follower in plan.graph.followers(ix).filter(|f| plan.at(*f).pattern == 0) {
            if self.is_over(follower) {
                continue;
            }
            self.settled.remove(&follower);
            let asks =
                self.units(follower).any(|u| self.facts(u).map(|f| f.state) == Some(UnitState::Asking));
            let waiting = self.nodes[follower as usize].waiting + 1;
            if asks {
                self.nodes[follower as usize] = NodeState::default();
            }
            self.nodes[follower as usize].waiting = waiting;
        }
    }
}
