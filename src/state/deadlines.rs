//! Deadlines: when they pass, and the steps of handlers, which wait until one does. Time comes in as a value.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::machine::{Machine, Phase};
use crate::event::{Event, Kind, Outcome};
use crate::model::{Deadline, Part};
use crate::plan::{Body, NodeIx, PlanDeadline};

impl Machine {
    /// When the next deadline passes that is not kept yet.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.open_deadlines().filter_map(|ix| self.due(ix)).min()
    }

    /// Deadlines that have passed are facts, and lead to what their author says.
    pub(super) fn wake_deadlines(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        let open: Vec<usize> = self.open_deadlines().collect();
        let late: Vec<usize> =
            open.into_iter().filter(|ix| self.due(*ix).is_some_and(|due| due <= now)).collect();
        for ix in late {
            let deadline = self.plan.deadlines[ix].told.clone();
            let stops = deadline.handler().is_none();
            let by = crate::t!("the deadline of {}", "期限 {}", deadline.within);
            self.emit(Kind::Breached { number: ix as u32, deadline }, now, events);
            if stops && !self.stopping {
                self.emit(Kind::Stopping { by, at_once: false }, now, events);
            }
        }
    }

    /// Deadlines that may still pass.
    fn open_deadlines(&self) -> impl Iterator<Item = usize> + '_ {
        let all = if self.stopping || self.over_at.is_some() { 0 } else { self.plan.deadlines.len() };
        (0..all).filter(|ix| {
            let deadline = &self.plan.deadlines[*ix];
            !self.breached.contains(&(*ix as u32)) && self.goes_on(deadline) && !self.is_kept(deadline)
        })
    }

    /// Whether what a deadline is about is under way: the run, or the call.
    fn goes_on(&self, deadline: &PlanDeadline) -> bool {
        let Some(open) = deadline.call else { return true };
        let Body::Open { close, .. } = self.plan.at(open).body else { return false };
        let is_over = matches!(self.nodes[close as usize].phase, Phase::Ended(_) | Phase::GivenUp);
        self.nodes[open as usize].phase == Phase::Ended(Outcome::Ok) && !is_over
    }

    /// When a deadline passes; none while what it counts from has not begun.
    fn due(&self, ix: usize) -> Option<Timestamp> {
        let deadline = &self.plan.deadlines[ix];
        let begun = |ix: NodeIx| self.nodes[ix as usize].began;
        let from = match (&deadline.own.from, deadline.call) {
            (None, None) => self.run.clock,
            (None, Some(open)) => self.clocks.get(&open).copied().or_else(|| begun(open))?,
            (Some(id), _) => begun(self.plan.beginning(self.plan.named(deadline.frame, id.as_str())?))?,
        };
        let within = i64::try_from(deadline.own.within.as_millis()).ok()?;
        from.checked_add(SignedDuration::from_millis(within)).ok()
    }

    /// Whether what a deadline waits for has come.
    fn is_kept(&self, deadline: &PlanDeadline) -> bool {
        match &deadline.own.until {
            Some(id) => self.plan.named(deadline.frame, id.as_str()).is_some_and(|ix| self.lets_follow(ix)),
            None => self.is_rest_over(deadline.call),
        }
    }

    /// Whether every step of a call, or of the run, is over but those of its handlers, and those that wait for one of
    /// them: if its handlers waited for these in turn, all would wait until the deadline.
    fn is_rest_over(&self, call: Option<NodeIx>) -> bool {
        let is_open = |ix: &NodeIx| {
            let node = self.plan.at(*ix);
            let over = matches!(self.nodes[*ix as usize].phase, Phase::Ended(_) | Phase::GivenUp);
            !over && node.pattern == 0 && node.undoes.is_none() && self.plan.is_proper(*ix, call)
        };
        let open: Vec<NodeIx> = (0..self.nodes.len() as NodeIx).filter(is_open).collect();
        if open.iter().any(|ix| self.nodes[*ix as usize].phase != Phase::Waiting) {
            return false;
        }
        let held_up = if open.is_empty() { HashSet::new() } else { self.waits_for_handlers(call) };
        open.iter().all(|ix| held_up.contains(ix))
    }

    /// What cannot begin before it is clear whether the handlers of a call, or of the run, are done.
    fn waits_for_handlers(&self, call: Option<NodeIx>) -> HashSet<NodeIx> {
        let is_unclear = |ix: &NodeIx| {
            let node = self.plan.at(*ix);
            let waits = self.nodes[*ix as usize].phase == Phase::Waiting;
            waits && node.part == Part::Handler && node.inside == call && !self.has_called(*ix)
        };
        let mut next: Vec<NodeIx> = (0..self.nodes.len() as NodeIx).filter(is_unclear).collect();
        let mut held_up = HashSet::new();
        while let Some(ix) = next.pop() {
            next.extend(self.plan.graph.followers(ix).filter(|follower| held_up.insert(*follower)));
        }
        held_up
    }

    /// Whether a deadline has passed that leads to a step of a handler.
    fn has_called(&self, ix: NodeIx) -> bool {
        self.breached.iter().any(|d| self.plan.leads_to(&self.plan.deadlines[*d as usize], ix))
    }

    /// Whether a node may begin as far as deadlines go: the steps of a handler wait until one of its deadlines has
    /// passed, and are skipped once none of them can any more.
    pub(super) fn settle_handler(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) -> bool {
        let node = self.plan.at(ix);
        if node.part != Part::Handler || matches!(node.body, Body::Close { .. }) {
            return true;
        }
        if self.has_called(ix) {
            return true;
        }
        let mut own = self.plan.deadlines.iter().filter(|d| self.plan.leads_to(d, ix));
        if own.any(|d| !self.is_kept(d)) && !self.is_rest_over(node.inside) {
            self.held.insert(ix);
            return false;
        }
        let step = node.id.clone();
        let because = crate::t!("no deadline passed", "期限超過がなかったため");
        self.emit(Kind::Skipped { step, because, left_out: false }, at, events);
        false
    }

    pub(super) fn fold_breached(&mut self, number: u32, deadline: &Deadline) {
        self.breached.insert(number);
        self.must_sync = true;
        let step = deadline.until.as_ref().map(ToString::to_string).unwrap_or_default();
        let within = deadline.within;
        let message = crate::t!("not within {within}", "{within} 以内に完了しませんでした");
        self.findings.push(json!({ "step": step, "state": "warned", "message": message }));
    }
}
