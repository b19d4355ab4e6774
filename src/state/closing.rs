//! The end of a run or group: what was done is taken back, then comes `rescue`, then `always`. After a stop only what
//! is done whatever happened is still begun.

use jiff::Timestamp;

use super::UnitRef;
use super::machine::{Machine, Phase, UnitState};
use crate::event::{Event, Kind, Outcome};
use crate::model::Part;
use crate::plan::{Body, NodeIx};

impl Machine {
    /// Whether nothing is begun at a node any more.
    pub fn is_stopped(&self, ix: NodeIx) -> bool {
        let node = self.plan.at(ix);
        // A group that has begun comes to its end once the rest is given up.
        let ends = self.closing && matches!(node.body, Body::Close { .. });
        self.at_once || (self.stopping && !node.closing.sure && !ends)
    }

    /// Whether all is taken back that has to be before a node that ends a group, or stands in its `rescue` or `always`.
    pub(super) fn settle_undo(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) -> bool {
        let node = self.plan.at(ix);
        let ended = match (node.body, node.part) {
            (Body::Close { open, .. }, _) => Some(open),
            (_, Part::Steps | Part::Handler) => return true,
            _ => node.inside,
        };
        let taken_back = self.take_back(ended, at, events);
        if !taken_back {
            self.held.insert(ix);
        }
        taken_back
    }

    /// Whether nothing has to be taken back of what stands in a step, or in the run; begins the next where it has. One
    /// after another, in reverse order of what was done.
    pub(super) fn take_back(&mut self, open: Option<NodeIx>, at: Timestamp, events: &mut Vec<Event>) -> bool {
        if self.at_once || self.done.is_empty() {
            return true;
        }
        let Some(done) = self.next_to_undo(open) else { return true };
        let Some(node) = self.plan.at(done.node).undo else { return true };
        let undo = UnitRef { node, item: done.item };
        let state = self.facts(undo).map(|facts| facts.state);
        let under_way = matches!(state, Some(UnitState::Preparing | UnitState::Running));
        if !under_way && !self.queue.contains(&undo) {
            self.begin_undo(done.node, node, at, events);
            self.queue.insert(undo);
        }
        false
    }

    /// The last of what was done in a step, or in the run, that has to be taken back at its end.
    fn next_to_undo(&self, open: Option<NodeIx>) -> Option<UnitRef> {
        let plan = &self.plan;
        let failed = self.has_failed(open);
        // What an `always` did itself is no matter of what it ends.
        let lenient = open.is_some_and(|open| plan.at(open).closing.lenient);
        self.done.iter().rev().copied().find(|done| {
            let node = plan.at(done.node);
            (failed || plan.is_undone_always(done.node))
                && (lenient || !node.closing.lenient)
                && plan.is_within(done.node, open)
        })
    }

    /// The items of a loop are taken back one by one; those that were not done are left alone.
    fn begin_undo(&mut self, of: NodeIx, undo: NodeIx, at: Timestamp, events: &mut Vec<Event>) {
        if self.nodes[undo as usize].phase != Phase::Waiting {
            return;
        }
        let Some(items) = self.nodes[of as usize].items.clone() else { return self.activate(undo, at) };
        let count = items.len() as u32;
        self.emit(
            Kind::Expanded { step: self.plan.at(undo).id.clone(), items, withheld: Vec::new() },
            at,
            events,
        );
        let not_done = (0..count).filter(|i| !self.done.contains(&UnitRef { node: of, item: Some(*i) }));
        for item in not_done.collect::<Vec<_>>() {
            let unit = self.name(UnitRef { node: undo, item: Some(item) });
            self.emit(Kind::NotStarted { unit, outcome: Outcome::Skipped, failure: None }, at, events);
        }
    }

    /// Whether something in a step, or in the run, went wrong, or it was stopped. An excused failure and a no did not.
    fn has_failed(&self, open: Option<NodeIx>) -> bool {
        let sure = open.is_some_and(|open| self.plan.at(open).closing.sure);
        (self.stopping && !sure) || self.worst(self.steps_of(open, Part::Steps)) == Outcome::Failed
    }

