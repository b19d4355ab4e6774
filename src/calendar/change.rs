//! Where a schedule meets a change of the clock. It decides nothing.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::Times;

/// A time of a schedule that the clock leaves out or shows twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which of the two.
    pub kind: ChangeKind,
    /// The time on the clock.
    pub clock: DateTime,
    /// The moment at which it comes.
    pub comes: Timestamp,
}

/// What the clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It leaves the time out.
    Gap,
    /// It shows the time twice.
    Fold,
}

/// The times of a schedule between two moments that the clock leaves out or shows twice, one for each change of the
/// clock. None for hours that go by: there is nothing to wonder about.
pub fn changes(times: &Times, from: Timestamp, to: Timestamp) -> Vec<Change> {
    if times.cron.goes_by() {
        return Vec::new();
    }
    let moments = times.zone.following(from).map(|change| change.timestamp()).take_while(|at| *at <= to);
    moments.filter_map(|at| met(times, at)).collect()
}

/// The first time of a schedule that a change of the clock concerns.
fn met(times: &Times, at: Timestamp) -> Option<Change> {
    let zone = &times.zone;
    let just_before = at.checked_sub(SignedDuration::from_nanos(1)).ok()?;
    let (before, after) = (zone.to_offset(just_before), zone.to_offset(at));
    let kind = if after > before { ChangeKind::Gap } else { ChangeKind::Fold };
    let (first, last) = (
        before.to_datetime(at).min(after.to_datetime(at)),
        before.to_datetime(at).max(after.to_datetime(at)),
    );
    let clock = times.cron.next(first, true).filter(|clock| *clock < last && is_odd(zone, *clock))?;
    let comes = match kind {
        ChangeKind::Gap => at,
        ChangeKind::Fold => zone.to_ambiguous_timestamp(clock).earlier().ok()?,
    };
    Some(Change { kind, clock, comes })
}

fn is_odd(zone: &TimeZone, clock: DateTime) -> bool {
    !matches!(zone.to_ambiguous_timestamp(clock).offset(), AmbiguousOffset::Unambiguous { .. })
}
