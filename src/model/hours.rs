//! Whether a moment lies in a window, and when the window next opens or closes. Pure: the moment and the zone come in.

use std::str::FromStr;

use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Blackout, Dates, Window};
use crate::base::Duration;

/// Ends further away than this are not looked for: a window that is open so long need not be told to close.
const FAR: SignedDuration = SignedDuration::from_hours(24 * 8);

/// So many openings in a row that all lie in blackouts: it does not open again.
const IN_VAIN: usize = 400;

/// The moments that a cron expression means in a zone.
#[derive(Clone, Debug)]
pub struct Times {
    cron: Cron,
    zone: TimeZone,
}

impl Times {
    /// The moments of an expression of five fields.
    ///
    /// # Errors
    /// Says so when the text is none.
    pub fn of(cron: &str, zone: &TimeZone) -> Result<Times, String> {
        let parsed = Cron::from_str(cron).ok().filter(|_| cron.split_whitespace().count() == 5);
        let cron = parsed.ok_or_else(|| {
            crate::t!("`{cron}` is not a cron expression", "`{cron}` は cron 式ではありません")
        })?;
        Ok(Times { cron, zone: zone.clone() })
    }

    /// The first of them that is later; none when there is none.
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_next_occurrence(&at.to_zoned(self.zone.clone()), false).ok().map(|z| z.timestamp())
    }

    /// The last of them that is not later; none when there is none.
    pub fn until(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_previous_occurrence(&at.to_zoned(self.zone.clone()), true).ok().map(|z| z.timestamp())
    }
}

/// Stretches of time that may come again and may overlap.
#[derive(Clone, Debug)]
enum Stretch {
    Once { from: Timestamp, to: Timestamp },
    Again { times: Box<Times>, length: SignedDuration },
}

impl Stretch {
    /// When the stretch ends that a moment lies in; none where it lies in none. Stretches that follow each other without
    /// a gap are one, as far as [`FAR`].
    fn end(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Stretch::Once { from, to } => (*from <= at && at < *to).then_some(*to),
            Stretch::Again { times, length } => {
                let mut end = times.until(at)?.checked_add(*length).ok().filter(|end| *end > at)?;
                while end.duration_since(at) < FAR {
                    let next = times.until(end).and_then(|t| t.checked_add(*length).ok());
                    let Some(next) = next.filter(|next| *next > end) else { break };
                    end = next;
                }
                Some(end)
            }
        }
    }

    /// When the first stretch that is later than a moment begins.
    fn begins(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Stretch::Once { from, .. } => Some(*from).filter(|from| *from > at),
            Stretch::Again { times, .. } => times.after(at),
        }
    }
}

/// A window in its zone.
#[derive(Clone, Debug)]
pub struct Hours {
    open: Stretch,
    closed: Vec<Stretch>,
}

/// How a window stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It is open.
    Open {
        /// Until then; none where it does not close for more than a week.
        until: Option<Timestamp>,
    },
    /// It is closed.
    Closed {
        /// Why.
        why: Why,
        /// When it opens next; none where it does not.
        opens: Option<Timestamp>,
    },
}

/// Why a window is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is not its time.
    Hours,
    /// It would be open, but for a blackout.
    Blackout,
}

impl Hours {
    /// A window in a zone.
    ///
    /// # Errors
    /// Says what of it cannot be understood.
    pub fn of(window: &Window, zone: &TimeZone) -> Result<Hours, String> {
        let open = again(&window.cron, window.length, zone)?;
        let closed = window.blackouts.iter().map(|b| blackout(b, zone)).collect::<Result<_, _>>()?;
        Ok(Hours { open, closed })
    }

    /// How it stands at a moment.
    pub fn at(&self, at: Timestamp) -> Moment {
        match (self.open.end(at), self.blacked_out(at)) {
            (Some(end), None) => {
                let cut = self.closed.iter().filter_map(|c| c.begins(at)).min();
                let end = cut.map_or(end, |cut| cut.min(end));
                Moment::Open { until: Some(end).filter(|end| end.duration_since(at) < FAR) }
            }
            (Some(_), Some(_)) => Moment::Closed { why: Why::Blackout, opens: self.opens(at) },
            (None, _) => Moment::Closed { why: Why::Hours, opens: self.opens(at) },
        }
    }

    /// When a blackout ends that a moment lies in; the last of several.
    fn blacked_out(&self, at: Timestamp) -> Option<Timestamp> {
        self.closed.iter().filter_map(|c| c.end(at)).max()
    }

    /// The first moment behind `at` at which it is open.
    fn opens(&self, at: Timestamp) -> Option<Timestamp> {
        let mut at = at;
        for _ in 0..IN_VAIN {
            at = match self.blacked_out(at) {
                Some(end) if self.open.end(end).is_some() && self.blacked_out(end).is_none() => {
                    return Some(end);
                }
                Some(end) => end,
                None => {
                    let next = self.open.begins(at)?;
                    if self.blacked_out(next).is_none() {
                        return Some(next);
                    }
                    next
                }
            };
        }
        None
    }
}

fn again(cron: &str, length: Duration, zone: &TimeZone) -> Result<Stretch, String> {
    let length = SignedDuration::try_from(length.std()).map_err(|e| e.to_string())?;
    Ok(Stretch::Again { times: Box::new(Times::of(cron, zone)?), length })
}

fn blackout(blackout: &Blackout, zone: &TimeZone) -> Result<Stretch, String> {
    match (&blackout.dates, &blackout.cron, blackout.length) {
        (Some(dates), None, None) => {
            let Dates { from, to } = Dates::parse(dates)?;
            let moment = |civil: jiff::civil::DateTime| {
                civil.to_zoned(zone.clone()).map(|z| z.timestamp()).map_err(|e| e.to_string())
            };
            Ok(Stretch::Once { from: moment(from)?, to: moment(to)? })
        }
        (None, Some(cron), Some(length)) => again(cron, length, zone),
        _ => Err(crate::t!(
            "a blackout has either `dates`, or `cron` and `for`",
            "除外期間には `dates` か、`cron` と `for` のどちらかが必要です"
        )),
    }
}
