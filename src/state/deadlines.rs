//! Deadlines: when they pass, and the steps of handlers, which wait until one does. Time comes in as a value.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::machine::{Machine, Phase};
use crate::event::{Event, Kind};
use crate::model::Deadline;
use crate::plan::NodeIx;

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
            let deadline = self.plan.deadlines[ix].clone();
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
        (0..all)
            .filter(|ix| !self.breached.contains(&(*ix as u32)) && !self.is_kept(&self.plan.deadlines[*ix]))
    }

    /// When a deadline passes; none while what it counts from has not begun.
    fn due(&self, ix: usize) -> Option<Timestamp> {
        let deadline = &self.plan.deadlines[ix];
        let from = match &deadline.from {
            None => self.run.clock,
            Some(id) => self.nodes[self.plan.beginning(self.plan.named(0, id.as_str())?) as usize].began?,
        };
        from.checked_add(SignedDuration::from_millis(i64::try_from(deadline.within.as_millis()).ok()?)).ok()
    }

    /// Whether what a deadline waits for has come.
    fn is_kept(&self, deadline: &Deadline) -> bool {
        match &deadline.until {
            Some(id) => self.plan.named(0, id.as_str()).is_some_and(|ix| self.lets_follow(ix)),
            None => self.is_rest_over(),
        }
    }

    /// Whether every step is over but those of handlers.
    fn is_rest_over(&self) -> bool {
        let open = |ix: &NodeIx| !matches!(self.nodes[*ix as usize].phase, Phase::Ended(_) | Phase::GivenUp);
        let handling = (0..self.nodes.len() as NodeIx).filter(|ix| {
            let node = self.plan.at(*ix);
            node.handler.is_some() && node.pattern == 0 && node.undoes.is_none()
        });
        self.left == handling.filter(open).count()
    }

    /// Whether a node may begin as far as deadlines go: the steps of a handler wait until one of its deadlines has
    /// passed, and are skipped once none of them can any more.
    pub(super) fn settle_handler(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) -> bool {
        let node = self.plan.at(ix);
        let (Some(handler), None) = (&node.handler, node.inside) else { return true };
        let own: BTreeSet<usize> = (0..self.plan.deadlines.len())
            .filter(|d| self.plan.deadlines[*d].handler() == Some(handler.as_str()))
            .collect();
        if own.iter().any(|d| self.breached.contains(&(*d as u32))) {
            return true;
        }
        let open = |d: &usize| !self.is_kept(&self.plan.deadlines[*d]);
        if own.iter().any(open) && !self.is_rest_over() {
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
