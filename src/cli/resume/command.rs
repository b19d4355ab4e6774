//! The command: from a run's folder to its end, or to what a person has to decide.

use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use clap::ArgMatches;

use super::again::{again, differences, unlike};
use super::orders::orders;
use super::settle::{Settled, Settling};
use super::words::Known;
use crate::base::{Clock, RunId, SystemClock};
use crate::cli::engine::engine;
use crate::cli::error::{Code, Error, say_on_stderr};
use crate::cli::globals::{Globals, operator};
use crate::cli::place::{marker, messenger, sites, vault};
use crate::cli::prompt::{FlagOperator, TerminalOperator};
use crate::cli::run::{answers, exit_code, heading, lost, typed_by};
use crate::cli::saved::refused;
use crate::cli::start::Start;
use crate::cli::status::{heading as heading_of, plan_of};
use crate::cli::{locks, window};
use crate::event::{Event, Kind, Record, RecordError, RunOutcome};
use crate::journal::{
    CancelRequest, Journal, JournalError, Liveness, Recovered, RunFolder, liveness, read, summary,
};
use crate::lock::Queue;
use crate::model::Occasion;
use crate::plan::saved::Foreseen;
use crate::plan::{PlanRecord, RunFacts};
use crate::process::{SteadyClock, boot_id};
use crate::report::{held_by, lock_name, reporter};
use crate::runner::{End, Passed, Session, Signal, Signals, cancelled, drive, pass, say};
use crate::state::resume::SamePlan;
use crate::state::{History, Input, Machine, Resumption};
use crate::template::Engine;

/// Goes on with a run.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let id = state.find(matches.get_one::<String>("run").map_or("last", String::as_str))?;
    let folder = state.run(&id);
    match liveness(&folder)? {
        Liveness::Finished => finished(globals, matches, &folder),
        Liveness::Running => Err(running(&id)),
        Liveness::Dead => go_on(globals, matches, &id, &folder),
    }
}

fn running(id: &RunId) -> Error {
    Error::state(crate::t!("the run {id} is under way: an engine holds its lock", "実行 {id} は実行中です"))
        .help(crate::t!(
            "`toban status {id}` shows how it stands",
            "`toban status {id}` で状態を確認できます"
        ))
}

/// A run that is over gives its result again.
fn finished(globals: &Globals, matches: &ArgMatches, folder: &RunFolder) -> Result<ExitCode, Error> {
    if ["rerun", "skip", "done-by-hand"].iter().any(|flag| matches.contains_id(flag)) {
        return Err(crate::cli::saved::refused(crate::t!(
            "the run is over; a finished step is not done again",
            "実行は終わっています。終わったステップは再実行されません"
        )));
    }
    let events = read(folder)?;
    let (record, summary) = (plan_of(folder)?, summary(folder)?);
    let loops = events.iter().filter_map(|event| match &event.kind {
        Kind::Expanded { step, items, .. } => Some((step, items)),
        _ => None,
    });
    let heading = heading_of(&record, &summary, folder).laid_out(loops);
    let out = Box::new(std::io::stdout());
    let mut shown = reporter(globals.progress, heading, globals.colour, out, Box::new(std::io::stderr()));
    let (last, before) = events.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
    before.iter().for_each(|event| shown.past(event));
    last.iter().for_each(|event| shown.event(event));
    let signal = events.iter().rev().find_map(|event| match &event.kind {
        Kind::Stopping { by, .. } => Some(by.clone()),
        _ => None,
    });
    let outcome = summary.outcome.unwrap_or(RunOutcome::Cancelled);
    let signal = signal.filter(|_| outcome == RunOutcome::Cancelled).and_then(|by| Signal::named(&by));
    Ok(exit_code(End { outcome, signal }, matches.get_flag("strict")))
}

fn go_on(globals: &Globals, matches: &ArgMatches, id: &RunId, folder: &RunFolder) -> Result<ExitCode, Error> {
    let (runtime, signals) = engine()?;
    let (journal, recovered) = Journal::reopen(folder)?;
    let record = plan_of(folder)?;
    let start = again(&record)?;
    let changed = differences(&record, &start);
    let plan = match (changed.is_empty(), matches.get_flag("accept-changes")) {
        (true, _) => SamePlan::Same,
        (false, true) => SamePlan::Accepted,
        (false, false) => return Err(unlike(&record, &changed)),
    };
    // What was left for the engine that died is not meant for this one.
    drop(CancelRequest::take(folder));
    let who = operator(matches.get_one::<String>("operator").map(String::as_str));
    let outside = window::check(globals, matches, &start, &who, SystemClock.now())?;
    let mut held = locks::queue(globals, &start);
    if locks::begin(&mut held, &start)?.is_some() {
        return Ok(ExitCode::SUCCESS);
    }
    held.hold_as(locks::holder(id.to_string(), &start, &who, SystemClock.now()));
    let local = tokio::task::LocalSet::new();
    let code = local.block_on(&runtime, async {
        let made = Made { globals, matches, id, record: &record, start: &start, plan, who };
        made.run(journal, &recovered, signals, outside, &mut held).await
    });
    runtime.shutdown_background();
    code
}

