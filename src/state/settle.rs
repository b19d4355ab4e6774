//! What follows once nodes are over: which are skipped, blocked, opened, closed, asked about or queued, until
//! nothing more follows without the world.

use jiff::Timestamp;
use serde_json::Value;

use super::UnitRef;
use super::machine::{Machine, Phase, UnitState};
use crate::base::Confidential;
use crate::event::{Counts, Event, Failure, Gives, Kind, Outcome, Question, RunOutcome, Unit};
use crate::plan::{Body, LAID_OUT, NodeIx, Secrets};

impl Machine {
    /// Decides about every node whose needs are over, and about those that this ends.
    pub(super) fn settle(&mut self, at: Timestamp, events: &mut Vec<Event>) {
        loop {
            self.settled.append(&mut self.held);
            let before = self.seq;
            while let Some(ix) = self.settled.pop_first() {
                if self.nodes[ix as usize].phase == Phase::Waiting && !self.is_stopped(ix) {
                    self.settle_node(ix, at, events);
                }
            }
            // What has ended since may be what a node was held for.
            if !self.held.is_empty() && self.seq != before {
                continue;
            }
            if !self.settle_closing(at, events) {
                return self.settle_run(at, events);
            }
        }
    }

    fn settle_node(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) {
        if self.waits_for_place(ix) {
            return;
        }
        if self.plan.at(ix).left_out {
            let step = self.plan.at(ix).id.clone();
            let flags = self.plan.chosen.flags();
            let because = crate::t!("left out: {flags}", "対象外: {flags}");
            return self.emit(Kind::Skipped { step, because, left_out: true }, at, events);
        }
        if let Some(because) = self.skipped_around(ix) {
            let step = self.plan.at(ix).id.clone();
            return self.emit(Kind::Skipped { step, because, left_out: false }, at, events);
        }
        if let Body::Close { open, .. } = self.plan.at(ix).body
            && self.nodes[open as usize].phase == Phase::Ended(Outcome::Failed)
        {
            let step = self.plan.at(ix).id.clone();
            let kind = Kind::StepEnded {
                step,
                outcome: Outcome::Failed,
                seconds: 0.0,
                gives: Gives::new(),
                withheld: Vec::new(),
            };
            return self.emit(kind, at, events);
        }
        // The end of what could not even begin has the reason of its beginning.
        let blockers = self.blockers(match self.plan.at(ix).body {
            Body::Close { open, .. } if self.nodes[open as usize].phase == Phase::Ended(Outcome::Blocked) => {
                open
            }
            _ => ix,
        });
        if !blockers.is_empty() {
            let by = blockers.iter().map(|b| self.plan.at(*b).id.ended()).collect();
            let step = self.plan.at(ix).id.clone();
            return self.emit(Kind::Blocked { step, by }, at, events);
        }
        if !self.settle_handler(ix, at, events)
            || !self.settle_undo(ix, at, events)
            || !self.settle_rescue(ix, at, events)
        {
            return;
        }
        match self.plan.at(ix).body {
            Body::Close { open, frame } => self.settle_close(ix, open, frame, at, events),
            Body::Open { frame, .. } => {
                if self.settle_when(ix, at, events) && self.settle_items(ix, at, events) {
                    self.settle_open(ix, frame, at, events);
                }
            }
            Body::Act => {
                if self.settle_when(ix, at, events) {
                    self.settle_act(ix, at, events);
                }
            }
        }
    }

    /// Why a node is skipped because of the step that holds it, if it is: the outermost that is skipped is named. The
    /// end of a step has the reason that its beginning had.
    fn skipped_around(&self, ix: NodeIx) -> Option<String> {
        let node = self.plan.at(ix);
        let own = matches!(node.body, Body::Close { .. });
        let open = match node.body {
            Body::Close { open, .. } => open,
            _ => node.inside?,
        };
        if self.nodes[open as usize].phase != Phase::Ended(Outcome::Skipped) {
            return None;
        }
        let why = self.skipped_around(open);
        let why = why.or_else(|| if own { self.nodes[open as usize].because.clone() } else { None });
        Some(why.unwrap_or_else(|| {
            let step = self.plan.at(open).id.as_str().trim_end_matches('/');
            crate::t!("`{step}` was skipped", "`{step}` がスキップされたため")
        }))
    }

    /// Whether the node's conditions hold; says so in a fact when they do not.
    fn settle_when(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) -> bool {
        match self.renderer().skip_reason(ix, self) {
            Ok(None) => self.settle_news(ix, at, events),
            Ok(Some(because)) => {
                let step = self.plan.at(ix).id.clone();
                self.emit(Kind::Skipped { step, because, left_out: false }, at, events);
                false
            }
            Err(failure) => {
                self.fail_node(ix, failure, at, events);
                false
            }
        }
    }

