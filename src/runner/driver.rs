//! The loop of a run: inputs become facts, facts are written, shown, and acted upon, in this order.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::gate::asked;
use super::hush::Hush;
use super::pace::Pace;
use super::prepare::{Job, NotYet, job, judge_readings, limit};
use super::session::Session;
use super::signal::{Signal, Signals};
use super::unit::{Attempt, limited, run, seal_log};
use super::world::World;
use crate::action::Pending;
use crate::event::{Event, Failure, Live, LogSeal, Question, RecordError, RunOutcome, Unit};
use crate::inputs::SecretError;
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
    /// The secrets of a unit are there, or why they are not.
    Secrets(UnitRef, Result<(), Failure>),
    Done(Done),
    Live(Live),
    Signal(Signal),
    Wake,
    /// It is time to look whether what was appended should be on disk by now.
    Late,
}

/// An attempt is over; its files wait for the verdict.
pub(super) struct Done {
    pub unit: UnitRef,
    pub results: Results,
    pub withheld: Vec<String>,
    pub pending: Pending,
    /// Its log as it was closed, or why it is not whole.
    pub log: Result<LogSeal, String>,
    /// It was ended because its log could not be written: how far it came is not known.
    pub cut: bool,
}

/// Drives a run to its end. It has to be awaited inside a `LocalSet`.
///
/// # Errors
/// When the journal or a log cannot be written: everything that runs is ended first.
pub async fn drive(session: Session, signals: Signals) -> Result<End, RecordError> {
    let (sender, inbox) = unbounded_channel();
    let mut world = World::new(inbox, signals);
    let mut driver = Driver::new(session, sender);
    let begin = driver.session.begin.clone();
    let mut went = driver.take(vec![News::Input(begin)]);
    // Pauses that began before a crash go on.
    if let Some(at) = driver.session.machine.next_wake() {
        driver.wake_at(at);
    }
    while went.is_ok() && driver.outcome.is_none() {
        let batch = world.next(driver.wake, driver.pace.due().is_some(), driver.wants_ticks()).await;
        went = driver.take(batch);
    }
    if let Err(e) = went {
        driver.abandon(&mut world).await;
        return Err(e);
    }
    driver.end()
}

pub(super) struct Driver {
    pub(super) session: Session,
    pub(super) sender: UnboundedSender<News>,
    /// Units that are rendered and wait for their permit.
    jobs: HashMap<UnitRef, Job>,
    /// Units whose secrets are looked up.
    lookups: HashMap<UnitRef, Stopper>,
    /// Units that run.
    stoppers: HashMap<UnitRef, Stopper>,
    asking: Vec<(UnitRef, AbortHandle)>,
    /// What people are being told.
    pub(super) notices: Vec<Stopper>,
    wake: Option<Instant>,
    signal: Option<Signal>,
    outcome: Option<RunOutcome>,
    /// A log that could not be written whole: nothing more is begun, as the records would not be complete.
    lost: Option<RecordError>,
    pub(super) hush: Hush,
    pub(super) pace: Pace,
}

impl Driver {
    fn new(session: Session, sender: UnboundedSender<News>) -> Driver {
        Driver {
            session,
            sender,
            jobs: HashMap::new(),
            lookups: HashMap::new(),
            stoppers: HashMap::new(),
            asking: Vec::new(),
            notices: Vec::new(),
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
        if self.lost.is_none() {
            self.prepare(now, &mut events);
        }
        let sync = self.wants_sync(now, &mut events);
        self.tell(&events, sync)?;
        for command in self.session.machine.effects(&events) {
            if self.lost.is_none() || matches!(command, Command::Finish(_)) {
                self.act(command);
            }
        }
        // A deadline may count from what has just begun.
        if !self.session.machine.plan().deadlines.is_empty()
            && let Some(at) = self.session.machine.next_wake()
        {
            self.wake_at(at);
        }
        match &self.lost {
            Some(RecordError { message }) if self.outcome.is_none() => {
                Err(RecordError { message: message.clone() })
            }
            _ => Ok(()),
        }
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
            News::Secrets(unit, found) => {
                self.lookups.remove(&unit);
                match found {
                    Ok(()) => self.render(unit, now, events),
                    Err(failure) => self.prepared(unit, Err(failure), now, events),
                }
            }
            News::Late => {}
            News::Input(input) => events.extend(self.session.machine.decide(input, now)),
            News::Done(done) => self.done(done, now, events),
        }
    }

    fn done(&mut self, done: Done, now: Timestamp, events: &mut Vec<Event>) {
        if done.pending.is_elsewhere() {
            return self.settle_elsewhere(done);
        }
        let Done { unit, results, withheld, pending, log, cut } = done;
        self.stoppers.remove(&unit);
        if let Err(message) = &log {
            self.lost.get_or_insert_with(|| RecordError { message: message.clone() });
        }
        if cut {
            pending.discard();
            return events.extend(self.session.machine.decide(Input::Cut { unit }, now));
        }
        let results = self.settle_files(unit, results, &pending);
        if self.session.machine.plan().at(unit.node).step.around.sensitive == Some(true) {
            self.hush.learn(&results.gives);
        }
        let mut facts = self.session.machine.decide(Input::Reported { unit, results, withheld }, now);
        seal_log(&mut facts, log.as_ref().ok());
        events.extend(facts);
    }

