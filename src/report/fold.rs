//! How each event changes the board of a run. It draws nothing.

use std::time::Instant;

use serde_json::Value;

use super::board::{Board, Change, Running, Trouble};
use super::note;
use crate::base::StepId;
use crate::event::{Counts, Event, Failure, Kind, Outcome, Question, RunOutcome, Unit};

impl Board {
    /// Takes a fact in.
    pub fn take(&mut self, event: &Event) -> Change {
        match &event.kind {
            Kind::Skipped { step, .. } | Kind::Blocked { step, .. } if step.is_beginning() => {
                self.unbegun.insert(step.ended());
                Change::None
            }
            Kind::StepEnded { step, outcome, .. } if step.is_beginning() => {
                if *outcome == Outcome::Failed {
                    self.unbegun.insert(step.ended());
                }
                Change::None
            }
            Kind::Skipped { step, because, left_out } => self.skipped(step, because, *left_out),
            Kind::Blocked { step, by } => self.blocked(step, by),
            Kind::StepEnded { step, outcome, seconds, gives, .. } => {
                let recovered = gives.get("recovered").and_then(Value::as_bool) == Some(true);
                let reason = recovered.then(|| crate::t!("recovered", "復旧しました"));
                self.close(step, *outcome, *seconds, reason)
            }
            Kind::NotStarted { unit, outcome, failure } => self.not_started(unit, *outcome, failure.as_ref()),
            Kind::AttemptEnded { unit, attempt, outcome, failure, warnings, .. } => {
                let short = note::of_attempt(failure.as_ref(), warnings);
                let full = note::in_full(failure.as_ref(), warnings);
                self.attempt_ended(unit, *attempt, *outcome, [short, full])
            }
            Kind::Expanded { step, items, .. } => self.expanded(step, items),
            Kind::AttemptStarted { unit, attempt, .. } => self.attempt_started(unit, *attempt),
            Kind::RetryPlanned { unit, .. } => self.taken_back(unit),
            Kind::Asked { unit, question } => self.asked(unit, question),
            Kind::Answered { unit, reply, by } => self.answered(unit, note::reply(reply), by),
            Kind::Stopping { .. } => self.questions_are_void(),
            Kind::RunEnded { outcome, seconds, .. } => self.run_ended(*outcome, *seconds),
            Kind::FoundUnknown { unit, .. } => {
                self.running.shift_remove(unit);
                Change::None
            }
            Kind::Resolved { unit, how, reason, .. } => self.resolved(unit, how.outcome(), reason.as_deref()),
            Kind::Resumed { .. } => self.resumed(),
            Kind::RunStarted { .. }
            | Kind::Reserved { .. }
            | Kind::ChildStarted { .. }
            | Kind::Opened { .. }
            | Kind::LockBusy { .. }
            | Kind::LockTaken { .. }
            | Kind::LockRefused { .. }
            | Kind::OutsideWindow { .. }
            | Kind::CancelAsked { .. }
            | Kind::Notifying { .. }
            | Kind::Breached { .. }
            | Kind::Notified { .. }
            | Kind::Closing => Change::None,
        }
    }

    fn blocked(&mut self, step: &StepId, by: &[StepId]) -> Change {
        let change = self.close(step, Outcome::Blocked, 0.0, Some(note::blocked(by)));
        if self.is_in_unbegun(step) { Change::None } else { change }
    }

    fn is_in_unbegun(&self, step: &StepId) -> bool {
        let around = self.step(step).and_then(|(info, _)| info.inside.as_ref());
        around.is_some_and(|around| self.unbegun.contains(around))
    }

    /// What was left out is not told one by one.
    fn skipped(&mut self, step: &StepId, because: &str, left_out: bool) -> Change {
        let change = self.close(step, Outcome::Skipped, 0.0, Some(because.to_string()));
        if left_out || self.is_in_unbegun(step) { Change::None } else { change }
    }

    fn attempt_started(&mut self, unit: &Unit, attempt: u32) -> Change {
        let place = self.place(&unit.step);
        if self.steps[place].outcome.take().is_some() {
            self.recount();
        }
        self.forget_trouble(unit);
        let running = Running { attempt, since: Instant::now(), line: String::new() };
        self.running.insert(unit.clone(), running);
        Change::None
    }

    fn attempt_ended(&mut self, unit: &Unit, attempt: u32, outcome: Outcome, reason: [String; 2]) -> Change {
        self.running.shift_remove(unit);
        self.unit_over(unit, attempt, outcome, reason.map(|text| note::with_attempts(text, attempt)));
        if unit.item.is_some() { Change::Item } else { Change::None }
    }

