//! The end of a turn: its facts are written, on disk where they have to be, and shown. It does not know what made them.

use jiff::Timestamp;
use tokio::time::Instant;

use super::driver::Driver;
use crate::event::{Event, Kind, Record, RecordError};

impl Driver {
    /// Whether this turn ends with a sync, which then takes the next starts along.
    pub(super) fn wants_sync(&mut self, now: Timestamp, events: &mut Vec<Event>) -> bool {
        let starts = events.iter().filter(|e| matches!(e.kind, Kind::AttemptStarted { .. })).count();
        self.pace.started(starts);
        let moment = Instant::now();
        let sync = self.session.machine.must_sync() || self.pace.due().is_some_and(|due| due <= moment);
        if sync {
            events.extend(self.session.machine.reserve(self.pace.ahead(moment), now));
        }
        sync
    }

    /// Facts are written, and on disk where they have to be, then shown, both without secrets.
    pub(super) fn tell(&mut self, events: &[Event], sync: bool) -> Result<(), RecordError> {
        let events = self.hush.facts(events, &self.session.vault);
        let journal = &mut self.session.journal;
        if !events.is_empty() {
            journal.append(&events)?;
            self.pace.appended(Instant::now());
        }
        if sync {
            journal.sync()?;
            self.pace.synced(Instant::now(), self.session.machine.has_reserved());
        }
        for event in events.iter() {
            tracing::debug!(seq = event.seq, "{}", serde_json::to_string(&event.kind).unwrap_or_default());
            for reporter in &mut self.session.reporters {
                reporter.event(event);
            }
        }
        Ok(())
    }
}
