//! What stands at the end of a run: how it ended, what went wrong with the end of its log, the checklist.
//! It draws nothing and does not know whether a terminal or a file is written.

use super::board::{Board, Trouble};
use super::note::in_shell;
use super::tail::tail;
use super::width::fit;
use super::{Heading, Look, counts_text, format_seconds, outcome_word, run_outcome_word, safe_line};
use crate::base::{StepId, counted};
use crate::event::{Event, Outcome, RunOutcome};
use crate::t;

/// How many troubles are told with the end of their log.
const TOLD: usize = 10;
/// How many more are named.
const NAMED: usize = 20;
/// Lines of a log's end.
const LINES: usize = 10;

/// The summary of a finished run; lines of logs are cut to `columns`.
pub fn summary(board: &Board, look: Look, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(result(board, look));
    lines.extend(troubles(board, look, columns));
    lines.extend(checklist(board, look, columns));
    lines
}

/// How the run ended, and the counts.
pub fn result(board: &Board, look: Look) -> Vec<String> {
    let (outcome, seconds) = board.ended.unwrap_or((RunOutcome::Cancelled, 0.0));
    let (word, time, name) = (run_outcome_word(outcome), format_seconds(seconds), &board.heading.playbook);
    let said = match outcome {
        RunOutcome::Ok | RunOutcome::Warned => t!("{name} {word} in {time}", "{name} は{word} ({time})"),
        _ => t!("{name} {word} after {time}", "{name} は{word} ({time})"),
    };
    let (n, counts) = (board.steps.len(), counts_text(&board.counts, look.dot()));
    let left = n.saturating_sub(board.over());
    let steps = counted(n, "step");
    let mut text = t!("{steps}: {counts}", "{n} ステップ: {counts}");
    if left > 0 {
        let dot = look.dot();
        text.push_str(&t!(" {dot} {left} not begun", " {dot} 未開始 {left}"));
    }
    vec![format!("{} {}", look.run_mark(outcome), look.run_tinted(outcome, &said)), format!("  {text}")]
}

/// What went wrong in a run so far, from its facts: the lines of its summary without colours, and each trouble.
pub fn troubles_of(heading: Heading, events: &[Event], columns: usize) -> (Vec<String>, Vec<Trouble>) {
    let mut board = Board::new(heading);
    for event in events {
        board.take(event);
    }
    let look = Look { colour: false, unicode: true };
    let lines = troubles(&board, look, columns);
    (lines, board.steps.into_iter().flat_map(|step| step.troubles).collect())
}

/// What went wrong: failures first, then what was refused or is unknown, then warnings.
pub fn troubles(board: &Board, look: Look, columns: usize) -> Vec<String> {
    let mut all: Vec<&Trouble> = board.steps.iter().flat_map(|step| &step.troubles).collect();
    all.sort_by_key(|trouble| weight(trouble.outcome));
    let mut lines = Vec::new();
    for trouble in all.iter().take(TOLD) {
        lines.push(String::new());
        lines.extend(told(board, trouble, look, columns));
    }
    if all.len() > TOLD {
        lines.push(String::new());
    }
    lines.extend(all.iter().skip(TOLD).take(NAMED).map(|trouble| named(board, trouble, look, columns)));
    if let Some(more) = all.len().checked_sub(TOLD + NAMED).filter(|more| *more > 0) {
        let run = &board.heading.run;
        lines.push(t!("  … and {more} more: toban status {run}", "  … ほか {more} 件: toban status {run}"));
    }
    lines
}

/// One trouble with its reason, the end of its log, and the command that shows the rest.
pub fn told(board: &Board, trouble: &Trouble, look: Look, columns: usize) -> Vec<String> {
    let mut lines = vec![named_only(board, trouble, look, columns)];
    let reason =
        if trouble.reason.is_empty() { outcome_word(trouble.outcome) } else { trouble.reason.clone() };
    for line in reason.lines() {
        lines.push(format!("      {}", look.tinted(trouble.outcome, &safe_line(line))));
    }
    if trouble.attempt > 0 {
        let path = board.heading.log_dir.join(trouble.unit.log_name(trouble.attempt));
        let log = tail(&path, if trouble.outcome == Outcome::Warned { 0 } else { LINES });
        let bar = if look.unicode { "│" } else { "|" };
        lines.extend(log.iter().map(|line| look.dim(&fit(&format!("      {bar} {line}"), columns))));
        lines.push(format!("      {}", look.dim(&read_more(board, trouble))));
    }
    lines.extend(way_out(board, trouble).map(|line| format!("      {}", look.dim(&safe_line(&line)))));
    lines
}

/// The flag that answers, for a question that nobody said yes to.
fn way_out(board: &Board, trouble: &Trouble) -> Option<String> {
    let flag = board.step(&trouble.unit.step)?.1.flag.as_ref()?;
    let refused = trouble.outcome == Outcome::Refused;
    refused.then(|| t!("to answer beforehand: {flag}", "事前に回答する場合: {flag}"))
}

fn read_more(board: &Board, trouble: &Trouble) -> String {
    let run = &board.heading.run;
    let unit = in_shell(&trouble.unit.to_string());
    t!("more: toban logs {run} {unit}", "詳細: toban logs {run} {unit}")
}

fn named_only(board: &Board, trouble: &Trouble, look: Look, columns: usize) -> String {
    let unit = trouble.unit.to_string();
    let title = safe_line(board.title(&trouble.unit.step));
    let text = fit(&format!("{unit}  {title}"), columns.saturating_sub(4));
    format!("  {} {}", look.mark(trouble.outcome), look.bold(text.trim_end()))
}

fn named(board: &Board, trouble: &Trouble, look: Look, columns: usize) -> String {
    let (unit, reason) = (&trouble.unit, safe_line(&trouble.reason));
    let title = safe_line(board.title(&trouble.unit.step));
    let text = if reason.is_empty() { format!("{unit}  {title}") } else { format!("{unit}  {reason}") };
    format!("  {} {}", look.mark(trouble.outcome), fit(&text, columns.saturating_sub(4)))
}

fn weight(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Failed => 0,
        Outcome::Unknown => 1,
        Outcome::Refused => 2,
        _ => 3,
    }
}

/// The boxes of the checklist, ticked by the outcomes of their steps.
pub fn checklist(board: &Board, look: Look, columns: usize) -> Vec<String> {
    if board.heading.checklist.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), format!("  {}", look.bold(&t!("Checklist", "チェックリスト")))];
    for (item, step) in &board.heading.checklist {
        let outcome = outcome_of(board, step);
        let remark = remark(outcome, step);
        let room = columns.saturating_sub(6 + super::width(&remark));
        let item = fit(&safe_line(item), room);
        lines.push(format!("  {} {item}{}", tick(outcome), look.dim(&remark)));
    }
    lines
}

/// `[x]` where the step succeeded, `[ ]` elsewhere.
pub fn tick(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Ok | Outcome::Warned | Outcome::Unchanged | Outcome::ByHand) => "[x]",
        _ => "[ ]",
    }
}

/// How the step of a box ended.
pub fn outcome_of(board: &Board, step: &StepId) -> Option<Outcome> {
    board.step(step)?.1.outcome
}

/// What is said behind a box that is not simply ticked.
pub fn remark(outcome: Option<Outcome>, step: &StepId) -> String {
    match outcome {
        Some(Outcome::Ok) => String::new(),
        Some(outcome) => format!("  ({step}: {})", outcome_word(outcome)),
        None => format!("  ({step}: {})", t!("not begun", "未開始")),
    }
}