    /// A node that cannot even begin.
    pub(super) fn fail_node(&mut self, ix: NodeIx, failure: Failure, at: Timestamp, events: &mut Vec<Event>) {
        let step = self.plan.at(ix).id.clone();
        // What goes wrong at the beginning of a group or playbook is told of the step as a whole.
        let whole = match self.plan.at(ix).body {
            Body::Open { close, .. } => self.plan.at(close).id.clone(),
            _ => step.clone(),
        };
        let unit = Unit::step(whole);
        self.emit(Kind::NotStarted { unit, outcome: Outcome::Failed, failure: Some(failure) }, at, events);
        self.emit(
            Kind::StepEnded {
                step,
                outcome: Outcome::Failed,
                seconds: 0.0,
                gives: Gives::new(),
                withheld: Vec::new(),
            },
            at,
            events,
        );
    }

    /// Whether a beginning has something to begin: where it loops, says in a fact what its items are.
    fn settle_items(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) -> bool {
        let Body::Open { close, .. } = self.plan.at(ix).body else { return true };
        match self.renderer().expand(ix, self) {
            Err(failure) => {
                self.fail_node(ix, failure, at, events);
                false
            }
            Ok(Some(items)) if items.is_empty() => {
                let step = self.plan.at(ix).id.clone();
                self.emit(
                    Kind::Skipped { step, because: nothing_to_loop_over(), left_out: false },
                    at,
                    events,
                );
                false
            }
            // After a crash it may be laid out already.
            Ok(Some(_)) if self.plan.at(ix + 1).pattern == LAID_OUT => true,
            Ok(Some(items)) => {
                let step = self.plan.at(close).id.clone();
                self.emit(Kind::Expanded { step, items, withheld: Vec::new() }, at, events);
                true
            }
            Ok(None) => true,
        }
    }

    fn settle_close(
        &mut self,
        ix: NodeIx,
        open: NodeIx,
        frame: Option<u32>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let (mut outcome, recovered) = self.group_outcome(open);
        let mut gives = Gives::new();
        if let (Some(frame), true) = (frame, outcome.lets_follow()) {
            match self.renderer().outputs(frame, self) {
                Ok(outputs) => gives = outputs,
                Err(failure) => {
                    outcome = Outcome::Failed;
                    let unit = Unit::step(self.plan.at(ix).id.clone());
                    let kind = Kind::NotStarted { unit, outcome, failure: Some(failure) };
                    self.emit(kind, at, events);
                }
            }
        }
        if let Some(recovered) = recovered {
            gives.insert("recovered".into(), Value::Bool(recovered));
        }
        let seconds = self.nodes[open as usize].began.map_or(0.0, |began| seconds_between(began, at));
        let step = self.plan.at(ix).id.clone();
        self.emit(Kind::StepEnded { step, outcome, seconds, gives, withheld: Vec::new() }, at, events);
        self.settle_stop(ix, at, events);
    }

    /// The outcome that several nodes come to together.
    pub(super) fn worst(&self, nodes: impl Iterator<Item = NodeIx>) -> Outcome {
        let rank = |ix: NodeIx| match self.nodes[ix as usize].phase {
            Phase::Ended(outcome) if self.is_excused(ix, outcome) => (1, Outcome::Warned),
            Phase::Ended(Outcome::Failed | Outcome::Unknown) | Phase::GivenUp => (4, Outcome::Failed),
            Phase::Ended(Outcome::Refused) => (3, Outcome::Refused),
            Phase::Ended(Outcome::Blocked) => (2, Outcome::Blocked),
            Phase::Ended(Outcome::Warned) => (1, Outcome::Warned),
            _ => (0, Outcome::Ok),
        };
        nodes.map(rank).max_by_key(|(rank, _)| *rank).map_or(Outcome::Ok, |(_, outcome)| outcome)
    }

    fn settle_act(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) {
        let step = self.plan.at(ix).id.clone();
        match self.renderer().expand(ix, self) {
            Err(failure) => return self.fail_node(ix, failure, at, events),
            Ok(Some(items)) if items.is_empty() => {
                return self.emit(
                    Kind::Skipped { step, because: nothing_to_loop_over(), left_out: false },
                    at,
                    events,
                );
            }
            Ok(Some(items)) => {
                self.emit(Kind::Expanded { step: step.clone(), items, withheld: Vec::new() }, at, events)
            }
            Ok(None) => self.activate(ix, at),
        }
        if !self.plan.at(ix).asks() {
            return self.enqueue(ix);
        }
        self.ask(ix, at, events);
    }

