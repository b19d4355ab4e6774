//! From facts to state. Folding a journal from its first line gives the state that the run was in.

use jiff::Timestamp;
use serde_json::json;

use super::machine::{Machine, Phase, UnitFacts, UnitState, loop_gives};
use crate::event::{Event, Failure, Gives, Kind, Outcome};
use crate::plan::{Body, NodeIx};

impl Machine {
    /// Takes a fact in. A fact about a step that the plan does not have is passed over.
    pub fn fold(&mut self, event: &Event) {
        self.seq = event.seq + 1;
        let at = event.at;
        match &event.kind {
            Kind::RunStarted { .. } | Kind::ChildStarted { .. } => {}
            Kind::Skipped { step, because, .. } => {
                self.fold_end(step, Outcome::Skipped, at, 0.0, Gives::new());
                self.fold_because(step, because);
            }
            Kind::Blocked { step, .. } => self.fold_end(step, Outcome::Blocked, at, 0.0, Gives::new()),
            Kind::Expanded { step, items, .. } => self.fold_expanded(step, items, at),
            Kind::Opened { step, inputs, clock, .. } => self.fold_opened(step, inputs, *clock, at),
            Kind::Asked { unit, .. } => self.fold_asked(unit, at),
            Kind::Answered { .. } => self.must_sync = true,
            Kind::Reserved { units } => self.fold_reserved(units),
            Kind::AttemptStarted { unit, attempt, .. } => self.fold_attempt_started(unit, *attempt, at),
            Kind::AttemptEnded { unit, outcome, gives, seconds, failure, warnings, .. } => {
                self.fold_attempt_ended(unit, *outcome, gives, *seconds);
                self.fold_findings(unit, failure.as_ref(), warnings);
            }
            Kind::RetryPlanned { unit, not_before, .. } => {
                self.fold_unit_state(unit, UnitState::Retrying(*not_before));
            }
            Kind::NotStarted { unit, outcome, failure } => {
                self.fold_not_started(unit, *outcome, at);
                self.fold_findings(unit, failure.as_ref(), &[]);
            }
            Kind::StepEnded { step, outcome, seconds, gives, .. } => {
                self.fold_end(step, *outcome, at, *seconds, gives.clone());
            }
            Kind::LockBusy { .. }
            | Kind::LockTaken { .. }
            | Kind::OutsideWindow { .. }
            | Kind::CancelAsked { .. } => {}
            Kind::LockRefused { .. } => self.kept_out = true,
            Kind::Stopping { at_once, .. } => self.fold_stopping(*at_once),
            Kind::Closing => self.fold_closing(),
            Kind::Breached { number, deadline } => self.fold_breached(*number, deadline),
            Kind::Notifying { unit, .. } => self.fold_notifying(unit.as_ref(), at),
            Kind::Notified { .. } => self.fold_notified(),
            Kind::RunEnded { .. } => {
                self.ended = true;
                self.must_sync = true;
            }
            Kind::Resumed { .. } => {
                self.stopping = false;
                self.reserved.clear();
                (self.telling, self.over_at) = (0, None);
                self.must_sync = true;
            }
            Kind::FoundUnknown { unit, .. } => self.fold_unknown(unit, at),
            Kind::Resolved { unit, how, gives, .. } => {
                self.fold_resolved(unit, *how, gives);
                self.must_sync = true;
            }
        }
    }

    /// A node is over: those that wait for it wait for one less.
    pub(super) fn fold_end(
        &mut self,
        step: &crate::base::StepId,
        outcome: Outcome,
        at: Timestamp,
        seconds: f64,
        gives: Gives,
    ) {
        let Some(ix) = self.plan.node(step) else { return };
        if matches!(self.nodes[ix as usize].phase, Phase::Ended(_) | Phase::GivenUp) {
            return;
        }
        self.activate(ix, at);
        let looped = self.nodes[ix as usize].items.is_some();
        let iterations = self.iterations_give(ix);
        let state = &mut self.nodes[ix as usize];
        state.phase = Phase::Ended(outcome);
        state.seconds = seconds;
        if let Some(items) = iterations {
            state.gives = items;
        } else if looped {
            state.gives = loop_gives(state);
        } else if !gives.is_empty() {
            state.gives = gives;
        } else if let Some(unit) = state.units.first_mut() {
            state.gives = std::mem::take(&mut unit.gives);
        }
        state.units = Vec::new();
        if self.plan.at(ix).undoes.is_some() {
            return self.undone.push(ix);
        }
        self.left -= 1;
        if outcome == Outcome::ByHand {
            self.fold_done_by_hand(ix);
        }
        self.release_followers(ix);
        self.count_iteration(ix, outcome);
    }