    /// The steps of one list of a group, playbook or loop, or of the run.
    fn steps_of(&self, open: Option<NodeIx>, part: Part) -> impl Iterator<Item = NodeIx> + '_ {
        let plan = &self.plan;
        let held: Box<dyn Iterator<Item = NodeIx>> = match open.map(|open| plan.at(open).body) {
            Some(Body::Open { close, .. }) => Box::new(plan.needs(close).map(|(need, _)| need)),
            _ => Box::new(0..plan.nodes.len() as NodeIx),
        };
        held.filter(move |ix| {
            let node = plan.at(*ix);
            node.inside == open && node.part == part && node.pattern == 0 && node.is_shown()
        })
    }

    /// Whether a node may begin as far as `rescue` goes: its steps are skipped where nothing failed.
    pub(super) fn settle_rescue(&mut self, ix: NodeIx, at: Timestamp, events: &mut Vec<Event>) -> bool {
        let node = self.plan.at(ix);
        let begins = node.part == Part::Rescue && !matches!(node.body, Body::Close { .. });
        if !begins || self.has_failed(node.inside) {
            return true;
        }
        let step = node.id.clone();
        let because = crate::t!("nothing failed", "失敗がなかったため");
        self.emit(Kind::Skipped { step, because, left_out: false }, at, events);
        false
    }

    /// How a group, playbook or loop ended, and where it has a `rescue`, whether it has recovered.
    pub(super) fn group_outcome(&self, open: NodeIx) -> (Outcome, Option<bool>) {
        let steps = self.worst(self.steps_of(Some(open), Part::Steps));
        let rescue: Vec<Outcome> = self
            .steps_of(Some(open), Part::Rescue)
            .filter_map(|ix| match self.nodes[ix as usize].phase {
                Phase::Ended(outcome) if self.is_excused(ix, outcome) => Some(Outcome::Warned),
                Phase::Ended(outcome) => Some(outcome),
                _ => None,
            })
            .collect();
        let helped = rescue.iter().any(|o| *o != Outcome::Skipped) && rescue.iter().all(|o| o.lets_follow());
        let refused = self
            .steps_of(Some(open), Part::Steps)
            .any(|ix| self.nodes[ix as usize].phase == Phase::Ended(Outcome::Refused));
        let recovered = steps == Outcome::Failed && helped;
        let ends = [Part::Rescue, Part::Always, Part::Handler];
        let ends = ends.into_iter().flat_map(|part| self.steps_of(Some(open), part));
        let undone = self.undone.iter().copied().filter(|ix| self.plan.is_within(*ix, Some(open)));
        let late = self.worst(ends.chain(undone));
        let steps = match recovered {
            true if refused => Outcome::Refused,
            true => Outcome::Warned,
            false => steps,
        };
        let has_rescue = self.steps_of(Some(open), Part::Rescue).next().is_some();
        (worse(steps, late), has_rescue.then_some(recovered && late != Outcome::Failed))
    }

    /// After a stop, once nothing runs any more: gives up what was not begun, where something is still to be done.
    pub(super) fn settle_closing(&mut self, at: Timestamp, events: &mut Vec<Event>) -> bool {
        if !self.stopping || self.at_once || self.closing || self.ended || self.running > 0 {
            return false;
        }
        let is_left = |ix: NodeIx| self.plan.at(ix).closing.sure && self.is_open(ix) && !self.is_given_up(ix);
        if self.done.is_empty() && !(0..self.nodes.len() as NodeIx).any(is_left) {
            return false;
        }
        self.emit(Kind::Closing, at, events);
        true
    }

    /// Whether a node counts, and is not over.
    fn is_open(&self, ix: NodeIx) -> bool {
        let node = self.plan.at(ix);
        let over = matches!(self.nodes[ix as usize].phase, Phase::Ended(_) | Phase::GivenUp);
        node.pattern == 0 && node.undoes.is_none() && !over
    }

    /// Whether a node that is not over is never begun after a stop: all but what ends the run, and the groups that have
    /// begun.
    fn is_given_up(&self, ix: NodeIx) -> bool {
        let began = |open: NodeIx| self.nodes[open as usize].phase == Phase::Ended(Outcome::Ok);
        let node = self.plan.at(ix);
        let held = std::iter::successors(node.inside, |open| self.plan.at(*open).inside);
        let mut around = held.filter(|open| !self.plan.at(*open).closing.sure);
        let ends = matches!(node.body, Body::Close { open, .. } if began(open));
        around.any(|open| !began(open)) || !(node.closing.sure || ends)
    }

    pub(super) fn fold_stopping(&mut self, at_once: bool) {
        self.stopping = true;
        self.at_once |= at_once;
        let plan = &self.plan;
        self.queue.retain(|unit| !at_once && plan.at(unit.node).closing.sure);
    }

    pub(super) fn fold_closing(&mut self) {
        self.closing = true;
        let open: Vec<NodeIx> = (0..self.nodes.len() as NodeIx).filter(|ix| self.is_open(*ix)).collect();
        let (lost, left): (Vec<_>, Vec<_>) = open.into_iter().partition(|ix| self.is_given_up(*ix));
        for ix in &lost {
            self.nodes[*ix as usize].phase = Phase::GivenUp;
            self.nodes[*ix as usize].units.clear();
            self.left -= 1;
        }
        lost.iter().for_each(|ix| self.release_followers(*ix));
        self.settled.extend(left.into_iter().filter(|ix| self.nodes[*ix as usize].waiting == 0));
    }

    /// An attempt has begun: from here on there may be something to take back.
    pub(super) fn fold_begun(&mut self, unit: UnitRef) {
        if self.plan.at(unit.node).undo.is_some() && !self.done.contains(&unit) {
            self.done.push(unit);
        }
    }

    /// An attempt is over: what it did is the last that was done, unless it did nothing.
    pub(super) fn fold_over(&mut self, unit: UnitRef, outcome: Outcome) {
        self.fold_taken_back(unit);
        if self.plan.at(unit.node).undo.is_none() {
            return;
        }
        let nothing = matches!(outcome, Outcome::Unchanged | Outcome::Skipped) && self.attempts(unit) <= 1;
        self.done.retain(|done| *done != unit);
        if !nothing {
            self.done.push(unit);
        }
    }

    /// What a person did can be taken back like what the engine did.
    pub(super) fn fold_done_by_hand(&mut self, ix: NodeIx) {
        let unit = self.whole(ix);
        if self.plan.at(ix).undo.is_some() && !self.done.iter().any(|done| done.node == ix) {
            self.done.push(unit);
        }
    }

    /// What takes a unit back is over: there is nothing left to take back, or nothing more that can be done about it.
    pub(super) fn fold_taken_back(&mut self, undo: UnitRef) {
        if let Some(node) = self.plan.at(undo.node).undoes {
            self.done.retain(|done| *done != UnitRef { node, item: undo.item });
        }
    }
}

/// The worse of two outcomes of parts of a step.
fn worse(a: Outcome, b: Outcome) -> Outcome {
    let order = [Outcome::Failed, Outcome::Refused, Outcome::Blocked, Outcome::Warned];
    order.into_iter().find(|o| *o == a || *o == b).unwrap_or(Outcome::Ok)
}
