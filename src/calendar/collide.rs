//! Which scheduled times get in each other's way. It does not know what they share.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// A time that is taken up by a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// The schedule.
    pub schedule: usize,
    /// From then.
    pub from: Timestamp,
    /// Until then, as far as can be told; the same moment where nothing can.
    pub until: Timestamp,
}

/// Two schedules whose times overlap; one and the same where a run is not over when its next time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The two, the smaller first.
    pub schedules: (usize, usize),
    /// When they first do.
    pub first: Timestamp,
    /// How often.
    pub count: u64,
}

/// The pairs of schedules that overlap and share something, in the order of the schedules.
pub fn collisions(mut times: Vec<Busy>, share: impl Fn(usize, usize) -> bool) -> Vec<Collision> {
    times.sort_by_key(|busy| (busy.from, busy.schedule));
    let mut found: BTreeMap<(usize, usize), Collision> = BTreeMap::new();
    let mut going: Vec<Busy> = Vec::new();
    for busy in times {
        going.retain(|other| other.until > busy.from || other.from == busy.from);
        for other in &going {
            let pair = (other.schedule.min(busy.schedule), other.schedule.max(busy.schedule));
            if pair.0 == pair.1 || share(pair.0, pair.1) {
                let new = Collision { schedules: pair, first: busy.from, count: 0 };
                found.entry(pair).or_insert(new).count += 1;
            }
        }
        // What overlaps with itself is told of once for each time.
        going.retain(|other| other.schedule != busy.schedule || other.until > busy.until);
        going.push(busy);
    }
    found.into_values().collect()
}
