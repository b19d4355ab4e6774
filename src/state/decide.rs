//! From what the world tells to facts.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::machine::{Machine, Phase, UnitState};
use super::settle::seconds_between;
use super::{Input, UnitRef};
use crate::event::{Event, Failure, Gives, Kind, Outcome, Reply};
use crate::model::Retry;
use crate::plan::{Judged, Results};

/// Results that are worth keeping only where a later step uses them; the log has them too.
const BULKY: [&str; 9] = ["stdout", "stderr", "lines", "json", "body", "headers", "rows", "text", "files"];

/// A text of more bytes is long.
const LONG: usize = 16 * 1024;

impl Machine {
    /// Takes in what the world tells, and says what is now a fact. The facts are folded; the caller writes them
    /// before it asks for [`Machine::effects`], and syncs them where [`Machine::must_sync`] says so.
    pub fn decide(&mut self, input: Input, at: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        if self.ended {
            return events;
        }
        match input {
            Input::Begin => {}
            Input::Resume(with) => self.go_on(&with, at, &mut events),
            Input::Wake => {
                self.wake(at);
                self.wake_deadlines(at, &mut events);
                self.wake_notices(at, &mut events);
            }
            Input::Notified { about, unit, told } => self.notified((about, unit), told, at, &mut events),
            Input::Prepared { unit, result } => self.prepared(unit, result, at, &mut events),
            Input::Child { unit, pid, start } => self.child(unit, pid, start, at, &mut events),
            Input::Reported { unit, results, withheld } => {
                self.reported(unit, results, withheld, at, &mut events);
            }
            Input::Cut { unit } => {
                let (attempt, unit) = (self.attempts(unit), self.name(unit));
                self.emit(Kind::FoundUnknown { unit, attempt }, at, &mut events);
            }
            Input::Answered { unit, reply, by } => self.answered(unit, reply, by, at, &mut events),
            Input::Stop { by, at_once } => self.stop(by, at_once, at, &mut events),
        }
        self.settle(at, &mut events);
        events
    }

    /// Units whose pause is over queue up again.
    fn wake(&mut self, now: Timestamp) {
        let due: Vec<UnitRef> = (0..self.nodes.len() as u32)
            .filter(|ix| self.nodes[*ix as usize].phase == Phase::Active)
            .flat_map(|ix| self.units(ix))
            .filter(|unit| matches!(self.facts(*unit).map(|f| f.state), Some(UnitState::Retrying(at)) if at <= now))
            .filter(|unit| !self.is_stopped(unit.node))
            .collect();
        for unit in due {
            if let Some(facts) = self.facts_mut(unit) {
                facts.state = UnitState::Queued;
            }
            self.queue.insert(unit);
        }
    }

    fn prepared(
        &mut self,
        unit: UnitRef,
        result: Result<String, Failure>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        if self.facts(unit).map(|f| f.state) != Some(UnitState::Preparing) {
            return;
        }
        let name = self.name(unit);
        match result {
            _ if self.is_stopped(unit.node) => self.unprepare(unit),
            Ok(preview) => {
                let attempt = self.attempts(unit) + 1;
                let stands = self.plan.at(unit.node).tells_changes().then(|| self.standing());
                self.emit(Kind::AttemptStarted { unit: name, attempt, preview, stands }, at, events);
            }
            Err(failure) => {
                let outcome = match failure {
                    Failure::Unplanned { .. } => Outcome::Refused,
                    _ => Outcome::Failed,
                };
                let kind = Kind::NotStarted { unit: name, outcome, failure: Some(failure) };
                self.emit(kind, at, events);
                self.unit_over(unit, at, events);
            }
        }
    }

    /// A unit that was being rendered when the run was stopped is not started.
    fn unprepare(&mut self, unit: UnitRef) {
        if let Some(facts) = self.facts_mut(unit) {
            facts.state = UnitState::Queued;
            self.busy(unit, -1);
        }
    }

    fn child(&mut self, unit: UnitRef, pid: u32, start: u64, at: Timestamp, events: &mut Vec<Event>) {
        let kind = Kind::ChildStarted { unit: self.name(unit), attempt: self.attempts(unit), pid, start };
        self.emit(kind, at, events);
    }

    fn reported(
        &mut self,
        unit: UnitRef,
        results: Results,
        withheld: Vec<String>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let judged = self.renderer().judge(unit.node, self.item(unit), self, &results);
        self.attempt_over(unit, results.gives, judged, withheld, at, events);
    }

