//! Loops over steps: their iterations are laid out in the plan once the items are known, begin as far as
//! `max_parallel` lets them, and are left out once the loop's `stop` holds.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::machine::{Machine, Phase, items_of_loop, one_of_loop};
use crate::base::StepId;
use crate::event::{Event, Gives, Kind, Outcome};
use crate::plan::{Body, NodeIx};

impl Machine {
    /// The plan grows by the steps of a loop.
    pub(super) fn fold_laid_out(&mut self, close: NodeIx, items: &[Value]) {
        let before = self.plan.nodes.len();
        Arc::make_mut(&mut self.plan).expand(close, items);
        if self.plan.nodes.len() > before {
            self.nodes[close as usize].waiting += items.len() as u32;
        }
        self.add_nodes();
    }

    /// Why a beginning was skipped is the reason for all that it begins.
    pub(super) fn fold_because(&mut self, step: &StepId, because: &str) {
        if let (Some(ix), true) = (self.plan.node(step), step.is_beginning()) {
            self.nodes[ix as usize].because = Some(because.to_string());
        }
    }

    /// An iteration that begins takes a place of its loop; one that is over makes room for the next.
    pub(super) fn count_iteration(&mut self, ix: NodeIx, outcome: Outcome) {
        let plan = Arc::clone(&self.plan);
        let Some(looped) = plan.loop_of(ix) else { return };
        match plan.at(ix).body {
            Body::Open { .. } => self.nodes[looped as usize].busy += usize::from(outcome == Outcome::Ok),
            Body::Close { open, .. } => {
                let ran = self.nodes[open as usize].phase == Phase::Ended(Outcome::Ok);
                let busy = &mut self.nodes[looped as usize].busy;
                *busy = busy.saturating_sub(usize::from(ran));
                if plan.at(looped).step.for_each.as_ref().is_some_and(|each| each.max_parallel.is_some()) {
                    let next = self.iterations(looped).find(|begin| self.may_begin(*begin));
                    self.settled.extend(next);
                }
            }
            Body::Act => {}
        }
    }

    fn may_begin(&self, begin: NodeIx) -> bool {
        let state = &self.nodes[begin as usize];
        state.phase == Phase::Waiting && state.waiting == 0
    }

    /// The beginnings of a loop's iterations, in the order of its items.
    fn iterations(&self, looped: NodeIx) -> impl Iterator<Item = NodeIx> + '_ {
        self.plan
            .graph
            .followers(looped)
            .filter(move |ix| self.plan.at(*ix).pattern == 0 && self.plan.loop_of(*ix) == Some(looped))
            .filter(|ix| matches!(self.plan.at(*ix).body, Body::Open { .. }))
    }

    /// Whether a node is an iteration that has to wait for a place of its loop.
    pub(super) fn waits_for_place(&self, ix: NodeIx) -> bool {
        let body = self.plan.at(ix).body;
        let Some(looped) = self.plan.loop_of(ix).filter(|_| matches!(body, Body::Open { .. })) else {
            return false;
        };
        let most = self.plan.at(looped).step.for_each.as_ref().and_then(|each| each.max_parallel);
        most.is_some_and(|most| self.nodes[looped as usize].busy >= most.max(1) as usize)
    }

    /// What a loop over steps gives: what each of its iterations gave. None for any other node.
    pub(super) fn iterations_give(&self, ix: NodeIx) -> Option<Gives> {
        let node = self.plan.at(ix);
        let Body::Close { open, .. } = node.body else { return None };
        self.plan.at(open).step.for_each.as_ref()?;
        let ends = self
            .plan
            .needs(ix)
            .map(|(need, _)| need)
            .filter(|need| node.used && self.plan.at(*need).inside == Some(open));
        Some(items_of_loop(ends.map(|end| self.iteration_gives(end)).collect()))
    }

    fn iteration_gives(&self, end: NodeIx) -> Value {
        let state = &self.nodes[end as usize];
        let outcome = match state.phase {
            Phase::Ended(outcome) => Some(outcome),
            _ => None,
        };
        one_of_loop(&state.gives, outcome, state.seconds)
    }

    /// Ends a loop early when its author says so: the iterations that have not begun are skipped.
    pub(super) fn settle_stop(&mut self, end: NodeIx, at: Timestamp, events: &mut Vec<Event>) {
        let Some(looped) = self.plan.loop_of(end) else { return };
        let Phase::Ended(outcome) = self.nodes[end as usize].phase else { return };
        let Value::Object(gives) = self.iteration_gives(end) else { return };
        let stops =
            outcome.lets_follow() && self.renderer().loop_stops(end, None, self, &gives).unwrap_or(false);
        if !stops {
            return;
        }
        let left: Vec<NodeIx> =
            self.iterations(looped).filter(|ix| self.nodes[*ix as usize].phase == Phase::Waiting).collect();
        for ix in left {
            let because = crate::t!("the loop was ended by `stop`", "`stop` により繰り返しを終えたため");
            self.emit(
                Kind::Skipped { step: self.plan.at(ix).id.clone(), because, left_out: false },
                at,
                events,
            );
        }
    }
}
