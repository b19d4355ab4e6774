//! The loop of a run: inputs become facts, facts are written, shown, and acted upon, in this order.

use std::collections::HashMap;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::hush::Hush;
use super::pace::Pace;
use super::prepare::{Job, asks, job, judge_readings};
use super::session::Session;
use super::signal::{Signal, Signals};
use super::unit::{Attempt, run};
use crate::action::Pending;
use crate::event::{Event, Kind, Live, Outcome, Question, Record, RecordError, RunOutcome, Unit};
use crate::journal::LogSetup;
use crate::plan::Results;
use crate::process::{StopReason, Stopper};
use crate::state::{Command, Input, Permit, UnitRef};

/// How often a live screen is told that time passes.
const TICK: std::time::Duration = std::time::Duration::from_millis(100);

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
    Done(Done),
    Live(Live),
    Signal(Signal),
    Wake,
    /// What was appended should be on disk by now.
    Late,
}

/// An attempt is over; its files wait for the verdict.
pub(super) struct Done {
    pub unit: UnitRef,
    pub results: Results,
    pub withheld: Vec<String>,
    pub pending: Pending,
    /// Why its log is not whole, when it is not.
    pub lost: Option<String>,
}

/// Drives a run to its end. It has to be awaited inside a `LocalSet`.
///
/// # Errors
/// When the journal or a log cannot be written: everything that runs is ended first.
pub async fn drive(session: Session, signals: Signals) -> Result<End, RecordError> {
    let (sender, inbox) = unbounded_channel();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut world = World { inbox, signals, ticks };
    let mut driver = Driver::new(session, sender);
    let mut went = driver.take(vec![News::Input(Input::Begin)]);
    while went.is_ok() && driver.outcome.is_none() {
        let batch = world.next(driver.wake, driver.pace.due(), driver.wants_ticks()).await;
        went = driver.take(batch);
    }
    if let Err(e) = went {
        driver.abandon(&mut world).await;
        return Err(e);
    }
    driver.end()
}

/// Where news come from.
struct World {
    inbox: UnboundedReceiver<News>,
    signals: Signals,
    ticks: Interval,
}

impl World {
    /// The next news, and all that came with it: what comes together is written together.
    async fn next(&mut self, wake: Option<Instant>, late: Option<Instant>, ticking: bool) -> Vec<News> {
        let first = tokio::select! {
            biased;
            signal = self.signals.next() => News::Signal(signal),
            news = self.inbox.recv() => news.unwrap_or(News::Wake),
            () = until(wake) => News::Wake,
            () = until(late) => News::Late,
            _ = self.ticks.tick(), if ticking => News::Live(Live::Tick),
        };
        let mut batch = vec![first];
        while let Ok(more) = self.inbox.try_recv() {
            batch.push(more);
        }
        batch
    }
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
    /// A log that could not be written whole: the run ends, as its records would not be complete.
    lost: Option<RecordError>,
    hush: Hush,
    pace: Pace,
}

impl Driver {
    fn new(session: Session, sender: UnboundedSender<News>) -> Driver {
        Driver {
            session,
            sender,
            jobs: HashMap::new(),
            stoppers: HashMap::new(),
            asking: Vec::new(),
            wake: None,
            signal: None,
            outcome: None,
            lost: None,
            hush: Hush::default(),
            pace: Pace::default(),
        }
    }

    fn wants_ticks(&self) -> bool {
        !self.stoppers.is_empty() && self.session.reporters.iter().any(|r| r.wants_ticks())
    }

    /// The run is over: its journal is closed.
    fn end(self) -> Result<End, RecordError> {
        let closed = self.session.journal.close();
        match (self.lost, closed) {
            (Some(lost), _) => Err(lost),
            (None, Err(e)) => Err(RecordError { message: e.to_string() }),
            (None, Ok(())) => {
                Ok(End { outcome: self.outcome.unwrap_or(RunOutcome::Cancelled), signal: self.signal })
            }
        }
    }

    /// One turn: everything that came in, then everything that follows.
    fn take(&mut self, batch: Vec<News>) -> Result<(), RecordError> {
        let now = self.session.clock.now();
        let mut events = Vec::new();
        for news in batch {
            self.one(news, now, &mut events);
        }
        self.prepare(now, &mut events);
        let sync = self.wants_sync(now, &mut events);
        self.tell(&events, sync)?;
        for command in self.session.machine.effects(&events) {
            self.act(command);
        }
        Ok(())
    }

    /// Whether this turn ends with a sync, which then takes the next starts along.
    fn wants_sync(&mut self, now: Timestamp, events: &mut Vec<Event>) -> bool {
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
    fn tell(&mut self, events: &[Event], sync: bool) -> Result<(), RecordError> {
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
            News::Late => {}
            News::Input(input) => events.extend(self.session.machine.decide(input, now)),
            News::Done(done) => self.done(done, now, events),
        }
    }

    fn done(&mut self, done: Done, now: Timestamp, events: &mut Vec<Event>) {
        let Done { unit, results, withheld, pending, lost } = done;
        self.stoppers.remove(&unit);
        let results = self.settle_files(unit, results, &pending);
        if self.session.machine.plan().at(unit.node).step.around.sensitive == Some(true) {
            self.hush.learn(&results.gives);
        }
        events.extend(self.session.machine.decide(Input::Reported { unit, results, withheld }, now));
        if let (Some(message), None) = (lost, &self.lost) {
            events.extend(self.session.machine.decide(Input::Stop { by: message.clone() }, now));
            self.lost = Some(RecordError { message });
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
                if asks(&self.session, unit) {
                    self.session.reporters.iter_mut().for_each(|r| r.pause());
                }
                let result = job(&self.session, unit).map(|job| {
                    let preview = job.prepared.preview.clone();
                    self.jobs.insert(unit, job);
                    preview
                });
                events.extend(self.session.machine.decide(Input::Prepared { unit, result }, now));
            }
        }
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

    fn ask(&mut self, unit: UnitRef, name: Unit, mut question: Question) {
        self.hush.shown(&mut question);
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
        let masker = self.hush.masker(&session.vault).clone();
        let (stopper, stop) = Stopper::new();
        self.stoppers.insert(unit, stopper.clone());
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
        tracing::debug!(unit = %attempt.permit.unit(), attempt = attempt.permit.attempt(), "starts");
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
    async fn abandon(&mut self, world: &mut World) {
        self.terminate();
        while !self.stoppers.is_empty() {
            for news in world.next(None, None, false).await {
                match news {
                    News::Done(done) => {
                        done.pending.discard();
                        self.stoppers.remove(&done.unit);
                    }
                    News::Signal(_) => self.stoppers.values().for_each(|s| s.stop(StopReason::Killed)),
                    News::Input(_) | News::Live(_) | News::Wake | News::Late => {}
                }
            }
        }
    }
}
