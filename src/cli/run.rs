//! `toban run`: from a playbook to a finished, recorded run.

use std::io::IsTerminal;
use std::pin::Pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use clap::ArgMatches;
use jiff::Timestamp;

use super::engine::engine;
use super::error::{Code, Error};
use super::globals::{Globals, operator};
use super::locks;
use super::place::{messenger, sites, vault};
use super::prompt::{Answers, FlagOperator, TerminalOperator};
use super::rerun::{self, Ready};
use super::saved::file;
use super::schedule::random;
use super::start::{Start, start, told};
use super::window;
use crate::base::{Clock, RunId, SystemClock};
use crate::event::{Event, Kind, RecordError, RunOutcome};
use crate::inputs::{Given, Prompt, check};
use crate::journal::{Journal, JournalError, StateDir, Summary, last_told, note, summary};
use crate::model::{Action, StepBody};
use crate::plan::{
    LastTold, Node, OnlyInputs, Plan, PlanRecord, Renderer, RunFacts, record, sha256_hex, titles,
};
use crate::process::{SteadyClock, boot_id};
use crate::report::{Heading, StepInfo, reporter};
use crate::runner::{End, Session, drive_locked, say};
use crate::state::{Input, Machine};
use crate::template::Engine;

/// Runs a playbook to its end.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let somebody = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let (mut start, ready) = open(globals, matches, !somebody)?;
    let answers = answers(matches, &start.plan)?;
    ask_missing(&mut start)?;
    let who = operator(matches.get_one::<String>("operator").map(String::as_str));
    let started = SystemClock.now();
    let outside = window::check(globals, matches, &start, &who, started)?;
    let mut held = locks::queue(globals, &start);
    if locks::begin(&mut held, &start)?.is_some() {
        return Ok(ExitCode::SUCCESS);
    }
    let jobs = matches.get_one::<u32>("jobs").copied().unwrap_or_else(processors);
    let (runtime, signals) = engine()?;
    let local = tokio::task::LocalSet::new();
    let end = local.block_on(&runtime, async {
        let id = run_id(globals, matches)?.unwrap_or_else(|| RunId::new(started, random()));
        let begins = Begins { id, who: &who, started };
        let (mut session, scratch) = session(globals, &start, ready, begins, jobs, answers)?;
        held.hold_as(locks::holder(session.run.id.clone(), &start, &who, started));
        let hosts: Vec<_> = session.sites.iter().map(|site| Rc::clone(&site.hosts)).take(1).collect();
        let id = RunId::parse(&session.run.id);
        let end = async {
            outside.into_iter().try_for_each(|fact| say(&mut session, fact))?;
            drive_locked(session, signals, &mut held).await
        };
        let end = end.await.map_err(|e: RecordError| lost(&e, id.as_ref()));
        id.iter().for_each(|id| note(&globals.state(), id));
        for hosts in hosts {
            hosts.close().await;
        }
        drop(std::fs::remove_dir_all(scratch));
        end
    });
    // Whatever still waits in a thread of its own, also after an error, must not keep the process.
    runtime.shutdown_background();
    Ok(exit_code(end?, matches.get_flag("strict")))
}

/// A run whose facts cannot be written any more: what runs was ended, and nothing more was begun.
pub(super) fn lost(why: &RecordError, id: Option<&RunId>) -> Error {
    let error = Error::state(why.to_string());
    match id {
        None => error,
        Some(id) => error.help(crate::t!(
            "nothing more was begun; `toban status {id}` tells how the run stands, and once the records can be written, \
             `toban resume {id}` goes on with it",
            "以降のステップは始めていません。`toban status {id}` で状態を確認し、記録を書き込めるようにしてから \
             `toban resume {id}` で再開できます"
        )),
    }
}

/// The plan to run: a saved one, or that of a playbook as it is now.
fn open(globals: &Globals, matches: &ArgMatches, all: bool) -> Result<(Start, Option<Ready>), Error> {
    let name = matches.get_one::<String>("playbook").map(String::as_str).unwrap_or_default();
    if let Some(file) = file(globals, name) {
        return rerun::open(globals, matches, file, all).map(|(start, ready)| (start, Some(ready)));
    }
    let start = start(globals, matches, all)?;
    rerun::may_run_by_name(&start.plan, name)?;
    Ok((start, None))
}

