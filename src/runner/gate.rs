//! Before a run begins: its locks are taken one after another, and whoever holds one is waited for. Facts are written
//! before they are shown, as in the run itself. It begins no step.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::driver::{End, drive};
use super::session::Session;
use super::signal::{Signal, Signals};
use crate::event::{Holder, Kind, Live, Record, RecordError, RunOutcome};
use crate::journal::CancelRequest;
use crate::lock::{Next, Queue, Want};
use crate::process::{boot_id, find_marked};
use crate::state::Input;

/// How often a lock that another holds is tried again.
const AGAIN: Duration = Duration::from_millis(100);

/// How the waiting ended.
#[derive(Debug)]
pub enum Passed {
    /// All locks are held.
    In,
    /// A lock was not given back in time.
    KeptOut {
        /// Which.
        want: Want,
        /// Who holds it.
        by: Option<Holder>,
        /// How long it was waited for, in seconds.
        waited: f64,
    },
    /// A signal came first.
    Signalled(Signal),
}

/// Takes the locks of a run, and then drives it to its end. A run whose locks are not to be had ends before its first
/// step, and what is done at the end whatever happened is left out: there is nothing to end.
///
/// # Errors
/// As [`drive`]; and when a lock cannot be used.
pub async fn drive_locked(
    mut session: Session,
    mut signals: Signals,
    locks: &mut Queue,
) -> Result<End, RecordError> {
    let stop = |by: String| Input::Stop { by, at_once: true };
    match pass(&mut session, &mut signals, locks).await? {
        Passed::In => drive(session, signals).await,
        Passed::KeptOut { want, by, waited } => {
            let name = want.name.clone();
            say(&mut session, Kind::LockRefused { lock: want.name, by, waited })?;
            session.begin = stop(name);
            drive(session, signals).await
        }
        Passed::Signalled(signal) => {
            session.begin = stop(signal.name().to_string());
            let end = drive(session, signals).await?;
            Ok(End { outcome: RunOutcome::Cancelled, signal: end.signal.or(Some(signal)) })
        }
    }
}

/// Takes the locks of a run.
///
/// # Errors
/// When the journal cannot be written, or a lock cannot be used.
pub async fn pass(
    session: &mut Session,
    signals: &mut Signals,
    locks: &mut Queue,
) -> Result<Passed, RecordError> {
    let mut since: Option<(Instant, Option<Holder>)> = None;
    loop {
        match locks.next(session.clock.now()).map_err(|e| RecordError { message: e.to_string() })? {
            Next::All => return Ok(Passed::In),
            Next::Taken { name, died } => {
                let waited = since.take().map_or(0.0, |(since, _)| since.elapsed().as_secs_f64());
                taken(session, name, waited, died)?;
            }
            Next::Busy(want, by) => {
                let is_new = since.as_ref().is_none_or(|(_, known)| by.is_some() && !is_same(known, &by));
                let begun = since.as_ref().map_or_else(Instant::now, |(begun, _)| *begun);
                if is_new {
                    say(session, Kind::LockBusy { lock: want.name.clone(), by: by.clone() })?;
                    since = Some((begun, by.clone()));
                }
                let left = want.limit.map(|limit| limit.std().saturating_sub(begun.elapsed()));
                if left == Some(Duration::ZERO) {
                    return Ok(Passed::KeptOut { want, by, waited: begun.elapsed().as_secs_f64() });
                }
                if let Some(signal) = pause(signals, left).await {
                    cancelled(session, signal)?;
                    return Ok(Passed::Signalled(signal));
                }
                // A live screen draws what it was told when time passes.
                session.reporters.iter_mut().for_each(|reporter| reporter.live(&Live::Tick));
            }
        }
    }
}

fn is_same(a: &Option<Holder>, b: &Option<Holder>) -> bool {
    a.as_ref().map(|h| (&h.run, h.pid)) == b.as_ref().map(|h| (&h.run, h.pid))
}

async fn pause(signals: &mut Signals, left: Option<Duration>) -> Option<Signal> {
    tokio::select! {
        signal = signals.next() => Some(signal),
        () = tokio::time::sleep(left.map_or(AGAIN, |left| left.min(AGAIN))) => None,
    }
}

/// The kernel gave the lock back when its last holder died, but what that holder had started may go on: whoever takes
/// the lock is told.
fn taken(session: &mut Session, lock: String, waited: f64, died: Option<Holder>) -> Result<(), RecordError> {
    let died = died.filter(|holder| holder.run != session.run.id);
    let alive = died.iter().filter(|holder| holder.boot == boot_id()).flat_map(|holder| {
        find_marked(&("TOBAN_RUN".into(), holder.run.clone()))
            .into_iter()
            .map(|(pid, line)| format!("{pid} {line}"))
    });
    let alive = alive.collect();
    say(session, Kind::LockTaken { lock, waited, died, alive })
}

/// Records who asked for a signal, where somebody did.
///
/// # Errors
/// When it cannot be written.
pub fn cancelled(session: &mut Session, signal: Signal) -> Result<(), RecordError> {
    match asked(session, signal) {
        Some(request) => say(session, request.fact()),
        None => Ok(()),
    }
}

/// What a signal was sent for by `toban cancel`; none where it came from elsewhere.
pub(super) fn asked(session: &Session, signal: Signal) -> Option<CancelRequest> {
    match signal {
        Signal::Terminate => CancelRequest::take(session.journal.folder()),
        Signal::Interrupt | Signal::HangUp => None,
    }
}

/// A fact of the run as a whole: written, then shown.
///
/// # Errors
/// When it cannot be written.
pub fn say(session: &mut Session, kind: Kind) -> Result<(), RecordError> {
    let now: Timestamp = session.clock.now();
    let event = session.machine.note(kind, now);
    session.journal.append(std::slice::from_ref(&event))?;
    session.journal.sync()?;
    session.reporters.iter_mut().for_each(|reporter| reporter.event(&event));
    Ok(())
}
