//! The loop of a run: inputs become facts, facts are written, shown, and acted upon, in this order.

use std::collections::HashMap;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::prepare::{Job, job, judge_readings, masker};
use super::session::Session;
use super::signal::{Signal, Signals};
use super::unit::{Attempt, run};
use crate::action::Pending;
use crate::event::{Event, Live, Outcome, Question, Record, RecordError, RunOutcome, Unit};
use crate::journal::LogSetup;
use crate::plan::Results;
use crate::process::{StopReason, Stopper};
use crate::state::{Command, Input, Permit, UnitRef};

/// How a run ended, and the signal that ended it if one did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub outcome: RunOutcome,
    /// The signal.
    pub signal: Option<Signal>,
}

/// What reaches the loop.
pub(super) enum News {
    Input(Input),
    /// An attempt is over; its files wait for the verdict.
    Done {
        unit: UnitRef,
        results: Results,
        withheld: Vec<String>,
        pending: Pending,
    },
    Live(Live),
    Signal(Signal),
    Wake,
}

/// Drives a run to its end. It has to be awaited inside a `LocalSet`.
///
/// # Errors
/// When the journal cannot be written: everything that runs is ended first.
pub async fn drive(session: Session, mut signals: Signals) -> Result<End, RecordError> {
    let (sender, mut inbox) = unbounded_channel();
    let mut driver = Driver {
        session,
        sender,
        jobs: HashMap::new(),
        stoppers: HashMap::new(),
        asking: Vec::new(),
        wake: None,
        signal: None,
        outcome: None,
    };
    let mut went = driver.take(vec![News::Input(Input::Begin)]);
    while went.is_ok() && driver.outcome.is_none() {
        let batch = next(&mut inbox, &mut signals, driver.wake).await;
        went = driver.take(batch);
    }
    match went {
        Ok(()) => Ok(End { outcome: driver.outcome.unwrap_or(RunOutcome::Cancelled), signal: driver.signal }),
        Err(e) => {
            driver.abandon(&mut inbox).await;
            Err(e)
        }
    }
}

/// The next news, and all that came with it: what comes together is written together.
async fn next(
    inbox: &mut UnboundedReceiver<News>,
    signals: &mut Signals,
    wake: Option<Instant>,
) -> Vec<News> {
    let first = tokio::select! {
        biased;
        signal = signals.next() => News::Signal(signal),
        news = inbox.recv() => news.unwrap_or(News::Wake),
        () = until(wake) => News::Wake,
    };
    let mut batch = vec![first];
    while let Ok(more) = inbox.try_recv() {
        batch.push(more);
    }
    batch
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}

struct Driver {
    session: Session,
    sender: UnboundedSender<News>,
    /// Units that are rendered and wait for their permit.
    jobs: HashMap<UnitRef, Job>,
    /// Units that run.
    stoppers: HashMap<UnitRef, Stopper>,
    asking: Vec<AbortHandle>,
    wake: Option<Instant>,
    signal: Option<Signal>,
    outcome: Option<RunOutcome>,
}

impl Driver {
    /// One turn: everything that came in, then everything that follows.
    fn take(&mut self, batch: Vec<News>) -> Result<(), RecordError> {
        let now = self.session.clock.now();
        let mut events = Vec::new();
        for news in batch {
            self.one(news, now, &mut events);
        }
        self.prepare(now, &mut events);
        self.write(&events)?;
        for event in &events {
            for reporter in &mut self.session.reporters {
                reporter.event(event);
            }
        }
        for command in self.session.machine.effects(&events) {
            self.act(command);
        }
        Ok(())
    }

    fn one(&mut self, news: News, now: Timestamp, events: &mut Vec<Event>) {
        match news {
            News::Live(live) => self.session.reporters.iter_mut().for_each(|r| r.live(&live)),
            News::Signal(signal) => self.signalled(signal, now, events),
            News::Wake => {
                events.extend(self.session.machine.decide(Input::Wake, now));
                self.wake = None;
                if let Some(at) = self.session.machine.next_wake() {
                    self.wake_at(at);
                }
            }
            News::Input(input) => events.extend(self.session.machine.decide(input, now)),
            News::Done { unit, results, withheld, pending } => {
                self.stoppers.remove(&unit);
                let results = self.settle_files(unit, results, &pending);
                events.extend(self.session.machine.decide(Input::Reported { unit, results, withheld }, now));
            }
        }
    }

