//! What went otherwise than a good run without people would, the worst first.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::attempts::log;
use super::document::{AnswerEntry, AttemptEntry, Deviance, Deviation, Report, StepEntry};
use crate::base::StepId;
use crate::event::{Event, Kind, Outcome, Reply};
use crate::report::board::{Board, StepState, Trouble};
use crate::report::note;
use crate::report::tail::tail;
use crate::t;

/// How many failures are told with the end of their log.
const TOLD: usize = 20;
/// Lines of a log's end.
const LINES: usize = 10;

/// All of them; `apart` are those that are no matter of how a step ended.
pub fn deviations(
    report: &Report,
    board: &Board,
    near: Option<&Path>,
    apart: Vec<Deviation>,
) -> Vec<Deviation> {
    let left_out: HashSet<&StepId> = report
        .steps
        .iter()
        .filter(|s| matches!(s.outcome, Some(Outcome::Skipped | Outcome::Blocked)))
        .map(|s| &s.id)
        .collect();
    let mut all = apart;
    for (at, (entry, state)) in report.steps.iter().zip(&board.steps).enumerate() {
        all.extend(state.troubles.iter().map(|trouble| troubled(board, trouble, near)));
        // A group that was left out as a whole is told once.
        if !board.heading.steps[at].inside.as_ref().is_some_and(|group| left_out.contains(group)) {
            all.extend(without_an_attempt(entry, state, report));
        }
        all.extend(retried(entry));
        all.extend(entry.answers.iter().filter_map(|answer| answered(&entry.id, answer)));
    }
    all.sort_by_key(|deviation| deviation.kind);
    let failures = all.iter_mut().filter(|d| d.kind <= Deviance::Refused);
    for deviation in failures.take(TOLD) {
        deviation.tail = deviation.log.as_ref().map(|log| tail(&log.path, LINES)).unwrap_or_default();
    }
    all
}

fn plain(kind: Deviance, step: &StepId, text: String) -> Deviation {
    Deviation { step: Some(step.clone()), ..of_run(kind, text) }
}

/// What is about the run as a whole.
fn of_run(kind: Deviance, text: String) -> Deviation {
    Deviation { kind, step: None, item: None, text, by: None, at: None, log: None, tail: Vec::new() }
}

/// What a fact says that went otherwise beside the steps: a deadline passed, or people could not be told.
pub fn beside_steps(event: &Event) -> Vec<Deviation> {
    match &event.kind {
        Kind::Breached { deadline, .. } => {
            let late = of_run(Deviance::Late, note::breached(deadline));
            vec![Deviation { step: deadline.until.clone(), at: Some(event.at), ..late }]
        }
        Kind::Notified { about, unit, told } => note::untold(*about, told)
            .into_iter()
            .map(|text| Deviation {
                step: unit.as_ref().map(|unit| unit.step.clone()),
                item: unit.as_ref().and_then(|unit| unit.item),
                at: Some(event.at),
                ..of_run(Deviance::NotTold, text)
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn troubled(board: &Board, trouble: &Trouble, near: Option<&Path>) -> Deviation {
    let kind = match trouble.outcome {
        Outcome::Warned => Deviance::Warned,
        Outcome::Refused => Deviance::Refused,
        Outcome::Unknown => Deviance::Unknown,
        _ => Deviance::Failed,
    };
    let path = board.heading.log_dir.join(trouble.unit.log_name(trouble.attempt));
    Deviation {
        item: trouble.unit.item,
        log: (trouble.attempt > 0).then(|| log(&path, near)).flatten(),
        ..plain(kind, &trouble.unit.step, trouble.reason.clone())
    }
}

fn without_an_attempt(entry: &StepEntry, state: &StepState, report: &Report) -> Option<Deviation> {
    let told = |kind, text: &str| Some(plain(kind, &entry.id, text.to_string()));
    match entry.outcome {
        Some(Outcome::Blocked) => told(Deviance::Blocked, &state.reason),
        Some(Outcome::Skipped) => told(Deviance::Skipped, &state.reason),
        // The board knows nothing of it: its engine died.
        Some(Outcome::Unknown) if state.troubles.is_empty() => {
            let begun = entry.attempts.iter().rfind(|attempt| attempt.ended.is_none());
            let text = t!("it was under way when the engine died", "エンジン停止時に実行中でした");
            Some(Deviation {
                item: begun.and_then(|attempt| attempt.item),
                at: begun.map(|attempt| attempt.started),
                log: begun.and_then(|attempt| attempt.log.clone()),
                ..plain(Deviance::Unknown, &entry.id, text)
            })
        }
        None if !report.is_running && !entry.is_group() => told(Deviance::NotBegun, ""),
        _ => None,
    }
}

/// What came right only after more than one attempt.
fn retried(entry: &StepEntry) -> Vec<Deviation> {
    let last: HashMap<Option<u32>, &AttemptEntry> = entry.attempts.iter().map(|a| (a.item, a)).collect();
    let mut again: Vec<&AttemptEntry> =
        last.into_values().filter(|a| a.attempt > 1 && a.outcome.is_some_and(Outcome::lets_follow)).collect();
    again.sort_by_key(|attempt| attempt.item);
    let told = |end: &AttemptEntry| {
        let n = end.attempt;
        let failed = entry.attempts.iter().rfind(|a| a.item == end.item && a.attempt < n);
        let text = match failed.map(|a| a.reason.as_str()).filter(|reason| !reason.is_empty()) {
            Some(reason) => {
                t!("came right at attempt {n}; before: {reason}", "{n} 回目で成功（前回: {reason}）")
            }
            None => t!("came right at attempt {n}", "{n} 回目で成功"),
        };
        let log = failed.and_then(|attempt| attempt.log.clone());
        Deviation { item: end.item, at: end.ended, log, ..plain(Deviance::Retried, &entry.id, text) }
    };
    again.into_iter().map(told).collect()
}

/// A no is told as what it led to.
fn answered(step: &StepId, answer: &AnswerEntry) -> Option<Deviation> {
    let kind = match &answer.reply {
        Reply::Yes => Deviance::Confirmed,
        Reply::Manual { .. } => Deviance::ByHand,
        Reply::Choice { .. } => Deviance::Decided,
        Reply::No { .. } => return None,
    };
    let text = match (&answer.question, kind) {
        (question, Deviance::Confirmed) => question.clone(),
        (question, _) if question.is_empty() => answer.said.clone(),
        (question, _) => format!("{question}: {}", answer.said),
    };
    Some(Deviation {
        item: answer.item,
        by: Some(answer.by.clone()),
        at: Some(answer.at),
        ..plain(kind, step, text)
    })
}