    fn attempt_over(
        &mut self,
        unit: UnitRef,
        gives: Gives,
        judged: Judged,
        withheld: Vec<String>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let Some(facts) = self.facts(unit) else { return };
        let attempt = facts.attempts;
        let seconds = facts.attempt_began.map_or(0.0, |began| seconds_between(began, at));
        let retry = self.retry_at(unit, &judged, attempt, at);
        let stops = judged.outcome != Outcome::Failed && self.loop_stops(unit, &gives);
        let (gives, held) = split(self.worth_keeping(unit, gives), &withheld);
        let kind = Kind::AttemptEnded {
            unit: self.name(unit),
            attempt,
            outcome: judged.outcome,
            failure: judged.failure,
            warnings: judged.warnings,
            gives,
            withheld,
            log: None,
            seconds,
        };
        self.emit(kind, at, events);
        self.remember(unit, held);
        match retry {
            Some(not_before) => {
                let kind = Kind::RetryPlanned { unit: self.name(unit), attempt: attempt + 1, not_before };
                self.emit(kind, at, events);
            }
            None => {
                if stops {
                    self.skip_rest(unit, at, events);
                }
                self.unit_over(unit, at, events);
            }
        }
    }

    /// What must not be written is kept for the steps of this run only.
    fn remember(&mut self, unit: UnitRef, held: Gives) {
        let keep = self.plan.at(unit.node).used || unit.item.is_some();
        if let (Some(facts), true) = (self.facts_mut(unit), keep) {
            facts.gives.extend(held);
        }
    }

    fn worth_keeping(&self, unit: UnitRef, mut gives: Gives) -> Gives {
        let is_bulky = |key: &str| BULKY.contains(&key);
        if !self.plan.at(unit.node).used {
            gives.retain(|key, _| !is_bulky(key));
        }
        // The same text is there as lines, too: of a long one only what a later step names is kept.
        let is_long = |value: &Value| value.as_str().is_some_and(|text| text.len() > LONG);
        if gives.iter().any(|(key, value)| is_bulky(key) && is_long(value)) {
            let needed = self.needed(unit.node);
            let all = needed.contains("*") || needed.contains("items");
            gives.retain(|key, _| all || !is_bulky(key) || needed.contains(key));
        }
        gives
    }

    /// When a failed attempt is made again, if it is.
    fn retry_at(&self, unit: UnitRef, judged: &Judged, attempt: u32, now: Timestamp) -> Option<Timestamp> {
        let failure = judged.failure.as_ref()?;
        self.retry_after(unit, failure, attempt, now)
    }

    /// When an attempt that failed so is made again, if it is.
    pub(super) fn retry_after(
        &self,
        unit: UnitRef,
        failure: &Failure,
        attempt: u32,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let retry = self.plan.at(unit.node).step.retry.as_ref()?;
        let wanted = retry.on_codes.is_empty() || failure.code().is_some_and(|c| retry.on_codes.contains(&c));
        let hopeless =
            matches!(failure, Failure::Cancelled | Failure::Template { .. } | Failure::Declared { .. });
        if self.is_stopped(unit.node) || hopeless || !wanted || attempt >= retry.attempts {
            return None;
        }
        now.checked_add(SignedDuration::from_millis(pause_millis(retry, attempt))).ok()
    }

    pub(super) fn loop_stops(&self, unit: UnitRef, gives: &Gives) -> bool {
        unit.item.is_some()
            && self.renderer().loop_stops(unit.node, self.item(unit), self, gives).unwrap_or(false)
    }

    /// The items of a loop that have not begun are skipped.
    pub(super) fn skip_rest(&mut self, unit: UnitRef, at: Timestamp, events: &mut Vec<Event>) {
        for other in self.units(unit.node) {
            if self.facts(other).map(|f| f.state) == Some(UnitState::Queued) {
                let kind =
                    Kind::NotStarted { unit: self.name(other), outcome: Outcome::Skipped, failure: None };
                self.emit(kind, at, events);
            }
        }
    }

    /// A unit is over, and with the last one its step.
    pub(super) fn unit_over(&mut self, unit: UnitRef, at: Timestamp, events: &mut Vec<Event>) {
        let state = &self.nodes[unit.node as usize];
        let mut outcome = Outcome::Skipped;
        for facts in &state.units {
            match facts.state {
                UnitState::Done(one) => outcome = worse(outcome, one),
                _ => return,
            }
        }
        let seconds = state.began.map_or(0.0, |began| seconds_between(began, at));
        let step = self.plan.at(unit.node).id.clone();
        self.emit(
            Kind::StepEnded { step, outcome, seconds, gives: Gives::new(), withheld: Vec::new() },
            at,
            events,
        );
    }