    /// Files of an attempt appear at their places when its results pass, and are gone otherwise.
    fn settle_files(&self, unit: UnitRef, mut results: Results, pending: &Pending) -> Results {
        if pending.is_empty() {
            return results;
        }
        let machine = &self.session.machine;
        let judged = machine.renderer().judge(unit.node, machine.item(unit), machine, &results);
        if judged.outcome == Outcome::Failed {
            pending.discard();
        } else if let Err(failure) = pending.commit() {
            results.failure = Some(failure);
        }
        results
    }

    fn signalled(&mut self, signal: Signal, now: Timestamp, events: &mut Vec<Event>) {
        if self.signal.is_some() {
            self.stoppers.values().for_each(|s| s.stop(StopReason::Killed));
        } else {
            self.signal = Some(signal);
            let by = signal.name().to_string();
            events.extend(self.session.machine.decide(Input::Stop { by }, now));
        }
    }

    /// Renders whatever has a place to run. That acts on nothing, so it may come before the facts are written.
    fn prepare(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        loop {
            let ready = self.session.machine.take_ready();
            if ready.is_empty() {
                return;
            }
            for unit in ready {
                let result = job(&self.session, unit).map(|job| {
                    let preview = job.prepared.preview.clone();
                    self.jobs.insert(unit, job);
                    preview
                });
                events.extend(self.session.machine.decide(Input::Prepared { unit, result }, now));
            }
        }
    }

    fn write(&mut self, events: &[Event]) -> Result<(), RecordError> {
        if events.is_empty() {
            return Ok(());
        }
        self.session.journal.append(events)?;
        if events.iter().any(|e| e.kind.is_boundary()) { self.session.journal.sync() } else { Ok(()) }
    }

    fn act(&mut self, command: Command) {
        match command {
            Command::Ask { unit, name, question } => self.ask(unit, name, question),
            Command::Start { unit, permit } => self.start(unit, permit),
            Command::WakeAt(at) => self.wake_at(at),
            Command::Terminate => self.terminate(),
            Command::Finish(outcome) => self.outcome = Some(outcome),
        }
    }

    fn ask(&mut self, unit: UnitRef, name: Unit, question: Question) {
        self.session.reporters.iter_mut().for_each(|r| r.pause());
        let operator = Rc::clone(&self.session.operator);
        let sender = self.sender.clone();
        let task = tokio::task::spawn_local(async move {
            let answer = operator.ask(&name, &question).await;
            drop(sender.send(News::Input(Input::Answered { unit, reply: answer.reply, by: answer.by })));
        });
        self.asking.push(task.abort_handle());
    }

    fn start(&mut self, unit: UnitRef, permit: Permit) {
        let Some(job) = self.jobs.remove(&unit) else { return };
        let session = &self.session;
        let (stopper, stop) = Stopper::new();
        self.stoppers.insert(unit, stopper.clone());
        let masker = masker(session);
        let setup = LogSetup {
            masker: masker.clone(),
            zone: session.zone.clone(),
            clock: Arc::clone(&session.clock),
            sensitive: job.prepared.around.sensitive == Some(true),
        };
        let frame = session.machine.plan().at(unit.node).frame as usize;
        let attempt = Attempt {
            unit,
            prepared: job.prepared,
            read_only: job.read_only,
            site: Rc::clone(&session.sites[frame]),
            log: session.journal.log(permit.unit(), permit.attempt(), setup),
            masker,
            permit,
            stopper,
            stop,
            holds: judge_readings(session, job.watch),
            news: self.sender.clone(),
        };
        tokio::task::spawn_local(run(attempt));
    }

    fn wake_at(&mut self, at: Timestamp) {
        let pause = at.duration_since(self.session.clock.now()).max(jiff::SignedDuration::ZERO);
        let at = Instant::now() + pause.unsigned_abs();
        self.wake = Some(self.wake.map_or(at, |other| other.min(at)));
    }

    fn terminate(&mut self) {
        self.asking.drain(..).for_each(|task| task.abort());
        self.stoppers.values().for_each(|s| s.stop(StopReason::Cancelled));
    }

    /// The journal cannot be written: end what runs, and wait until it has ended.
    async fn abandon(&mut self, inbox: &mut UnboundedReceiver<News>) {
        self.terminate();
        while !self.stoppers.is_empty() {
            match inbox.recv().await {
                Some(News::Done { unit, pending, .. }) => {
                    pending.discard();
                    self.stoppers.remove(&unit);
                }
                Some(_) => {}
                None => return,
            }
        }
    }
}