    fn not_started(&mut self, unit: &Unit, outcome: Outcome, failure: Option<&Failure>) -> Change {
        let place = self.place(&unit.step);
        let answer = self.steps[place].answer.as_ref().map(|(said, _)| said.clone());
        let reason = match (failure, answer) {
            (Some(failure), _) => failure.to_string(),
            (None, Some(said)) if outcome == Outcome::Refused => said,
            (None, _) => String::new(),
        };
        self.unit_over(unit, 0, outcome, [reason.clone(), reason]);
        match unit.item {
            Some(_) => Change::Item,
            None => self.close(&unit.step, outcome, 0.0, None),
        }
    }

    fn unit_over(&mut self, unit: &Unit, attempt: u32, outcome: Outcome, [short, reason]: [String; 2]) {
        let place = self.place(&unit.step);
        self.forget_trouble(unit);
        let step = &mut self.steps[place];
        match unit.item {
            Some(item) => set_item(step.items.get_or_insert_default(), item, Some(outcome)),
            None => step.reason = short,
        }
        if needs_eyes(outcome) {
            step.troubles.push(Trouble { unit: unit.clone(), attempt, outcome, reason });
        }
    }

    fn taken_back(&mut self, unit: &Unit) -> Change {
        let place = self.place(&unit.step);
        self.forget_trouble(unit);
        if let (Some(items), Some(item)) = (&mut self.steps[place].items, unit.item) {
            set_item(items, item, None);
        }
        Change::None
    }

    fn close(&mut self, step: &StepId, outcome: Outcome, seconds: f64, reason: Option<String>) -> Change {
        let place = self.place(step);
        let state = &mut self.steps[place];
        if let Some(reason) = reason {
            state.reason = reason;
        }
        if state.outcome.is_some() {
            return Change::None;
        }
        state.outcome = Some(outcome);
        state.seconds = seconds;
        // A group that only ended as its worst step did adds nothing: that step is told of.
        let told = state.reason.is_empty() && matches!(self.heading.steps[place].kind, "steps" | "playbook");
        if needs_eyes(outcome) && state.troubles.is_empty() && !told {
            let unit = Unit::step(step.clone());
            state.troubles.push(Trouble { unit, attempt: 0, outcome, reason: state.reason.clone() });
        }
        self.counts.add(outcome);
        if let Some((looped, item)) = step.iteration() {
            let looped = self.place(&looped);
            set_item(self.steps[looped].items.get_or_insert_default(), item, Some(outcome));
        }
        Change::Step(place)
    }

    fn expanded(&mut self, step: &StepId, items: &[Value]) -> Change {
        let place = self.place(step);
        self.steps[place].items = Some(vec![None; items.len()]);
        for info in self.heading.iterations(step, items) {
            self.add(info);
        }
        Change::None
    }

    fn asked(&mut self, unit: &Unit, question: &Question) -> Change {
        self.asking.insert(unit.clone());
        let place = self.place(&unit.step);
        self.steps[place].flag = Some(note::flag(unit, question));
        Change::None
    }

    fn answered(&mut self, unit: &Unit, said: String, by: &str) -> Change {
        self.asking.shift_remove(unit);
        let place = self.place(&unit.step);
        self.steps[place].answer = Some((said, by.to_string()));
        Change::None
    }

    /// Questions of the engine that died are put again.
    fn resumed(&mut self) -> Change {
        self.asking.clear();
        Change::None
    }

    /// What a unit that was found unknown comes to.
    fn resolved(&mut self, unit: &Unit, outcome: Option<Outcome>, reason: Option<&str>) -> Change {
        self.running.shift_remove(unit);
        match outcome {
            None => self.taken_back(unit),
            Some(outcome) => {
                let reason = reason.unwrap_or_default().to_string();
                self.unit_over(unit, 0, outcome, [reason.clone(), reason]);
                if unit.item.is_some() { Change::Item } else { Change::None }
            }
        }
    }

    fn questions_are_void(&mut self) -> Change {
        self.asking.clear();
        Change::None
    }

    fn run_ended(&mut self, outcome: RunOutcome, seconds: f64) -> Change {
        self.asking.clear();
        self.running.clear();
        self.ended = Some((outcome, seconds));
        Change::None
    }

    fn forget_trouble(&mut self, unit: &Unit) {
        let place = self.place(&unit.step);
        self.steps[place].troubles.retain(|trouble| trouble.unit != *unit);
    }

    fn recount(&mut self) {
        self.counts = Counts::default();
        self.steps.iter().filter_map(|step| step.outcome).for_each(|outcome| self.counts.add(outcome));
    }
}

fn needs_eyes(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Warned | Outcome::Refused | Outcome::Unknown)
}

fn set_item(items: &mut Vec<Option<Outcome>>, item: u32, outcome: Option<Outcome>) {
    let item = item as usize;
    if item < 1_000_000 {
        items.resize(items.len().max(item + 1), None);
        items[item] = outcome;
    }
}