    fn answered(&mut self, unit: UnitRef, reply: Reply, by: String, at: Timestamp, events: &mut Vec<Event>) {
        if self.facts(self.first(unit)).map(|f| f.state) != Some(UnitState::Asking)
            || self.is_stopped(unit.node)
        {
            return;
        }
        let name = self.name(self.whole(unit.node));
        self.emit(Kind::Answered { unit: name, reply: reply.clone(), by: by.clone() }, at, events);
        self.follow(unit, reply, by, at, events);
    }

    /// What follows from an answer that is on record.
    pub(super) fn follow(
        &mut self,
        unit: UnitRef,
        reply: Reply,
        by: String,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        match reply {
            Reply::Yes => self.enqueue(unit.node),
            Reply::No { .. } => self.refuse(unit, at, events),
            Reply::Choice { value, reason } => {
                let results = json!({ "choice": value, "reason": reason, "by": by });
                self.done_by_person(unit, results, None, at, events);
            }
            Reply::Manual { answer, evidence, note } => {
                let results = json!({ "answer": answer, "evidence": evidence, "note": note, "by": by });
                self.done_by_person(unit, results, Some(&answer), at, events);
            }
        }
    }

    fn first(&self, unit: UnitRef) -> UnitRef {
        let looped = self.nodes[unit.node as usize].items.is_some();
        UnitRef { node: unit.node, item: looped.then_some(0) }
    }

    fn refuse(&mut self, unit: UnitRef, at: Timestamp, events: &mut Vec<Event>) {
        let units: Vec<UnitRef> = self.units(unit.node).collect();
        for one in &units {
            let kind = Kind::NotStarted { unit: self.name(*one), outcome: Outcome::Refused, failure: None };
            self.emit(kind, at, events);
        }
        self.unit_over(unit, at, events);
    }

    fn done_by_person(
        &mut self,
        unit: UnitRef,
        results: Value,
        answer: Option<&str>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let gives = results.as_object().cloned().unwrap_or_default();
        let judged = match answer {
            Some("not_applicable") => {
                Judged { outcome: Outcome::Skipped, failure: None, warnings: Vec::new() }
            }
            Some("not_done") => {
                let message = crate::t!("not done", "未実施");
                Judged {
                    outcome: Outcome::Failed,
                    failure: Some(Failure::Declared { message }),
                    warnings: Vec::new(),
                }
            }
            _ => {
                let results = Results { gives: gives.clone(), ..Results::default() };
                self.renderer().judge(unit.node, self.item(unit), self, &results)
            }
        };
        let unit = self.first(unit);
        let kind =
            Kind::AttemptStarted { unit: self.name(unit), attempt: 1, preview: String::new(), stands: None };
        self.emit(kind, at, events);
        self.attempt_over(unit, gives, judged, Vec::new(), at, events);
    }

    fn stop(&mut self, by: String, at_once: bool, at: Timestamp, events: &mut Vec<Event>) {
        let is_new = if at_once { !self.at_once } else { !self.stopping };
        // What is over does not end otherwise because people are still being told of it.
        if is_new && self.over_at.is_none() {
            self.emit(Kind::Stopping { by, at_once }, at, events);
        }
    }
}

/// What may be written, and what may not.
fn split(gives: Gives, withheld: &[String]) -> (Gives, Gives) {
    gives.into_iter().partition(|(key, _)| !withheld.contains(key))
}

/// The pause before the attempt after `attempt`, in milliseconds.
fn pause_millis(retry: &Retry, attempt: u32) -> i64 {
    let first = retry.delay.map_or(5_000, |d| d.as_millis()) as f64;
    let most = retry.max_delay.map_or(300_000, |d| d.as_millis()) as f64;
    let grown = first * retry.backoff.unwrap_or(1.0).max(1.0).powi(attempt.min(64) as i32 - 1);
    grown.min(most.max(first)) as i64
}

/// The worse of two outcomes of items.
fn worse(a: Outcome, b: Outcome) -> Outcome {
    let rank = |o: Outcome| match o {
        Outcome::Skipped => 0,
        Outcome::Unchanged => 1,
        Outcome::Ok | Outcome::ByHand => 2,
        Outcome::Warned => 3,
        Outcome::Blocked => 4,
        Outcome::Refused => 5,
        Outcome::Unknown => 6,
        Outcome::Failed => 7,
    };
    if rank(b) > rank(a) { b } else { a }
}
