//! When the journal is synced beyond what the machine demands, and how many starts one sync takes along. It knows
//! only moments and counts.
//!
//! Where steps are short, a sync for each start would cost as much as the steps. So a sync reserves the next starts,
//! twice as many as there were since the sync before, as long as starts follow each other within moments. A
//! reservation that was not used within one such moment is taken back: a power cut leaves a doubt only about units that
//! could really have begun, and steps that take longer than a moment are never reserved.

use std::time::Duration;

use tokio::time::Instant;

/// How long something may have been appended without being on disk, and a reservation stand.
const MOMENT: Duration = Duration::from_millis(50);
/// So many units are reserved at most.
const MOST: usize = 64;

/// What is to be done about the disk, from when what was done.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The last sync.
    synced: Option<Instant>,
    /// Attempts begun since.
    starts: usize,
    /// By when the next sync has to come, where there is something to sync or to take back.
    due: Option<Instant>,
}

impl Pace {
    /// So many attempts begin.
    pub fn started(&mut self, count: usize) {
        self.starts += count;
    }

    /// By when the next sync has to come.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Something was appended that is not synced.
    pub fn appended(&mut self, now: Instant) {
        self.due.get_or_insert(now + MOMENT);
    }

    /// How many units to reserve with the sync that comes now.
    pub fn ahead(&self, now: Instant) -> usize {
        // The sync that ends a moment may itself be late.
        let brisk = self.synced.is_some_and(|synced| now < synced + 2 * MOMENT);
        if brisk { MOST.min(2 * self.starts) } else { 0 }
    }

    /// All is on disk; `reserved` says whether there is something to take back.
    pub fn synced(&mut self, now: Instant, reserved: bool) {
        *self = Pace { synced: Some(now), starts: 0, due: reserved.then(|| now + MOMENT) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_follow_each_other_at_once_are_reserved_more_and_more_of_them() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        let mut ahead = Vec::new();
        for _ in 0..6 {
            // What was reserved, and the one that needs a sync again.
            pace.started(ahead.last().map_or(2, |n| n + 1));
            now += Duration::from_millis(1);
            ahead.push(pace.ahead(now));
            pace.synced(now, true);
        }
        assert_eq!(ahead, [0, 2, 6, 14, 30, 62]);
    }

    #[test]
    fn steps_that_take_their_time_are_not_reserved() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        for _ in 0..6 {
            pace.started(2);
            assert_eq!(pace.ahead(now), 0);
            pace.synced(now, false);
            assert_eq!(pace.due(), None);
            now += 2 * MOMENT;
        }
    }

    #[test]
    fn what_was_reserved_and_not_used_is_taken_back() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.synced(now, true);
        let due = pace.due().expect("a time");
        assert!(due > now);
        assert_eq!(pace.ahead(due), 0);
        pace.synced(due, false);
        assert_eq!(pace.due(), None);
    }

    #[test]
    fn what_was_appended_first_says_when_the_sync_comes() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.appended(now);
        pace.appended(now + MOMENT / 2);
        assert_eq!(pace.due(), Some(now + MOMENT));
    }
}
