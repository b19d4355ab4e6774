//! From facts to commands, and from free places to units that may be prepared.

use super::machine::{Machine, UnitState};
use super::{Command, Permit, UnitRef};
use crate::event::{Event, Kind};
use crate::plan::NodeIx;

impl Machine {
    /// What follows from facts that were appended, and synced where [`Machine::must_sync`] said so. Permits are granted
    /// here and nowhere else.
    pub fn effects(&self, events: &[Event]) -> Vec<Command> {
        events.iter().filter_map(|event| self.effect(&event.kind)).collect()
    }

    fn effect(&self, kind: &Kind) -> Option<Command> {
        match kind {
            Kind::Asked { unit, question } => {
                Some(Command::Ask { unit: self.unit(unit)?, name: unit.clone(), question: question.clone() })
            }
            Kind::AttemptStarted { unit, attempt, .. } => {
                let at = self.unit(unit)?;
                // What a person did was over in the moment it was said.
                let runs = self.facts(at).map(|f| f.state) == Some(UnitState::Running);
                runs.then(|| Command::Start { unit: at, permit: Permit::grant(unit.clone(), *attempt) })
            }
            Kind::RetryPlanned { not_before, .. } => Some(Command::WakeAt(*not_before)),
            Kind::Notifying { about, unit } => Some(Command::Notify { about: *about, unit: unit.clone() }),
            Kind::Stopping { .. } => Some(Command::Terminate),
            Kind::RunEnded { outcome, .. } => Some(Command::Finish(*outcome)),
            _ => None,
        }
    }

    /// Leave to perform the `verify` of a unit that was found unknown: it only reads, and leaves no fact of its own.
    pub fn verification(&self, unit: UnitRef) -> Permit {
        Permit::grant(self.name(unit), self.attempts(unit))
    }

    /// Units that have a place to run now: the caller renders them and says [`super::Input::Prepared`].
    pub fn take_ready(&mut self) -> Vec<UnitRef> {
        let mut taken = Vec::new();
        if self.at_once {
            return taken;
        }
        let mut from = UnitRef { node: 0, item: None };
        // The steps of a handler do not wait for those that are late.
        let handling = !self.plan.deadlines.is_empty();
        while self.active < self.jobs || handling {
            let Some(unit) = self.queue.range(from..).next().copied() else { break };
            let crowded = self.active >= self.jobs && self.plan.at(unit.node).handler.is_none();
            if crowded || self.is_full(unit) || self.is_held_up(unit.node) {
                // None of its loop has a place, and a loop may be long; or what it uses is read once more.
                from = UnitRef { node: unit.node + 1, item: None };
                continue;
            }
            self.queue.remove(&unit);
            if let Some(facts) = self.facts_mut(unit) {
                facts.state = UnitState::Preparing;
                self.busy(unit, 1);
                taken.push(unit);
            }
        }
        taken
    }

    /// So many more of a node's units are rendered or run.
    pub(super) fn busy(&mut self, unit: UnitRef, more: isize) {
        self.active = self.active.saturating_add_signed(more);
        let node = &mut self.nodes[unit.node as usize];
        node.busy = node.busy.saturating_add_signed(more);
    }

    /// Whether what a node needs is gone through once more. An undo waits for nothing: the end of a run begins it.
    fn is_held_up(&self, ix: NodeIx) -> bool {
        self.nodes[ix as usize].waiting > 0 && self.plan.at(ix).undoes.is_none()
    }

    /// Whether as many items of the unit's loop are under way as its author allows.
    pub(super) fn is_full(&self, unit: UnitRef) -> bool {
        let Some(most) = self.plan.at(unit.node).step.for_each.as_ref().and_then(|e| e.max_parallel) else {
            return false;
        };
        self.nodes[unit.node as usize].busy >= most.max(1) as usize
    }
}
