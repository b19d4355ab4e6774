//! Follows schedules in the foreground: a decision is written, then told, and only then acted upon. Each run is a program
//! of its own (`toban run`), so that it is recorded like any other and outlives the scheduler.
//!
//! The first Ctrl-C, SIGTERM or SIGHUP: nothing more is started, and the runs are waited for. Each one after that is
//! passed on to the runs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::standing::standing;
use super::watch::fingerprint;
use super::{Calling, Entry, Gathered, gather};
use crate::base::{Clock, RunId};
use crate::calendar::{Entered, Fact, Running, Settled, Standing, decide, settle};
use crate::journal::{JournalError, Ledger, StateDir};
use crate::lang::Library;
use crate::runner::{Signal, Signals};

/// The longest sleep: clocks are set, machines sleep, files change.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// How often a run is looked at whose program another life of the scheduler started.
const LOOK_AT_OTHERS: Duration = Duration::from_secs(1);
/// How long a run may still begin whose program in this life has ended without one.
const PATIENCE: SignedDuration = SignedDuration::from_secs(2);

/// How schedules are followed.
pub struct Options {
    /// Where playbooks are.
    pub library: Library,
    /// Where it was called.
    pub cwd: PathBuf,
    /// The environment asked for.
    pub environment: Option<String>,
    /// How runs are called.
    pub calling: Calling,
    /// Times after this count for schedules that are new.
    pub since: Option<Timestamp>,
    /// Stops as soon as nothing is due and nothing runs.
    pub once: bool,
}

/// How following them ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The signal that ended it.
    pub signal: Option<Signal>,
    /// Whether every run that ended was done.
    pub well: bool,
}

/// A run whose program has ended, and its exit code.
type Over = (RunId, Option<i32>);

/// What comes in from outside.
enum Input {
    Time,
    Signal(Signal),
    Over(RunId, Option<i32>),
}

/// The one scheduler of a state folder.
pub struct Scheduler<'a> {
    options: Options,
    clock: &'a dyn Clock,
    random: &'a dyn Fn() -> u32,
    ledger: Ledger,
    entries: Vec<Entry>,
    seen: u64,
    state: StateDir,
    /// The programs of this life, by run.
    children: HashMap<RunId, u32>,
    /// Programs of this life that have ended, with their exit codes, and when.
    gone: HashMap<RunId, (Option<i32>, Timestamp)>,
    over: (UnboundedSender<Over>, UnboundedReceiver<Over>),
    stopping: Option<Signal>,
    well: bool,
    tell: &'a mut dyn FnMut(&Entered, Option<&Entry>),
}

