//! By when what of a plan has to be over: of the run, and of every playbook that it calls. It measures no time.

use super::layout::Layout;
use super::node::{NodeIx, Plan};
use crate::base::StepId;
use crate::lang::Loaded;
use crate::model::{Deadline, Part};

/// A deadline of a playbook in a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanDeadline {
    /// As its playbook says it.
    pub own: Deadline,
    /// The same with the ids that steps have in this plan: what is told of it. What a called playbook leaves open is
    /// said too: it is about all steps of it, and counts from the beginning of the call where it has no clock.
    pub told: Deadline,
    /// The frame in which its ids are names.
    pub frame: u32,
    /// The beginning of the call of the playbook; none for the run itself.
    pub call: Option<NodeIx>,
}

impl Layout {
    /// The deadlines of a playbook; `id` is that of the step that calls it.
    pub(super) fn deadlines(&mut self, loaded: &Loaded, frame: u32, call: Option<(NodeIx, &StepId)>) {
        for own in &loaded.playbook.deadlines {
            let within = |id: &Option<StepId>| match (id, call) {
                (Some(id), Some((_, call))) => Some(id.inside(call)),
                (None, Some((_, call))) => Some(call.clone()),
                (id, None) => id.clone(),
            };
            let from = match (&own.from, &loaded.playbook.clock) {
                (None, Some(_)) => None,
                (from, _) => within(from),
            };
            let told = Deadline { until: within(&own.until), from, ..own.clone() };
            let call = call.map(|(open, _)| open);
            self.deadlines.push(PlanDeadline { own: own.clone(), told, frame, call });
        }
    }
}

impl Plan {
    /// Whether a deadline leads to a node as one of the steps of its handler; what those hold is none.
    pub fn leads_to(&self, deadline: &PlanDeadline, ix: NodeIx) -> bool {
        let node = self.at(ix);
        node.part == Part::Handler
            && node.inside == deadline.call
            && node.handler.is_some()
            && node.handler.as_deref() == deadline.own.handler()
    }

    /// Whether a node stands in a call, or in the run, outside its handlers.
    pub fn is_proper(&self, ix: NodeIx, call: Option<NodeIx>) -> bool {
        let mut at = ix;
        loop {
            let node = self.at(at);
            match node.inside {
                inside if inside == call => return node.part != Part::Handler,
                None => return false,
                Some(open) => at = open,
            }
        }
    }
}
