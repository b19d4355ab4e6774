//! Of what people are told who are not there, and when. Telling them is a fact before it is tried and once it was; it
//! changes nothing about how a run ends, but is waited for.

use jiff::{SignedDuration, Timestamp};

use super::machine::{Machine, UnitState};
use crate::event::{Event, Kind, RunOutcome, Told, Unit};
use crate::model::{Notifications, Occasion};
use crate::plan::NodeIx;

impl Machine {
    /// A fact of somebody who stands outside of the run, such as a `resume` that goes no further.
    pub fn record(&mut self, kind: Kind, at: Timestamp) -> Event {
        let event = Event { seq: self.seq, at, kind };
        self.fold(&event);
        event
    }

    /// Whether all is done but telling people.
    pub fn is_told_of(&self) -> bool {
        self.over_at.is_some()
    }

    /// Whether everybody has been told who has to be before a run is over.
    pub(super) fn settle_notices(&mut self, at: Timestamp, events: &mut Vec<Event>) -> bool {
        if self.over_at.is_none()
            && !self.at_once
            && let Some(about) = self.occasion()
        {
            self.emit(Kind::Notifying { about, unit: None }, at, events);
        }
        self.telling == 0
    }

    /// What the end of the run is to those who are told of it.
    fn occasion(&self) -> Option<Occasion> {
        let notifications = self.plan.notifications.as_ref()?;
        let before = self.run.previous.as_deref();
        let went_wrong =
            [RunOutcome::Failed, RunOutcome::Refused, RunOutcome::Cancelled].map(RunOutcome::word);
        let recovered = before.is_some_and(|word| went_wrong.contains(&word));
        let wanted = |about: &Occasion| notifications.occasions().contains(about);
        let all: &[Occasion] = match self.standing() {
            RunOutcome::Failed | RunOutcome::Cancelled => &[Occasion::Failure],
            RunOutcome::Refused => &[Occasion::Person],
            RunOutcome::Ok if recovered => &[Occasion::Recovery],
            RunOutcome::Warned if recovered => &[Occasion::Recovery, Occasion::Warning],
            RunOutcome::Warned => &[Occasion::Warning],
            RunOutcome::Ok => &[],
        };
        all.iter().copied().find(wanted)
    }

    /// When the next open question has stood open for too long.
    pub(super) fn next_notice(&self) -> Option<Timestamp> {
        self.open_questions().map(|(_, at)| at).min()
    }

    /// Questions that have stood open for too long are told of.
    pub(super) fn wake_notices(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        let due: Vec<NodeIx> = self.open_questions().filter(|(_, at)| *at <= now).map(|(ix, _)| ix).collect();
        for ix in due {
            let unit = Some(self.name(self.whole(ix)));
            self.emit(Kind::Notifying { about: Occasion::Person, unit }, now, events);
        }
    }

    /// Questions that nobody was told of yet, with the moment at which somebody is.
    fn open_questions(&self) -> impl Iterator<Item = (NodeIx, Timestamp)> + '_ {
        let wanted = |n: &&Notifications| n.occasions().contains(&Occasion::Person);
        let patience = self.plan.notifications.as_ref().filter(wanted).map(Notifications::patience);
        let open = |ix: NodeIx| {
            let mut units = self.nodes[ix as usize].units.iter();
            units.any(|unit| unit.state == UnitState::Asking) && !self.is_stopped(ix)
        };
        self.asked.iter().filter_map(move |(ix, at)| {
            let pause = SignedDuration::from_millis(i64::try_from(patience?.as_millis()).ok()?);
            Some((*ix, at.checked_add(pause).ok()?)).filter(|(ix, _)| open(*ix))
        })
    }

    pub(super) fn notified(
        &mut self,
        (about, unit): (Occasion, Option<Unit>),
        told: Vec<Told>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        self.emit(Kind::Notified { about, unit, told }, at, events);
    }

    pub(super) fn fold_notifying(&mut self, unit: Option<&Unit>, at: Timestamp) {
        self.telling += 1;
        match unit.and_then(|unit| self.unit(unit)) {
            // Told once, however often it is asked again.
            Some(unit) => drop(self.asked.remove(&unit.node)),
            None => self.over_at = Some(at),
        }
    }

    pub(super) fn fold_notified(&mut self) {
        self.telling = self.telling.saturating_sub(1);
    }
}
