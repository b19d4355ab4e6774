//! The moments that a cron expression means in a zone. A time that the clock leaves out comes as soon as the clock goes
//! on, and one that the clock shows twice comes once; hours that go by (`*`) are taken as they are.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::Cron;

/// A cron expression in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// The expression.
    pub cron: Cron,
    /// The zone.
    pub zone: TimeZone,
}

impl Times {
    /// The first moment after another; none where none comes.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        if self.cron.goes_by() { self.next_going_by(after) } else { self.next_on_clock(after) }
    }

    /// The moments after `from`, up to `to` and with it.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(self.next(from), |last| self.next(*last)).take_while(move |at| *at <= to)
    }

    /// Since what the clock shows never leads back to an earlier moment, the first time that leads to a later moment
    /// is the next.
    fn next_on_clock(&self, after: Timestamp) -> Option<Timestamp> {
        let mut clock = self.zone.to_datetime(after);
        loop {
            clock = self.cron.next(clock, false)?;
            let at = self.moment(clock)?;
            if at > after {
                return Some(at);
            }
        }
    }

    /// The one moment of a time on the clock.
    fn moment(&self, clock: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(clock);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => {
                // The first time that is left out leads to the very moment of the change.
                let behind = ambiguous.later().ok()?.checked_add(SignedDuration::from_nanos(1)).ok()?;
                self.zone.preceding(behind).next().map(|change| change.timestamp())
            }
            _ => ambiguous.earlier().ok(),
        }
    }

    /// Between two changes of the clock, moments and what the clock shows go side by side.
    fn next_going_by(&self, after: Timestamp) -> Option<Timestamp> {
        let mut from = (after, false);
        loop {
            let offset = self.zone.to_offset(from.0);
            let found = offset.to_timestamp(self.cron.next(offset.to_datetime(from.0), from.1)?).ok()?;
            match self.zone.following(from.0).next() {
                Some(change) if change.timestamp() <= found => from = (change.timestamp(), true),
                _ => return Some(found),
            }
        }
    }
}