    /// Asks about a node, or puts the question that it is.
    pub(super) fn ask(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) {
        let step = self.plan.at(ix).id.clone();
        match self.question_of(ix) {
            Err(failure) => self.fail_node(ix, failure, at, events),
            Ok(Some(question)) => self.emit(Kind::Asked { unit: Unit::step(step), question }, at, events),
            Ok(None) => self.enqueue(ix),
        }
    }

    /// The units of a node wait for a place to run.
    pub(super) fn enqueue(&mut self, ix: NodeIx) {
        for unit in self.units(ix) {
            if let Some(facts) = self.facts_mut(unit) {
                facts.state = UnitState::Queued;
            }
            self.queue.insert(unit);
        }
    }

    /// The question before a node, or the question that it is, with the very text of what will run.
    fn question_of(&self, ix: NodeIx) -> Result<Option<Question>, Failure> {
        let renderer = self.renderer();
        let secrets: Secrets = renderer
            .secret_names(ix)
            .into_iter()
            .map(|name| (name, Confidential::plain(crate::base::MASK)))
            .collect();
        let items = self.nodes[ix as usize].items.as_deref();
        if self.plan.at(ix).is_question() {
            let prepared = renderer.prepare(ix, None, self, &secrets)?;
            return renderer.own_question(ix, None, self, &prepared.action);
        }
        let text = match items {
            None => renderer.prepare(ix, None, self, &secrets)?.preview,
            Some(items) => self.previews(ix, items, &secrets)?,
        };
        renderer.question(ix, items, self, &text)
    }

    fn previews(&self, ix: NodeIx, items: &[Value], secrets: &Secrets) -> Result<String, Failure> {
        let texts = items
            .iter()
            .enumerate()
            .map(|(i, value)| {
                self.renderer().prepare(ix, Some((i as u32, value)), self, secrets).map(|p| p.preview)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(texts.join("\n"))
    }

    /// Ends the run once nothing is left, or nothing more is started and nothing runs.
    fn settle_run(&mut self, at: Timestamp, events: &mut Vec<Event>) {
        // What takes a step back is no step that is left, and may still run.
        let over = self.running == 0 && (self.left == 0 || self.at_once || self.stopping && !self.closing);
        if self.ended || !over || !self.take_back(None, at, events) || !self.settle_notices(at, events) {
            return;
        }
        let mut counts = Counts::default();
        for (node, state) in self.plan.nodes.iter().zip(&self.nodes) {
            let counts_in = node.is_shown() || node.undoes.is_some();
            if let (Phase::Ended(outcome), true) = (state.phase, counts_in) {
                counts.add(outcome);
            }
        }
        let outcome = if self.kept_out { RunOutcome::Refused } else { self.standing() };
        let seconds = seconds_between(self.run.started, self.over_at.unwrap_or(at));
        self.emit(Kind::RunEnded { outcome, counts, seconds }, at, events);
    }

    /// Whether a node tells something new, where it is to tell nothing else; says so in a fact when it does not.
    fn settle_news(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) -> bool {
        let node = self.plan.at(ix);
        if !node.tells_changes() {
            return true;
        }
        let now = self.standing();
        if self.run.last_told.get(&node.id).copied().unwrap_or(Some(RunOutcome::Ok)) != Some(now) {
            return true;
        }
        let (step, word) = (node.id.clone(), now.word());
        let because = crate::t!("nothing new: still {word}", "状態（{word}）に変化がないため");
        self.emit(Kind::Skipped { step, because, left_out: false }, at, events);
        false
    }

    /// How the run would have ended if it ended now.
    pub(super) fn standing(&self) -> RunOutcome {
        if self.stopping { RunOutcome::Cancelled } else { self.run_outcome() }
    }

    fn run_outcome(&self) -> RunOutcome {
        let top = self.plan.nodes.iter().enumerate().filter(|(_, n)| n.inside.is_none() && n.is_shown());
        match self.worst(top.map(|(ix, _)| ix as NodeIx).chain(self.undone.iter().copied())) {
            Outcome::Failed | Outcome::Blocked => RunOutcome::Failed,
            Outcome::Refused => RunOutcome::Refused,
            Outcome::Warned => RunOutcome::Warned,
            _ if !self.breached.is_empty() => RunOutcome::Warned,
            _ => RunOutcome::Ok,
        }
    }

    /// The unit of a node that does not loop, or the first of one that does.
    pub(super) fn whole(&self, node: NodeIx) -> UnitRef {
        UnitRef { node, item: None }
    }
}

fn nothing_to_loop_over() -> String {
    crate::t!("nothing to loop over", "対象がありません")
}

/// Seconds between two moments; none when the clock went back.
pub(super) fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    (to.duration_since(from).as_secs_f64()).max(0.0)
}
