//! `toban status`: how a run stands.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use indexmap::IndexMap;
use jiff::tz::TimeZone;
use serde_json::json;

use super::error::{Error, say};
use super::globals::Globals;
use super::runs::{alive, word};
use crate::base::{StepId, local_zone};
use crate::event::{Event, Kind};
use crate::journal::{Liveness, RunFolder, Summary, read, summary};
use crate::model::{Action, Templated};
use crate::plan::{PlanOrigin, PlanRecord, StepRecord};
use crate::report::{
    Beside, Heading, Report, Section, Sections, StepInfo, format_seconds, outcome_word, pad,
};
use crate::report::{alone_told, report_markdown, safe_text, width};

/// Prints the state of a run and of each of its steps.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let id = state.find(matches.get_one::<String>("run").map_or("last", String::as_str))?;
    let folder = state.run(&id);
    let summary = summary(&folder)?;
    let events = read(&folder)?;
    let plan = plan_of(&folder)?;
    let heading = heading(&plan, &summary, &folder);
    let steps = steps(heading.clone(), &events, summary.liveness);
    let format = matches.get_one::<String>("format").map(String::as_str);
    if format == Some("markdown") {
        say(&report_markdown(&Report::of(&heading, &events, &beside(&plan, &summary, None))));
        return Ok(ExitCode::SUCCESS);
    }
    if format == Some("json") {
        let steps: serde_json::Map<String, serde_json::Value> = steps
            .iter()
            .map(|(id, step)| {
                let mut told = json!({ "state": step.state, "seconds": step.seconds, "why": step.why });
                if let Some(section) = &step.section {
                    told["section"] = json!(section);
                }
                (id.to_string(), told)
            })
            .collect();
        let mut whole = json!({
            "run": id, "playbook": summary.playbook, "outcome": summary.outcome, "liveness": alive(&summary),
            "operator": summary.operator, "started": summary.started.to_string(), "steps": steps,
        });
        if let Some(saved) = &plan.saved {
            whole["saved"] = json!(saved);
        }
        say(&format!("{whole:#}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!("{id}  {}  {}\n{}\n", word(&summary), summary.playbook, plan.title);
    if let Some(saved) = &plan.saved {
        text.push_str(&format!("{}\n", origin(saved)));
    }
    if summary.liveness == Liveness::Running {
        waits(&events, &heading.zone).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    let widest = steps.keys().map(|id| width(id.as_str())).max().unwrap_or(0);
    if !heading.chosen.is_all() {
        text.push_str(&format!("{}\n", heading.chosen_text()));
    }
    let mut before = None;
    for (id, step) in &steps {
        let section = step.section.as_ref().filter(|_| step.state != "left_out");
        if section != before {
            text.extend(section.iter().map(|section| format!("  {}\n", section.heading())));
            before = section;
        }
        let seconds = step.seconds.map(format_seconds).unwrap_or_default();
        let line = format!(
            "  {}  {}  {}  {}",
            pad(id.as_str(), widest),
            pad(&step.word, 10),
            pad(&seconds, 8),
            step.why
        );
        text.push_str(&format!("{}\n", line.trim_end()));
    }
    text.push_str(&crate::t!("logs: toban logs {id} [STEP]\n", "ログ: toban logs {id} [ステップ]\n"));
    say(&text);
    Ok(ExitCode::SUCCESS)
}

/// The lock that a run waits for, if it does.
fn waits(events: &[Event], zone: &TimeZone) -> Option<String> {
    let last = events.iter().rev().find(|event| !matches!(event.kind, Kind::CancelAsked { .. }))?;
    let (word, what) = alone_told(&last.kind, zone)?;
    matches!(last.kind, Kind::LockBusy { .. }).then(|| format!("{word}  {what}"))
}

/// The saved plan that a run does, on one line.
fn origin(saved: &PlanOrigin) -> String {
    let (id, author) = (&saved.id, &saved.author);
    let mut line = crate::t!("saved plan {id} by {author}", "保存した計画 {id}（作成: {author}）");
    let by: Vec<&str> = saved.approvals.iter().map(|a| a.by.as_str()).collect();
    if !by.is_empty() {
        line.push_str(&crate::t!(", approved by {}", "、承認: {}", by.join(", ")));
    }
    safe_text(&line).into_owned()
}

/// The plan that a run's folder keeps.
pub fn plan_of(folder: &RunFolder) -> Result<PlanRecord, Error> {
    let path = folder.plan();
    let shown = path.display();
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Error::state(crate::t!("cannot read {shown}: {e}", "{shown} を読めません: {e}")))?;
    serde_json::from_str(&text)
        .map_err(|e| Error::state(crate::t!("{shown} is damaged: {e}", "{shown} が壊れています: {e}")))
}

/// The head of a run that may be long over, from what its folder keeps.
pub fn heading(plan: &PlanRecord, summary: &Summary, folder: &RunFolder) -> Heading {
    let zone = plan.zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    Heading {
        run: summary.run.clone(),
        playbook: plan.playbook.clone(),
        title: plan.title.clone(),
        environment: plan.environment.clone(),
        target: plan.target.clone(),
        protected: false,
        operator: summary.operator.clone(),
        zone: zone.unwrap_or_else(local_zone),
        steps: plan.steps.iter().map(step_info).collect(),
        patterns: plan.patterns.iter().map(step_info).collect(),
        chosen: plan.chosen.clone(),
        checklist: plan.checklist.iter().map(|c| (c.item.clone(), c.from.clone())).collect(),
        log_dir: folder.logs(),
    }
}

/// What its folder tells of a run beside its heading; `near` is where a report goes.
pub fn beside(plan: &PlanRecord, summary: &Summary, near: Option<PathBuf>) -> Beside {
    Beside { is_running: summary.liveness == Liveness::Running, saved: plan.saved.clone(), near }
}

fn step_info(step: &StepRecord) -> StepInfo {
    let kinds = Action::<Templated>::KEYS.iter().copied();
    let kind = kinds.chain(["steps"]).find(|k| *k == step.kind).unwrap_or_default();
    StepInfo {
        id: step.id.clone(),
        title: step.title.clone(),
        effect: step.effect,
        kind,
        inside: step.inside.clone(),
        part: step.part,
    }
}

/// One step as `status` tells it.
struct Told {
    state: String,
    word: String,
    seconds: Option<f64>,
    why: String,
    section: Option<Section>,
}

impl Told {
    fn new(state: &str, word: String) -> Told {
        Told { state: state.into(), word, seconds: None, why: String::new(), section: None }
    }

    /// No engine is at it any more.
    fn is_left(&mut self) {
        let (state, word) = match self.state.as_str() {
            "waiting" | "asking" => ("not_begun", crate::t!("not begun", "未開始")),
            // It was under way when the engine died, and nobody knows how far it came.
            "retrying" => ("failed", outcome_word(crate::event::Outcome::Failed)),
            "running" => ("unknown", outcome_word(crate::event::Outcome::Unknown)),
            _ => return,
        };
        let (why, section) = (std::mem::take(&mut self.why), self.section.take());
        *self = Told { why, section, ..Told::new(state, word) };
    }
}

fn steps(heading: Heading, events: &[Event], liveness: Liveness) -> IndexMap<StepId, Told> {
    let loops = events.iter().filter_map(|event| match &event.kind {
        Kind::Expanded { step, items, .. } => Some((step, items)),
        _ => None,
    });
    let heading = heading.laid_out(loops);
    let sections = Sections::of(&heading.steps);
    let waiting = |section| Told { section, ..Told::new("waiting", crate::t!("waiting", "待機")) };
    let known = heading.steps.into_iter();
    let mut steps: IndexMap<StepId, Told> =
        known.map(|info| (info.id.clone(), waiting(sections.section(&info)))).collect();
    for event in events {
        let Some((id, told)) = told(&event.kind) else { continue };
        // What takes a step back is in no plan: it is there once it was begun.
        if !steps.contains_key(&id) && id.undone().is_some_and(|of| steps.contains_key(&of)) {
            steps.insert(id.clone(), waiting(Some(Section::Undo)));
        }
        if let Some(step) = steps.get_mut(&id) {
            let (why, section) = (std::mem::take(&mut step.why), step.section.take());
            *step = Told { section, ..told };
            // An attempt that failed is no reason for a step that came right in the end.
            let is_right = matches!(step.state.as_str(), "ok" | "unchanged");
            if step.why.is_empty() && !is_right {
                step.why = why;
            }
        }
    }
    if liveness != Liveness::Running {
        steps.values_mut().for_each(|step| step.is_left());
    }
    steps
}

fn told(kind: &Kind) -> Option<(StepId, Told)> {
    let ended = |outcome| Told::new(crate::event::Outcome::word(outcome), outcome_word(outcome));
    Some(match kind {
        Kind::Skipped { step, because, left_out } => {
            let word = || crate::t!("left out", "対象外");
            let told =
                if *left_out { Told::new("left_out", word()) } else { ended(crate::event::Outcome::Skipped) };
            (step.clone(), Told { why: because.clone(), ..told })
        }
        Kind::Blocked { step, by } => {
            let by = by.iter().map(|by| by.ended().to_string()).collect::<Vec<_>>().join(", ");
            let why = crate::t!("needs {by}", "{by} が必要");
            (step.clone(), Told { why, ..ended(crate::event::Outcome::Blocked) })
        }
        Kind::Asked { unit, .. } => (unit.step.clone(), Told::new("asking", crate::t!("asking", "確認中"))),
        Kind::AttemptStarted { unit, .. } => {
            (unit.step.clone(), Told::new("running", crate::t!("running", "実行中")))
        }
        Kind::AttemptEnded { unit, failure, warnings, .. } => {
            let why = failure.as_ref().map(ToString::to_string).or_else(|| warnings.first().cloned());
            let word = crate::t!("running", "実行中");
            (unit.step.clone(), Told { why: why.unwrap_or_default(), ..Told::new("running", word) })
        }
        Kind::RetryPlanned { unit, .. } => {
            (unit.step.clone(), Told::new("retrying", crate::t!("to be retried", "再試行待ち")))
        }
        Kind::NotStarted { unit, failure: Some(failure), outcome } => {
            (unit.step.clone(), Told { why: failure.to_string(), ..ended(*outcome) })
        }
        Kind::StepEnded { step, outcome, seconds, .. } => {
            (step.clone(), Told { seconds: Some(*seconds), ..ended(*outcome) })
        }
        _ => return None,
    })
}