/// What a run is made of when it goes on.
struct Made<'a> {
    globals: &'a Globals,
    matches: &'a ArgMatches,
    id: &'a RunId,
    record: &'a PlanRecord,
    start: &'a Start,
    plan: SamePlan,
    who: String,
}

impl Made<'_> {
    async fn run(
        &self,
        journal: Journal,
        recovered: &Recovered,
        mut signals: Signals,
        outside: Vec<Kind>,
        held: &mut Queue,
    ) -> Result<ExitCode, Error> {
        let who = self.who.clone();
        let history = History::of(&recovered.events);
        let terminal = TerminalOperator::open(&who, self.globals.colour_err);
        let mut session = self.session(journal, &recovered.events, &history, &who, terminal.clone())?;
        self.refuse_blank(&session.machine, &history)?;
        let record = |e: RecordError| Error::state(e.to_string());
        // Who wants it gone before it does anything finds the run as it was.
        if let Some(signal) = signals.pending().await {
            cancelled(&mut session, signal).map_err(record)?;
            return Ok(ExitCode::from(signal.exit_code()));
        }
        outside.into_iter().try_for_each(|fact| say(&mut session, fact)).map_err(record)?;
        match pass(&mut session, &mut signals, held).await.map_err(record)? {
            Passed::In => {}
            Passed::Signalled(signal) => return Ok(ExitCode::from(signal.exit_code())),
            Passed::KeptOut { want, by, .. } => {
                let (name, by) = (lock_name(&want.name), held_by(by.as_ref(), &session.zone));
                return Err(refused(format!("{name}  {by}")));
            }
        }
        let mut settling = Settling {
            orders: orders(self.matches, &session.machine, &who)?,
            session: &session,
            history: &history,
            plan: self.plan,
            waits: self.matches.get_flag("wait"),
            terminal,
            marker: marker(self.id.to_string()),
        };
        let settled = settling.settle(&mut signals).await?;
        drop(settling);
        let (unknown, resolved) = match settled {
            Settled::Decided { unknown, resolved } => (unknown, resolved),
            Settled::Signalled(signal) => {
                cancelled(&mut session, signal).map_err(record)?;
                return Ok(ExitCode::from(signal.exit_code()));
            }
            Settled::Undecided(known) => {
                self.tell_of(&known, &mut session, &recovered.events).await?;
                return Err(self.undecided(&known, &session));
            }
        };
        let resumed = Kind::Resumed {
            operator: who,
            engine: env!("CARGO_PKG_VERSION").to_string(),
            pid: std::process::id(),
            boot: boot_id(),
            changed: self.plan == SamePlan::Accepted,
        };
        let same_plan = self.plan == SamePlan::Same;
        session.begin =
            Input::Resume(Box::new(Resumption { resumed, unknown, resolved, history, same_plan }));
        let scratch = session.run.scratch_dir.clone();
        let hosts: Vec<_> = session.sites.iter().map(|site| Rc::clone(&site.hosts)).take(1).collect();
        let end = drive(session, signals).await.map_err(|e| lost(&e, Some(self.id)));
        for hosts in hosts {
            hosts.close().await;
        }
        drop(std::fs::remove_dir_all(scratch));
        Ok(exit_code(end?, self.matches.get_flag("strict")))
    }

    fn run_facts(&self, folder: &RunFolder, first: &Event, history: &History) -> RunFacts {
        let state = self.globals.state();
        let dir = folder.path();
        let approvals = self.record.saved.iter().flat_map(|origin| &origin.approvals);
        RunFacts {
            id: self.id.to_string(),
            started: first.at,
            clock: self.record.clock.unwrap_or(first.at),
            operator: history.operator.clone(),
            state: state.path().display().to_string(),
            dir: dir.display().to_string(),
            scratch_dir: dir.join("scratch").display().to_string(),
            previous: self.record.previous.clone(),
            last_told: self.record.last_told.clone().unwrap_or_default(),
            approved_by: approvals.map(|a| a.by.clone()).collect(),
            inputs: self.record.inputs.clone(),
            secret_inputs: self.record.secret_inputs.keys().cloned().collect(),
            names: Default::default(),
        }
    }

    /// The run as it stood, and everything that it needs to go on.
    fn session(
        &self,
        journal: Journal,
        events: &[Event],
        history: &History,
        who: &str,
        terminal: Option<TerminalOperator>,
    ) -> Result<Session, Error> {
        let plan = &self.start.plan;
        let folder = journal.folder().clone();
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Err(Error::state(crate::t!("the journal is empty", "ジャーナルが空です")));
        };
        let run = Rc::new(self.run_facts(&folder, first, history));
        let scratch = std::path::PathBuf::from(&run.scratch_dir);
        std::fs::create_dir_all(&scratch)
            .map_err(|error| JournalError::Unwritable { path: scratch.clone(), error })?;
        let engine = Arc::new(Engine::new());
        let jobs = self.matches.get_one::<u32>("jobs").copied().unwrap_or(history.jobs);
        let mut machine = Machine::new(Arc::clone(plan), Arc::clone(&engine), (*run).clone(), jobs);
        let heading = heading(self.start, &machine.renderer(), self.id, who, folder.logs());
        events.iter().for_each(|event| machine.fold(event));
        let answers = answers(self.matches, plan)?;
        let (globals, out) = (self.globals, Box::new(std::io::stdout()));
        let mut shown =
            reporter(globals.progress, heading.clone(), globals.colour, out, Box::new(std::io::stderr()));
        events.iter().for_each(|event| shown.past(event));
        let vault = Rc::new(vault(self.start, self.id.to_string(), typed_by(terminal.clone())));
        let sites = sites(plan, self.id.to_string(), &scratch, &vault);
        Ok(Session {
            machine,
            begin: Input::Begin,
            messenger: messenger(plan, heading, &sites, &vault, (&globals.state(), &folder)),
            sites,
            run,
            engine,
            journal,
            reporters: vec![shown],
            operator: Rc::new(FlagOperator::new(answers, who, terminal)),
            clock: Arc::new(SteadyClock::from(SystemClock.now().max(last.at))),
            vault,
            foreseen: self.foreseen(),
            zone: plan.zone.clone(),
        })
    }

    /// What the saved plan says that the run does; nothing once the operator accepts another playbook.
    fn foreseen(&self) -> Option<Foreseen> {
        let planned = self.record.planned.as_ref().filter(|_| self.plan == SamePlan::Same);
        planned.map(Foreseen::of)
    }

    /// What was begun with values that were not written cannot go on: nothing stands in for them.
    fn refuse_blank(&self, machine: &Machine, history: &History) -> Result<(), Error> {
        let blank: Vec<String> =
            machine.blank(history).iter().map(|ix| machine.plan().at(*ix).id.to_string()).collect();
        if blank.is_empty() {
            return Ok(());
        }
        let list = blank.join(", ");
        Err(Error::Plain {
            code: Code::Undecided,
            message: crate::t!(
                "{list}: the inputs or items held a secret and were not recorded, so that it cannot go on",
                "{list}: 入力または対象がシークレットを含み記録されていないため、再開できません"
            ),
            help: Some(crate::t!(
                "begin a new run: toban run {}",
                "新しく実行してください: toban run {}",
                self.record.playbook
            )),
        })
    }

    /// Tells people that a person has to decide, once: who resumes again without deciding tells nobody again.
    async fn tell_of(&self, known: &[Known], session: &mut Session, events: &[Event]) -> Result<(), Error> {
        let about = Occasion::Person;
        let wanted =
            session.machine.plan().notifications.as_ref().is_some_and(|n| n.occasions().contains(&about));
        let again = events.last().is_some_and(|e| matches!(e.kind, Kind::Notified { unit: None, .. }));
        let Some(messenger) = session.messenger.clone().filter(|_| wanted && !again) else { return Ok(()) };
        let put = |session: &mut Session, kind: Kind| -> Result<(), Error> {
            let event = session.machine.record(kind, session.clock.now());
            session.journal.append(std::slice::from_ref(&event)).map_err(|e| Error::state(e.to_string()))?;
            session.journal.sync().map_err(|e| Error::state(e.to_string()))?;
            session.reporters.iter_mut().for_each(|shown| shown.event(&event));
            Ok(())
        };
        put(session, Kind::Notifying { about, unit: None })?;
        let lines: Vec<String> = known.iter().map(|known| known.line(&session.zone)).collect();
        let told = messenger.tell(about, None, &lines.join("\n")).await;
        put(session, Kind::Notified { about, unit: None, told })
    }

    /// What a person has to decide, one line a step; then how.
    fn undecided(&self, known: &[Known], session: &Session) -> Error {
        known.iter().for_each(|known| say_on_stderr(&format!("{}\n", known.line(&session.zone))));
        let (count, id) = (known.len(), self.id);
        let unit = known.first().map(|known| known.unit.to_string()).unwrap_or_default();
        let wait = if known.iter().any(|known| !known.left.is_empty()) { " --wait" } else { "" };
        Error::Plain {
            code: Code::Undecided,
            message: crate::t!(
                "a person has to decide about what is unknown ({count}) before the run {id} can go on",
                "実行 {id} を再開するには、{count} 個のステップについて判断が必要です"
            ),
            help: Some(crate::t!(
                "toban resume {id}{wait} with --rerun {unit}, or with --skip {unit} or --done-by-hand {unit} and --reason '…'",
                "toban resume {id}{wait} に --rerun {unit}、または --reason '…' と共に --skip {unit} か --done-by-hand {unit} を付けてください"
            )),
        }
    }
}