    fn signalled(&mut self, signal: Signal, now: Timestamp, events: &mut Vec<Event>) {
        let by = signal.name().to_string();
        let asked = asked(&self.session, signal);
        // Who cancels twice is only heard twice: what kills is said so.
        let at_once = match &asked {
            Some(request) => request.at_once,
            None => self.signal.is_some(),
        };
        if at_once || self.session.machine.is_told_of() {
            self.notices.iter().for_each(|s| s.stop(StopReason::Cancelled));
        }
        events.extend(asked.map(|request| self.session.machine.note(request.fact(), now)));
        if at_once {
            self.stoppers.values().for_each(|s| s.stop(StopReason::Killed));
        }
        self.signal = self.signal.or(Some(signal));
        events.extend(self.session.machine.decide(Input::Stop { by, at_once }, now));
    }

    /// Renders whatever has a place to run. That acts on nothing, so it may come before the facts are written.
    fn prepare(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        loop {
            let ready = self.session.machine.take_ready();
            if ready.is_empty() {
                return;
            }
            for unit in ready {
                self.render(unit, now, events);
            }
        }
    }

    fn render(&mut self, unit: UnitRef, now: Timestamp, events: &mut Vec<Event>) {
        let result = match job(&self.session, unit) {
            Err(NotYet::Secrets(names)) => return self.look_up(unit, names),
            Err(NotYet::Failed(failure)) => Err(failure),
            Ok(job) => {
                let preview = job.prepared.preview.clone();
                self.jobs.insert(unit, job);
                Ok(preview)
            }
        };
        self.prepared(unit, result, now, events);
    }

    fn prepared(
        &mut self,
        unit: UnitRef,
        result: Result<String, Failure>,
        now: Timestamp,
        events: &mut Vec<Event>,
    ) {
        events.extend(self.session.machine.decide(Input::Prepared { unit, result }, now));
    }

    /// Secrets come from commands and people, who may take their time: the engine goes on meanwhile.
    fn look_up(&mut self, unit: UnitRef, names: Vec<String>) {
        let vault = Rc::clone(&self.session.vault);
        if names.iter().any(|name| vault.asks(name)) {
            self.session.reporters.iter_mut().for_each(|r| r.pause());
        }
        let (stopper, stop) = Stopper::new();
        self.lookups.insert(unit, stopper.clone());
        let limit = limit(&self.session, unit);
        let sender = self.sender.clone();
        tokio::task::spawn_local(async move {
            let all = async {
                for name in names {
                    vault.look_up(&name, stop.clone()).await?;
                }
                Ok(())
            };
            let found: Result<(), SecretError> = limited(all, limit, &stopper).await;
            let found = found.map_err(|e| Failure::Unavailable { message: e.to_string() });
            drop(sender.send(News::Secrets(unit, found)));
        });
    }

    fn act(&mut self, command: Command) {
        match command {
            Command::Ask { unit, name, question } => self.ask(unit, name, question),
            Command::Start { unit, permit } => self.start(unit, permit),
            Command::Notify { about, unit } => self.notify(about, unit),
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
        self.asking.push((unit, task.abort_handle()));
        // Somebody may have to be told of it by and by.
        if let Some(at) = self.session.machine.next_wake() {
            self.wake_at(at);
        }
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
        let plan = session.machine.plan();
        let frame = plan.frames[plan.at(unit.node).frame as usize].site as usize;
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

    /// Ends what runs, but what is done at the end whatever happened.
    fn terminate(&mut self) {
        let machine = &self.session.machine;
        self.asking.retain(|(unit, task)| {
            let stopped = machine.is_stopped(unit.node);
            if stopped {
                task.abort();
            }
            !stopped
        });
        let all = self.lookups.iter().chain(&self.stoppers);
        all.filter(|(unit, _)| machine.is_stopped(unit.node))
            .for_each(|(_, s)| s.stop(StopReason::Cancelled));
    }

    /// The journal cannot be written: end what runs, and wait until it has ended.
    async fn abandon(&mut self, world: &mut World) {
        self.asking.drain(..).for_each(|(_, task)| task.abort());
        self.lookups.values().chain(self.stoppers.values()).for_each(|s| s.stop(StopReason::Cancelled));
        while !self.stoppers.is_empty() {
            for news in world.next(None, false, false).await {
                match news {
                    News::Done(done) => {
                        done.pending.discard();
                        self.stoppers.remove(&done.unit);
                    }
                    News::Signal(_) => self.stoppers.values().for_each(|s| s.stop(StopReason::Killed)),
                    News::Input(_) | News::Secrets(..) | News::Live(_) | News::Wake | News::Late => {}
                }
            }
        }
    }
}
