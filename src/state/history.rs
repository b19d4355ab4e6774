//! What a journal says that the state of its run does not hold: answers, failures, children, and what could not be
//! written. It decides nothing.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::base::{MASK, StepId};
use crate::event::{Event, Failure, Gives, Kind, Reply, Unit};

/// An attempt that has no end.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderWay {
    /// Which.
    pub attempt: u32,
    /// When it began.
    pub since: Timestamp,
    /// Its first process: pid, start in clock ticks since boot, boot id.
    pub child: Option<(u32, u64, String)>,
}

/// What the facts of a run say.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The last answer about each step.
    pub answers: HashMap<StepId, (Reply, String)>,
    /// Why the last attempt at a unit failed.
    pub failures: HashMap<Unit, Failure>,
    /// Attempts without an end.
    pub under_way: HashMap<Unit, UnderWay>,
    /// The first process of every attempt.
    pub children: HashSet<u32>,
    /// Outputs that were not written, by the step and, for a loop, the item.
    pub withheld: HashMap<Unit, Vec<String>>,
    /// Playbooks that were begun with inputs, and loops with items, that were not written.
    pub blank: HashSet<StepId>,
    /// Units that could have begun without a line of their own.
    pub reserved: Vec<Unit>,
    /// The boot of the engine that wrote last.
    pub boot: String,
    /// Who began the run.
    pub operator: String,
    /// How many units run side by side.
    pub jobs: u32,
}

impl History {
    /// From the facts in their order.
    pub fn of(events: &[Event]) -> History {
        let mut history = History::default();
        events.iter().for_each(|event| history.take(event));
        history
    }

    fn take(&mut self, event: &Event) {
        match &event.kind {
            Kind::RunStarted { boot, operator, jobs, .. } => {
                (self.boot, self.operator, self.jobs) = (boot.clone(), operator.clone(), *jobs);
            }
            Kind::Resumed { boot, .. } => {
                self.boot.clone_from(boot);
                self.reserved.clear();
            }
            Kind::Reserved { units } => self.reserved.clone_from(units),
            Kind::NotStarted { unit, .. } => self.reserved.retain(|other| other != unit),
            Kind::Asked { unit, .. } => drop(self.answers.remove(&unit.step)),
            Kind::Answered { unit, reply, by } => {
                self.answers.insert(unit.step.clone(), (reply.clone(), by.clone()));
            }
            Kind::AttemptStarted { unit, attempt, .. } => {
                let under_way = UnderWay { attempt: *attempt, since: event.at, child: None };
                self.under_way.insert(unit.clone(), under_way);
                self.reserved.retain(|other| other != unit);
            }
            Kind::ChildStarted { unit, pid, start, .. } => {
                self.children.insert(*pid);
                let boot = self.boot.clone();
                if let Some(under_way) = self.under_way.get_mut(unit) {
                    under_way.child = Some((*pid, *start, boot));
                }
            }
            Kind::AttemptEnded { unit, failure, gives, withheld, .. } => {
                self.under_way.remove(unit);
                match failure {
                    Some(failure) => drop(self.failures.insert(unit.clone(), failure.clone())),
                    None => drop(self.failures.remove(unit)),
                }
                self.hold(unit.clone(), withheld.clone(), gives);
            }
            Kind::StepEnded { step, gives, withheld, .. } if !gives.is_empty() || !withheld.is_empty() => {
                self.hold(Unit::step(step.clone()), withheld.clone(), gives);
            }
            Kind::Resolved { unit, gives, .. } => {
                self.under_way.remove(unit);
                // What a person gave by hand takes the place of what was lost.
                if let Some(held) = self.withheld.get_mut(unit) {
                    held.retain(|key| gives.get(key).is_none_or(is_masked));
                }
            }
            Kind::Opened { step, inputs, withheld, .. }
                if !withheld.is_empty() || inputs.values().any(is_masked) =>
            {
                self.blank.insert(step.clone());
            }
            Kind::Expanded { step, items, withheld } => {
                // The items of a step that is gone over again are those of its last round.
                self.withheld.retain(|unit, _| unit.step != *step);
                if !withheld.is_empty() || items.iter().any(is_masked) {
                    self.blank.insert(step.clone());
                }
            }
            _ => {}
        }
    }

    fn hold(&mut self, unit: Unit, mut keys: Vec<String>, gives: &Gives) {
        keys.extend(gives.iter().filter(|(_, value)| is_masked(value)).map(|(key, _)| key.clone()));
        match keys.is_empty() {
            true => drop(self.withheld.remove(&unit)),
            false => drop(self.withheld.insert(unit, keys)),
        }
    }

    /// What was not written of a step and its items.
    pub fn withheld(&self, step: &StepId) -> impl Iterator<Item = (&Unit, &Vec<String>)> {
        self.withheld.iter().filter(move |(unit, keys)| unit.step == *step && !keys.is_empty())
    }
}

/// Whether something in a value was masked before it was written: it is never fed on.
fn is_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(MASK),
        Value::Array(items) => items.iter().any(is_masked),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains(MASK) || is_masked(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
