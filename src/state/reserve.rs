//! What has to be on disk before what: the one place where that is decided. It syncs nothing itself.
//!
//! - A person's answer and the end of the run are synced before anything follows from them.
//! - An attempt is on disk before its permit exists: its own fact, or before that a reservation of its unit.
//! - The end of a step is on disk before anything starts that waits for it. A unit is reserved only once it is ready,
//!   so that the ends of all it waits for stand in front of its reservation, and one sync takes them along. A unit
//!   that was not reserved syncs its own start, and with it all that stands before.
//! - All else is on disk a moment after it was appended. What a power cut takes in that moment are the ends of steps
//!   whose beginning is on disk, so that they are taken for steps that may have been done: never for steps that were
//!   not begun.

use jiff::Timestamp;

use super::UnitRef;
use super::machine::Machine;
use crate::event::{Event, Kind, Unit};

impl Machine {
    /// Whether something was folded since the last call that has to be on disk before [`Machine::effects`] are asked
    /// for.
    pub fn must_sync(&mut self) -> bool {
        std::mem::take(&mut self.must_sync)
    }

    /// Whether units stand reserved that have not begun.
    pub fn has_reserved(&self) -> bool {
        !self.reserved.is_empty()
    }

    /// Reserves the `most` units that are next to get a place to run, in place of those reserved before. The fact has
    /// to be synced before any other of this machine's commands is followed; it says nothing that stands already.
    pub fn reserve(&mut self, most: usize, at: Timestamp) -> Option<Event> {
        let most = if self.stopping || self.ended { 0 } else { most };
        // Items that wait for others of their own loop will wait for more than a moment.
        let next: Vec<UnitRef> =
            self.queue.iter().take(most).filter(|u| !self.is_full(**u)).copied().collect();
        if self.reserved.iter().eq(&next) {
            return None;
        }
        let units = next.into_iter().map(|unit| self.name(unit)).collect();
        let mut events = Vec::new();
        self.emit(Kind::Reserved { units }, at, &mut events);
        events.pop()
    }

    pub(super) fn fold_reserved(&mut self, units: &[Unit]) {
        self.reserved = units.iter().filter_map(|name| self.unit(name)).collect();
    }
}