    pub(super) fn release_followers(&mut self, ix: NodeIx) {
        let plan = std::sync::Arc::clone(&self.plan);
        for follower in
            plan.graph.followers(ix).filter(|f| plan.at(*f).pattern == 0 && plan.at(*f).undoes.is_none())
        {
            let state = &mut self.nodes[follower as usize];
            state.waiting = state.waiting.saturating_sub(1);
            if state.waiting == 0 {
                self.settled.insert(follower);
            }
        }
    }

    /// A node is under way, with one unit until a loop says otherwise.
    pub(super) fn activate(&mut self, ix: NodeIx, at: Timestamp) {
        let state = &mut self.nodes[ix as usize];
        if state.phase == Phase::Waiting {
            state.phase = Phase::Active;
            state.began = Some(at);
            state.units = vec![UnitFacts::new(UnitState::Queued)];
        }
    }

    fn fold_expanded(&mut self, step: &crate::base::StepId, items: &[serde_json::Value], at: Timestamp) {
        let Some(ix) = self.plan.node(step) else { return };
        if matches!(self.plan.at(ix).body, Body::Close { .. }) {
            return self.fold_laid_out(ix, items);
        }
        self.activate(ix, at);
        let state = &mut self.nodes[ix as usize];
        state.units = vec![UnitFacts::new(UnitState::Queued); items.len()];
        state.items = Some(items.to_vec());
    }

    /// A question about a step that loops is about all its items.
    fn fold_asked(&mut self, unit: &crate::event::Unit, at: Timestamp) {
        let Some(unit) = self.unit(unit) else { return };
        self.activate(unit.node, at);
        self.asked.insert(unit.node, at);
        for unit in &mut self.nodes[unit.node as usize].units {
            unit.state = UnitState::Asking;
        }
    }

    fn fold_unit_state(&mut self, unit: &crate::event::Unit, state: UnitState) {
        if let Some(unit) = self.unit(unit)
            && let Some(facts) = self.facts_mut(unit)
        {
            facts.state = state;
        }
    }

    fn fold_attempt_started(&mut self, unit: &crate::event::Unit, attempt: u32, at: Timestamp) {
        let Some(unit) = self.unit(unit) else { return };
        self.activate(unit.node, at);
        self.queue.remove(&unit);
        self.must_sync |= !self.reserved.remove(&unit);
        if let Some(facts) = self.facts_mut(unit) {
            let was = facts.state;
            facts.state = UnitState::Running;
            facts.attempts = attempt;
            facts.attempt_began = Some(at);
            if was != UnitState::Running {
                self.running += 1;
                self.busy(unit, isize::from(was != UnitState::Preparing));
            }
            self.fold_begun(unit);
        }
    }

    fn fold_attempt_ended(
        &mut self,
        unit: &crate::event::Unit,
        outcome: Outcome,
        gives: &Gives,
        seconds: f64,
    ) {
        let Some(unit) = self.unit(unit) else { return };
        let keep = self.plan.at(unit.node).used || unit.item.is_some();
        if let Some(facts) = self.facts_mut(unit) {
            let ran = facts.state == UnitState::Running;
            facts.state = UnitState::Done(outcome);
            facts.seconds += seconds;
            if keep {
                facts.gives = gives.clone();
            }
            if ran {
                self.running -= 1;
                self.busy(unit, -1);
            }
            self.fold_over(unit, outcome);
        }
    }

    fn fold_not_started(&mut self, unit: &crate::event::Unit, outcome: Outcome, at: Timestamp) {
        let Some(unit) = self.unit(unit) else { return };
        if matches!(self.plan.at(unit.node).body, Body::Close { .. }) {
            return;
        }
        self.activate(unit.node, at);
        self.queue.remove(&unit);
        self.reserved.remove(&unit);
        if let Some(facts) = self.facts_mut(unit) {
            let prepared = facts.state == UnitState::Preparing;
            facts.state = UnitState::Done(outcome);
            self.busy(unit, -isize::from(prepared));
            self.fold_taken_back(unit);
        }
    }

    fn fold_findings(&mut self, unit: &crate::event::Unit, failure: Option<&Failure>, warnings: &[String]) {
        let failure = failure.map(|f| ("failed", f.to_string()));
        let warnings = warnings.iter().map(|w| ("warned", w.clone()));
        for (state, message) in failure.into_iter().chain(warnings) {
            self.findings.push(json!({ "step": unit.to_string(), "state": state, "message": message }));
        }
    }
}
