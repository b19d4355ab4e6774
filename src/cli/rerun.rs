//! `toban run FILE`: a saved plan against what is there now. It refuses whatever is not what was planned.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;

use super::approve;
use super::chosen::{chosen, unchosen};
use super::error::Error;
use super::globals::Globals;
use super::saved::{self, not_expired, refused};
use super::start::{Start, checked, typed};
use crate::base::{Clock, RunId, SystemClock, current_lang, speaking};
use crate::inputs;
use crate::journal::{Claim, StateDir, Taken, used_by};
use crate::lang::{self, Library};
use crate::plan::saved::{
    Approval, Foreseen, Need, Planned, Saved, Unapproved, differences, digest_of, short,
};
use crate::plan::{Found, Plan, PlanOrigin, compile};

/// So many differences are named; the first ones tell what happened.
const NAMED: usize = 12;

/// A saved plan that may be run.
pub struct Ready {
    /// Where it comes from and who approved it, for the records.
    pub origin: PlanOrigin,
    /// What it says of each step.
    pub foreseen: Foreseen,
    saved: Saved,
    file: PathBuf,
}

/// Reads a saved plan and proves that nothing it was made from has changed.
pub fn open(
    globals: &Globals,
    matches: &ArgMatches,
    file: PathBuf,
    all: bool,
) -> Result<(Start, Ready), Error> {
    let plan = saved::read(&file)?;
    if !chosen(matches).is_all() {
        let error = Error::usage(crate::t!(
            "--only and --from: the steps of a saved plan are those it was made with",
            "--only と --from: 保存した計画のステップは、作成時に選ばれたものです"
        ));
        return Err(
            error.help(crate::t!("make a new plan with them", "そのステップで計画を作り直してください"))
        );
    }
    not_expired(&plan)?;
    same_environment(globals, &plan)?;
    if let Some(run) = used_by(&globals.state(), &plan.id)? {
        return Err(used(&file, &run));
    }
    let mut start = again(globals, &plan, &file)?;
    let made = || saved::made(globals, &start, plan.made.by.clone(), saved::VALID);
    let now = speaking(start.lang(), made)?;
    let found = differences(&plan, &now, &globals.cwd);
    if !found.is_empty() {
        return Err(unlike(&plan, &file, &found.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    let said = approve::said(&file, &plan)?;
    let approvals = Need::of(&start.plan)
        .met_by(&said, &plan.made.by, SystemClock.now())
        .map_err(|e| unapproved(&e, &file))?;
    give_missing(globals, matches, &plan, &mut start, all)?;
    let foreseen = Foreseen::of(&Planned::of(&plan));
    Ok((start, Ready { origin: origin(&plan, &file, approvals), foreseen, saved: plan, file }))
}

/// A playbook whose system asks for approvals is run from a plan that was approved.
pub fn may_run_by_name(plan: &Plan, name: &str) -> Result<(), Error> {
    let people = Need::of(plan).people;
    if people == 0 {
        return Ok(());
    }
    let place = plan.environment.as_deref().unwrap_or("system.yaml");
    Err(refused(crate::t!(
        "`{place}` asks for the approval of a saved plan before a run (people: {people})",
        "`{place}` では、実行の前に保存した計画の承認が必要です（{people} 名）"
    ))
    .help(crate::t!(
        "toban plan {name} -o FILE; toban approve FILE; toban run FILE",
        "toban plan {name} -o ファイル → toban approve ファイル → toban run ファイル"
    )))
}

impl Ready {
    /// What it says of each step, as the record of a run keeps it.
    pub fn planned(&self) -> Planned {
        Planned::of(&self.saved)
    }

    /// Uses the plan up for a run.
    pub fn take(&self, state: &StateDir, run: &RunId) -> Result<Claim, Error> {
        not_expired(&self.saved)?;
        let shown = self.file.display();
        match Claim::take(state, &self.saved.id, run)? {
            Taken::Ours(claim) => Ok(claim),
            Taken::By(run) => Err(used(&self.file, &run)),
            Taken::Busy => Err(refused(crate::t!(
                "another process is starting the plan `{shown}` in this moment",
                "別のプロセスが計画 `{shown}` を開始しているところです"
            ))),
        }
    }
}

/// The playbook as it is now, with the inputs of the plan.
fn again(globals: &Globals, plan: &Saved, file: &Path) -> Result<Start, Error> {
    let library = plan.library.as_ref().map(|root| Library { root: PathBuf::from(root) });
    let lang = plan.lang.unwrap_or_else(current_lang);
    let environment = plan.environment.as_deref();
    let loaded = lang::load_in(lang, &plan.playbook, library.as_ref(), &globals.cwd, environment);
    let mut loaded = loaded.map_err(|mistakes| {
        let mut found = changed_sources(plan, &globals.cwd);
        found.extend(mistakes.iter().map(|d| d.title.clone()));
        unlike(plan, file, &found)
    })?;
    let given = inputs::resolve(&loaded.playbook.inputs, &plan.inputs).map_err(|mistakes| {
        let mut found = changed_sources(plan, &globals.cwd);
        found.extend(mistakes.iter().map(|m| format!("inputs.{}: {}", m.input, m.message)));
        unlike(plan, file, &found)
    })?;
    let mut laid_out =
        speaking(lang, || compile(&mut loaded)).map_err(|e| unlike(plan, file, &[e.to_string()]))?;
    laid_out.playbook.clone_from(&plan.outline.playbook);
    laid_out.choose(&plan.chosen).map_err(|why| unlike(plan, file, &[unchosen(&laid_out, &why).0]))?;
    let found = Found {
        name: plan.playbook.clone(),
        cwd: globals.cwd.clone(),
        library: library.as_ref().map(|l| l.root.clone()),
        lang: Some(lang),
    };
    Ok(Start { found, loaded, plan: Arc::new(laid_out), given, library })
}

/// The files of the plan that are not what they were.
fn changed_sources(plan: &Saved, cwd: &Path) -> Vec<String> {
    let shown =
        |path: &str| Path::new(path).strip_prefix(cwd).unwrap_or(Path::new(path)).display().to_string();
    let told = |path: &str, sum: &str| match digest_of(Path::new(path)) {
        Ok(now) if now.sha256 == sum => None,
        Ok(now) => Some(format!("{}: SHA-256 {} → SHA-256 {}", shown(path), short(sum), short(&now.sha256))),
        Err(e) => Some(format!("{}: {e}", shown(path))),
    };
    plan.sources.iter().filter_map(|s| told(&s.path, &s.sha256)).collect()
}

/// What the plan does not have is given now; everything else is the plan's.
fn give_missing(
    globals: &Globals,
    matches: &ArgMatches,
    plan: &Saved,
    start: &mut Start,
    all: bool,
) -> Result<(), Error> {
    let (values, wrong) = typed(globals, matches, &start.loaded.playbook.inputs)?;
    if let Some(name) = values.keys().find(|name| !plan.missing.contains(name)) {
        let error = Error::usage(crate::t!(
            "`-i {name}`: the inputs of a saved plan are those it was made with",
            "`-i {name}`: 保存した計画の入力は、作成時のものです"
        ));
        let missing = plan.missing.join(", ");
        return Err(match plan.missing.is_empty() {
            true => error.help(crate::t!("make a new plan with it", "その入力で計画を作り直してください")),
            false => error.help(crate::t!("it lacks only: {missing}", "未定の入力は次のみです: {missing}")),
        });
    }
    let mut whole = plan.inputs.clone();
    whole.extend(values);
    start.given = checked(&start.loaded.playbook.inputs, &whole, wrong, all)?;
    Ok(())
}

fn origin(plan: &Saved, file: &Path, approvals: Vec<Approval>) -> PlanOrigin {
    PlanOrigin {
        id: plan.id.clone(),
        digest: plan.digest.clone(),
        author: plan.made.by.clone(),
        made: plan.made.at,
        host: plan.made.host.clone(),
        file: file.display().to_string(),
        approvals,
    }
}

fn same_environment(globals: &Globals, plan: &Saved) -> Result<(), Error> {
    match &globals.environment {
        Some(asked) if plan.environment.as_ref() != Some(asked) => {
            let own = plan.environment.as_deref().unwrap_or("-");
            Err(Error::usage(crate::t!(
                "--env {asked}: the plan was made for the environment {own}",
                "--env {asked}: 計画の環境は {own} です"
            )))
        }
        _ => Ok(()),
    }
}

fn used(file: &Path, run: &RunId) -> Error {
    let shown = file.display();
    refused(crate::t!(
        "the plan `{shown}` was run already, as {run}; a plan is run once",
        "計画 `{shown}` はすでに {run} として実行されています。計画は一度だけ実行できます"
    ))
    .help(crate::t!(
        "`toban status {run}` tells how it stands; make a new plan to run it again",
        "`toban status {run}` で状態を確認できます。もう一度実行するには計画を作り直してください"
    ))
}

fn unlike(plan: &Saved, file: &Path, found: &[String]) -> Error {
    let shown = file.display();
    let mut list: Vec<String> = found.iter().take(NAMED).map(|line| format!("  {line}")).collect();
    if found.len() > NAMED {
        let more = found.len() - NAMED;
        list.push(crate::t!("  and {more} more", "  ほか {more} 件"));
    }
    let name = &plan.outline.playbook;
    refused(crate::t!(
        "something has changed since the plan `{shown}` was made\n{}",
        "計画 `{shown}` の作成後に変更があります\n{}",
        list.join("\n")
    ))
    .help(crate::t!(
        "look at what changed, and make a new plan: toban plan {name} -o FILE",
        "変更を確かめて、計画を作り直してください: toban plan {name} -o ファイル"
    ))
}

fn unapproved(why: &Unapproved, file: &Path) -> Error {
    let shown = file.display();
    match why {
        Unapproved::Rejected(no) => {
            let by = &no.by;
            let reason = no.reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
            refused(crate::t!(
                "the plan `{shown}` was rejected by {by}{reason}",
                "計画 `{shown}` は {by} に却下されています{reason}"
            ))
            .help(crate::t!(
                "only {by} can take that back: toban approve {shown}",
                "取り消せるのは {by} だけです: toban approve {shown}"
            ))
        }
        Unapproved::Missing { more, of, notes } => {
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
            refused(crate::t!(
                "the plan `{shown}` lacks {more} of {of} approvals{notes}",
                "計画 `{shown}` には承認があと {more} 名（全 {of} 名）必要です{notes}"
            ))
            .help(crate::t!("toban approve {shown} --reason …", "toban approve {shown} --reason …"))
        }
    }
}