pub(super) fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u32)
}

pub(super) fn exit_code(end: End, strict: bool) -> ExitCode {
    if let Some(signal) = end.signal {
        return ExitCode::from(signal.exit_code());
    }
    ExitCode::from(match end.outcome {
        RunOutcome::Ok => Code::Done,
        RunOutcome::Warned if strict => Code::Warned,
        RunOutcome::Warned => Code::Done,
        RunOutcome::Failed | RunOutcome::Cancelled => Code::Failed,
        RunOutcome::Refused => Code::Refused,
    } as u8)
}

/// The answers given as flags; one that answers nothing is a mistake.
pub(super) fn answers(matches: &ArgMatches, plan: &Plan) -> Result<Answers, Error> {
    let many = |name: &str| -> Vec<String> {
        matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
    };
    let answers = Answers::parse(&many("confirm"), &many("choose"), &many("answer")).map_err(Error::usage)?;
    let asking: Vec<_> = plan.nodes.iter().filter(|n| n.asks() && !n.left_out).collect();
    let unknown = answers.unknown(&asking.iter().map(|n| (flag(n), n.id.clone())).collect::<Vec<_>>());
    if unknown.is_empty() {
        return Ok(answers);
    }
    let unknown = unknown.join(", ");
    let ask =
        asking.iter().map(|n| format!("{} {}", flag(n), n.id.without_items())).collect::<Vec<_>>().join(", ");
    let error = Error::usage(crate::t!(
        "no step asks about: {unknown}",
        "確認を求めるステップではありません: {unknown}"
    ));
    Err(match asking.is_empty() {
        true => error.help(crate::t!(
            "no step of this playbook asks",
            "このプレイブックに確認を求めるステップはありません"
        )),
        false => error.help(crate::t!("these steps ask: {ask}", "確認を求めるステップ: {ask}")),
    })
}

/// The flag that answers a step that asks.
fn flag(node: &Node) -> &'static str {
    match &node.step.body {
        StepBody::Act(action) => match &**action {
            Action::Manual(_) => "--answer",
            Action::Decide(_) => "--choose",
            _ => "--confirm",
        },
        StepBody::Group(_) => "--confirm",
    }
}

/// Asks for inputs that are missing; without a terminal none are.
fn ask_missing(start: &mut Start) -> Result<(), Error> {
    for name in std::mem::take(&mut start.given.missing) {
        let Some(decl) = start.loaded.playbook.inputs.get(&name) else { continue };
        let about = decl.description.as_deref().unwrap_or(&name);
        let text = dialoguer::Input::<String>::new()
            .with_prompt(format!("{name} ({about})"))
            .validate_with(|text: &String| check(decl, &text.as_str().into()).map(drop))
            .interact_text()
            .map_err(|e| {
                Error::usage(crate::t!("{name} was not given: {e}", "{name} が入力されませんでした: {e}"))
            })?;
        let value = check(decl, &text.into()).map_err(Error::usage)?;
        start.given.values.insert(name, value);
    }
    Ok(())
}

/// The id that was given for the run; whoever gives one twice wants one run.
fn run_id(globals: &Globals, matches: &ArgMatches) -> Result<Option<RunId>, Error> {
    let given = matches.get_one::<RunId>("run-id").cloned();
    match given.filter(|id| globals.state().run(id).path().exists()) {
        None => Ok(matches.get_one::<RunId>("run-id").cloned()),
        Some(id) => {
            let message = crate::t!("there is a run {id} already", "実行 {id} はすでにあります");
            let help = crate::t!("`toban status {id}` tells of it", "`toban status {id}` で確認できます");
            Err(Error::Plain { code: Code::Refused, message, help: None }.help(help))
        }
    }
}

type Opened = (Session, std::path::PathBuf);

