//! What is done about the times that have come: a pure function of what is written and of the present moment.
//!
//! Every time of a schedule is decided about exactly once: it is run, or left out for a reason. A run is tied to its time
//! by an id that is written before the run is started, so that a scheduler that died in between completes it, and never
//! starts a second one.

use jiff::{SignedDuration, Timestamp};

use super::{Fact, Line, Running, Times, Why};
use crate::base::RunId;
use crate::model::{Missed, Overlap};

/// A time that is decided about later than this was missed.
pub const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// A program that was started has begun its run after this, or never will.
const BEGINS: SignedDuration = SignedDuration::from_secs(30);

/// When something is run, and what then stands in its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its times.
    pub times: Times,
    /// What becomes of times at which nobody was there.
    pub missed: Missed,
    /// What becomes of a time that comes while the last run goes on.
    pub overlap: Overlap,
}

/// How a run stands that was to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no such run.
    NotBegun,
    /// Its engine lives.
    Alive,
    /// It has ended, or its engine has died.
    Over(String),
}

/// The next decision about a schedule; none when there is nothing left to decide until time goes on. Times after `since`
/// count for a schedule that is new. `run` is the id of a run, should one be started.
pub fn decide(
    line: Option<&Line>,
    rule: &Rule,
    now: Timestamp,
    since: Timestamp,
    run: &RunId,
) -> Option<Fact> {
    let Some(line) = line else { return Some(Fact::Known { from: since }) };
    if let (None, Some(planned)) = (&line.running, line.waiting) {
        return Some(Fact::Started { planned, run: run.clone() });
    }
    let due: Vec<Timestamp> = rule.times.between(line.handled, now).collect();
    let late = match rule.missed {
        Missed::Skip => due.iter().take_while(|planned| is_late(**planned, now)).count(),
        Missed::Run => 0,
    };
    if late > 0 {
        return left(&due[..late], Why::Missed);
    }
    let (planned, earlier) = due.split_last()?;
    if !earlier.is_empty() {
        return left(earlier, Why::MadeUp);
    }
    Some(match (&line.running, rule.overlap, line.waiting) {
        (None, ..) => Fact::Started { planned: *planned, run: run.clone() },
        (Some(_), Overlap::Skip, _) => left(&due, Why::Overlap)?,
        (Some(_), Overlap::Wait, Some(_)) => left(&due, Why::Queued)?,
        (Some(_), Overlap::Wait, None) => Fact::Waits { planned: *planned },
    })
}

/// What a scheduler that comes back, or looks again, does about a run that was to be started: a fact, or its start
/// with the id that it has; none while it goes on.
pub fn settle(running: &Running, standing: Standing, rule: Option<&Rule>, now: Timestamp) -> Option<Settled> {
    let planned = running.planned;
    match (standing, rule) {
        (Standing::Alive, _) => None,
        (Standing::Over(result), _) => Some(Settled::Fact(Fact::Ended { run: running.run.clone(), result })),
        (Standing::NotBegun, Some(rule)) if rule.missed == Missed::Run || !is_late(made(running), now) => {
            Some(Settled::Start(running.clone()))
        }
        // It may have been started at the last moment, by a scheduler that died then, and be about to begin.
        (Standing::NotBegun, Some(_)) if !is_late(made(running) + BEGINS, now) => None,
        (Standing::NotBegun, _) => left(&[planned], Why::Missed).map(Settled::Fact),
    }
}

/// What follows from how a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// This is written.
    Fact(Fact),
    /// The run is started, which is written already.
    Start(Running),
}

/// When it was decided that a run is started: its id tells.
fn made(running: &Running) -> Timestamp {
    running.run.time().unwrap_or(running.planned)
}

fn is_late(planned: Timestamp, now: Timestamp) -> bool {
    now.duration_since(planned) > GRACE
}

fn left(times: &[Timestamp], why: Why) -> Option<Fact> {
    let (first, last) = (*times.first()?, *times.last()?);
    Some(Fact::Left { first, last, count: times.len() as u64, why })
}