impl<'a> Scheduler<'a> {
    /// Takes the ledger of the state folder; none when another scheduler holds it.
    ///
    /// # Errors
    /// When the state folder cannot be used.
    pub fn take(
        options: Options,
        found: Gathered,
        clock: &'a dyn Clock,
        random: &'a dyn Fn() -> u32,
        tell: &'a mut dyn FnMut(&Entered, Option<&Entry>),
    ) -> Result<Option<Scheduler<'a>>, JournalError> {
        let state = StateDir::new(options.calling.state.clone());
        let Some(ledger) = Ledger::take(&state)? else { return Ok(None) };
        Ok(Some(Scheduler {
            seen: fingerprint(&options.library.root),
            entries: found.entries,
            options,
            clock,
            random,
            ledger,
            state,
            children: HashMap::new(),
            gone: HashMap::new(),
            over: unbounded_channel(),
            stopping: None,
            well: true,
            tell,
        }))
    }

    /// Follows them until a signal, or once.
    ///
    /// # Errors
    /// When a decision cannot be written: nothing more is started then.
    pub async fn follow(mut self, mut signals: Signals) -> Result<End, JournalError> {
        loop {
            self.read_again();
            self.settle_all()?;
            if self.stopping.is_none() {
                self.decide_all()?;
            }
            let runs = self.children.len() + self.others().count();
            if runs == 0 && (self.options.once || self.stopping.is_some()) {
                return Ok(End { signal: self.stopping, well: self.well });
            }
            if self.stopping.is_some() && self.children.is_empty() {
                // What another life started goes on without us, as it did before.
                return Ok(End { signal: self.stopping, well: self.well });
            }
            let now = self.clock.now();
            self.ledger.tidy(now, |key| self.entries.iter().any(|entry| entry.key == key))?;
            let sleep = self.sleep(now);
            let input = tokio::select! {
                signal = signals.next() => Input::Signal(signal),
                Some((run, code)) = self.over.1.recv() => Input::Over(run, code),
                () = tokio::time::sleep(sleep) => Input::Time,
            };
            self.take_in(input);
        }
    }

    fn take_in(&mut self, input: Input) {
        match input {
            Input::Time => {}
            Input::Over(run, code) => {
                self.children.remove(&run);
                self.gone.insert(run, (code, self.clock.now()));
            }
            Input::Signal(signal) if self.stopping.is_none() => self.stopping = Some(signal),
            Input::Signal(signal) => self.pass_on(signal),
        }
    }

    /// The playbooks are read again when their files have changed; those that do not check keep the schedules that they
    /// had.
    fn read_again(&mut self) {
        let seen = fingerprint(&self.options.library.root);
        if seen == self.seen {
            return;
        }
        self.seen = seen;
        let Options { library, cwd, environment, .. } = &self.options;
        let mut found = gather(library, cwd, environment.as_deref());
        let kept = std::mem::take(&mut self.entries);
        let is_broken = |entry: &Entry| found.broken.iter().any(|(name, _)| *name == entry.playbook);
        let kept: Vec<Entry> = kept.into_iter().filter(is_broken).collect();
        found.entries.extend(kept);
        self.entries = found.entries;
        tracing::debug!(schedules = self.entries.len(), "playbooks were read again");
    }

    /// What became of the runs that were to be started.
    fn settle_all(&mut self) -> Result<(), JournalError> {
        let under_way: Vec<(String, Running)> = self.under_way().collect();
        for (key, running) in under_way {
            let now = self.clock.now();
            let standing = self.standing(&running.run);
            let rule = self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.rule);
            match settle(&running, standing, rule, now) {
                Some(Settled::Fact(fact)) => self.write(&key, fact)?,
                Some(Settled::Start(running)) if self.stopping.is_none() => self.start(&key, &running.run)?,
                Some(Settled::Start(_)) | None => {}
            }
        }
        Ok(())
    }

    fn decide_all(&mut self) -> Result<(), JournalError> {
        for i in 0..self.entries.len() {
            let (key, rule) = (self.entries[i].key.clone(), self.entries[i].rule.clone());
            loop {
                let now = self.clock.now();
                let since = self.options.since.unwrap_or(now);
                let run = RunId::new(now, (self.random)());
                let Some(fact) = decide(self.ledger.book().line(&key), &rule, now, since, &run) else {
                    break;
                };
                let starts = matches!(fact, Fact::Started { .. });
                self.write(&key, fact)?;
                if starts {
                    self.start(&key, &run)?;
                }
            }
        }
        Ok(())
    }

    fn under_way(&self) -> impl Iterator<Item = (String, Running)> {
        self.ledger.book().lines().filter_map(|(key, line)| Some((key.clone(), line.running.clone()?)))
    }

    /// Runs that go on and were started by another life.
    fn others(&self) -> impl Iterator<Item = (String, Running)> {
        self.under_way().filter(|(_, running)| !self.children.contains_key(&running.run))
    }

    fn standing(&self, run: &RunId) -> Standing {
        if self.children.contains_key(run) {
            return Standing::Alive;
        }
        match (standing(&self.state, run), self.gone.get(run)) {
            // A program of another life may just be making the run that ours could not.
            (Standing::NotBegun, Some((_, since))) if self.clock.now().duration_since(*since) < PATIENCE => {
                Standing::Alive
            }
            (Standing::NotBegun, Some((code, _))) => {
                let code = code.map_or_else(|| "?".to_string(), |code| code.to_string());
                Standing::Over(format!("not_begun: exit {code}"))
            }
            (standing, _) => standing,
        }
    }

    fn write(&mut self, key: &str, fact: Fact) -> Result<(), JournalError> {
        if let Fact::Ended { run, result } = &fact {
            self.gone.remove(run);
            self.well &= matches!(result.as_str(), "ok" | "warned");
        }
        let entered = Entered { at: self.clock.now(), schedule: key.to_string(), fact };
        self.ledger.write(&entered)?;
        (self.tell)(&entered, self.entries.iter().find(|entry| entry.key == key));
        Ok(())
    }

    /// Starts the program of a run that is written already.
    fn start(&mut self, key: &str, run: &RunId) -> Result<(), JournalError> {
        let Some(entry) = self.entries.iter().find(|entry| entry.key == key) else { return Ok(()) };
        let mut command = tokio::process::Command::new(&self.options.calling.program);
        command
            .args(self.options.calling.arguments(entry))
            .args(["--run-id", run.as_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // Its own group: Ctrl-C at our terminal is for us.
            .process_group(0);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(e) => {
                let result = format!("not_begun: {e}");
                return self.write(key, Fact::Ended { run: run.clone(), result });
            }
        };
        self.children.insert(run.clone(), child.id().unwrap_or_default());
        let (over, run) = (self.over.0.clone(), run.clone());
        tokio::spawn(async move {
            let code = child.wait().await.ok().and_then(|status| status.code());
            drop(over.send((run, code)));
        });
        Ok(())
    }

    fn pass_on(&self, signal: Signal) {
        let number = match signal {
            Signal::Interrupt => libc::SIGINT,
            Signal::HangUp => libc::SIGHUP,
            Signal::Terminate => libc::SIGTERM,
        };
        for pid in self.children.values().filter(|pid| **pid > 0) {
            // SAFETY: kill has no memory preconditions; the program is ours and not yet waited for.
            unsafe { libc::kill(*pid as i32, number) };
        }
    }

    /// How long nothing is to be done.
    fn sleep(&self, now: Timestamp) -> Duration {
        if self.stopping.is_some() {
            return LOOK_AGAIN;
        }
        let next = self.entries.iter().filter_map(|entry| entry.rule.times.next(now)).min();
        let until =
            next.map_or(LOOK_AGAIN, |at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        let others = if self.others().next().is_some() { LOOK_AT_OTHERS } else { LOOK_AGAIN };
        until.min(others).min(LOOK_AGAIN)
    }
}