/// Which run begins, by whom and when.
struct Begins<'a> {
    id: RunId,
    who: &'a str,
    started: Timestamp,
}

/// Creates the run, and brings together what it needs.
fn session(
    globals: &Globals,
    start: &Start,
    ready: Option<Ready>,
    begins: Begins<'_>,
    jobs: u32,
    answers: Answers,
) -> Result<Opened, Error> {
    let Begins { id, who, started } = begins;
    let plan = &start.plan;
    let state = globals.state();
    let clock = SteadyClock::from(SystemClock.now());
    let folder = state.run(&id);
    let compares = plan.nodes.iter().any(|n| n.uses.previous) || plan.notifications.is_some();
    let previous = compares.then(|| previous(&state, plan)).flatten();
    let approvals = ready.iter().flat_map(|r| &r.origin.approvals);
    let approved_by = approvals.map(|a| a.by.clone()).collect();
    let last_told = if plan.tells_changes() { heard_before(&state, plan) } else { LastTold::new() };
    let mut run =
        RunFacts { previous, last_told, approved_by, ..run_facts(&start.given, &state, &id, started, who) };
    run.clock = counts_from(start, &run)?;
    let run = Rc::new(run);
    let (journal, first, claim) = {
        // The told plan and its text are the largest things there are: they go before the rest is made.
        let plan_json = plan_json(start, ready.as_ref(), &run)?;
        let first = first_event(plan, &id, started, who, jobs, sha256_hex(&plan_json));
        let claim = ready.as_ref().map(|r| r.take(&state, &id)).transpose()?;
        (Journal::create(&state, &id, &plan_json, &first)?, first, claim)
    };
    let engine = Arc::new(Engine::new());
    let mut machine = Machine::new(Arc::clone(plan), Arc::clone(&engine), (*run).clone(), jobs);
    machine.fold(&first);
    let scratch = std::path::PathBuf::from(&run.scratch_dir);
    if let Err(e) = std::fs::create_dir(&scratch) {
        // Nothing has happened yet: a run that did not begin leaves nothing behind.
        drop(std::fs::remove_dir_all(folder.path()));
        return Err(JournalError::Unwritable { path: scratch, error: e }.into());
    }
    if let Some(claim) = claim {
        claim.begun()?;
    }
    let terminal = TerminalOperator::open(who, globals.colour_err);
    let vault = Rc::new(vault(start, id.to_string(), typed_by(terminal.clone())));
    let heading = heading(start, &machine.renderer(), &id, who, folder.logs());
    let mut shown = reporter(
        globals.progress,
        heading.clone(),
        globals.colour,
        Box::new(std::io::stdout()),
        Box::new(std::io::stderr()),
    );
    shown.event(&first);
    let zone = plan.zone.clone();
    let sites = sites(plan, id.to_string(), &scratch, &vault);
    let session = Session {
        machine,
        begin: Input::Begin,
        messenger: messenger(plan, heading, &sites, &vault, (&state, &folder)),
        sites,
        run,
        engine,
        journal,
        reporters: vec![shown],
        operator: Rc::new(FlagOperator::new(answers, who, terminal)),
        clock: Arc::new(clock),
        vault,
        foreseen: ready.map(|r| r.foreseen),
        zone,
    };
    Ok((session, scratch))
}

/// The plan as the run records it.
fn plan_json(start: &Start, ready: Option<&Ready>, run: &RunFacts) -> Result<Vec<u8>, Error> {
    let plan = &start.plan;
    let record = PlanRecord {
        saved: ready.map(|r| r.origin.clone()),
        planned: ready.map(Ready::planned),
        found: Some(start.found.clone()),
        secret_inputs: start.given.secrets.clone(),
        clock: plan.frames[0].clock.as_ref().map(|_| run.clock),
        ..record(plan, run, told(start))
    };
    serde_json::to_vec(&record)
        .map_err(|e| Error::state(crate::t!("the plan cannot be written: {e}", "計画を書き出せません: {e}")))
}

/// The moment from which deadlines count.
fn counts_from(start: &Start, run: &RunFacts) -> Result<Timestamp, Error> {
    let renderer = Renderer { plan: &start.plan, run, engine: &Engine::new() };
    renderer.clock(0, run.started, &start.given.values).map_err(Error::usage)
}

/// The first fact of a run.
fn first_event(plan: &Plan, id: &RunId, at: Timestamp, who: &str, jobs: u32, digest: String) -> Event {
    let kind = Kind::RunStarted {
        run: id.clone(),
        playbook: plan.playbook.clone(),
        title: plan.title.clone(),
        environment: plan.environment.clone(),
        operator: who.to_string(),
        engine: env!("CARGO_PKG_VERSION").to_string(),
        pid: std::process::id(),
        boot: boot_id(),
        jobs,
        steps: plan.step_count(),
        plan: digest,
    };
    Event { seq: 0, at, kind }
}

/// How the newest finished run of the same playbook in the same environment ended.
fn previous(state: &StateDir, plan: &Plan) -> Option<String> {
    runs_before(state, plan).find_map(|s| s.outcome).map(|outcome| outcome.word().to_string())
}

/// What people were last told by the steps of the playbook that tell only what is new.
fn heard_before(state: &StateDir, plan: &Plan) -> LastTold {
    runs_before(state, plan).find_map(|s| last_told(&state.run(&s.run)).ok()).unwrap_or_default()
}

/// The runs of the same playbook in the same environment, newest first.
fn runs_before(state: &StateDir, plan: &Plan) -> impl Iterator<Item = Summary> {
    let runs = state.runs().unwrap_or_default();
    let summaries = runs.into_iter().filter_map(|id| summary(&state.run(&id)).ok());
    summaries.filter(|s| s.playbook == plan.playbook && s.environment == plan.environment)
}

fn run_facts(given: &Given, state: &StateDir, id: &RunId, started: Timestamp, who: &str) -> RunFacts {
    let dir = state.run(id).path().to_path_buf();
    RunFacts {
        id: id.to_string(),
        started,
        clock: started,
        operator: who.to_string(),
        state: state.path().display().to_string(),
        dir: dir.display().to_string(),
        scratch_dir: dir.join("scratch").display().to_string(),
        previous: None,
        last_told: LastTold::new(),
        approved_by: Vec::new(),
        inputs: given.values.clone(),
        secret_inputs: given.secrets.keys().cloned().collect(),
        names: Default::default(),
    }
}

pub(super) fn heading(
    start: &Start,
    renderer: &Renderer<'_>,
    id: &RunId,
    who: &str,
    log_dir: std::path::PathBuf,
) -> Heading {
    let plan = &start.plan;
    let titles = titles(renderer, &OnlyInputs::of_run(start.given.values.clone()));
    let info = |(node, title): (&Node, &String)| StepInfo {
        id: node.id.clone(),
        title: title.clone(),
        effect: node.step.effect,
        kind: node.kind(),
        inside: node.inside.map(|open| plan.at(open).id.ended()),
        part: node.part,
    };
    Heading {
        run: id.clone(),
        playbook: plan.playbook.clone(),
        title: plan.title.clone(),
        environment: plan.environment.clone(),
        target: start.loaded.system.target.clone(),
        protected: start.loaded.system.protected,
        operator: who.to_string(),
        zone: plan.zone.clone(),
        steps: plan.steps().zip(&titles).map(info).collect(),
        patterns: plan.patterns().zip(titles.iter().skip(plan.step_count() as usize)).map(info).collect(),
        chosen: plan.chosen.clone(),
        checklist: plan.checklist.iter().map(|c| (c.item.clone(), c.from.clone())).collect(),
        log_dir,
    }
}

/// Asks for a secret at the terminal, where there is one.
pub(super) fn typed_by(terminal: Option<TerminalOperator>) -> Prompt {
    Box::new(move |name: &str| -> Pin<Box<dyn Future<Output = Option<String>>>> {
        match terminal.clone() {
            Some(terminal) => Box::pin(terminal.secret(name.to_string())),
            None => Box::pin(std::future::ready(None)),
        }
    })
}
