//! A finished run as a Markdown report, for the folder of the run or a ticket. It writes no file.

use jiff::Timestamp;

use super::board::{Board, StepState};
use super::layout::did_run;
use super::summary::{outcome_of, remark, tick};
use super::{Heading, StepInfo, counts_text, format_seconds, outcome_word, run_outcome_word, safe_line};
use crate::event::{Event, Kind};
use crate::t;

/// The report of a run from its events: what ran where and by whom, each step with its result, what people
/// answered, and the checklist. A run that has not ended is reported as far as it went.
pub fn run_report(heading: &Heading, events: &[Event]) -> String {
    let loops = events.iter().filter_map(|event| match &event.kind {
        Kind::Expanded { step, items, .. } => Some((step, items)),
        _ => None,
    });
    let mut board = Board::new(heading.clone().laid_out(loops));
    for event in events {
        board.take(event);
    }
    let mut text = head(&board, events);
    text.push_str(&steps(&board));
    text.push_str(&answers(&board));
    text.push_str(&checklist(&board));
    text
}

fn head(board: &Board, events: &[Event]) -> String {
    let h = &board.heading;
    let result = match board.ended {
        Some((outcome, _)) => run_outcome_word(outcome),
        None => t!("not ended", "終了していません"),
    };
    let mut rows = vec![(t!("Playbook", "プレイブック"), h.playbook.clone()), (t!("Result", "結果"), result)];
    if let Some(environment) = &h.environment {
        rows.push((t!("Environment", "環境"), environment.clone()));
    }
    rows.push((t!("Operator", "実施者"), h.operator.clone()));
    if let Some(first) = events.first() {
        rows.push((t!("Started", "開始"), moment(board, first.at)));
    }
    if let (Some((_, seconds)), Some(last)) = (board.ended, events.last()) {
        let time = format_seconds(seconds);
        rows.push((t!("Ended", "終了"), format!("{} ({time})", moment(board, last.at))));
    }
    rows.push((t!("Steps", "ステップ"), counts_text(&board.counts, "·")));
    rows.push((t!("Run", "実行 ID"), h.run.to_string()));
    let mut text = format!("# {}\n\n|  |  |\n| --- | --- |\n", escape(&h.title));
    rows.iter().for_each(|(name, value)| text.push_str(&row(&[name.clone(), value.clone()])));
    text
}

fn moment(board: &Board, at: Timestamp) -> String {
    at.to_zoned(board.heading.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

fn steps(board: &Board) -> String {
    let names = [
        t!("Step", "ステップ"),
        t!("Title", "内容"),
        t!("Result", "結果"),
        t!("Time", "時間"),
        t!("Note", "備考"),
    ];
    let mut text = format!("\n{}| --- | --- | --- | ---: | --- |\n", row(&names));
    for (info, step) in board.heading.steps.iter().zip(&board.steps) {
        text.push_str(&row(&step_cells(info, step)));
    }
    text
}

fn step_cells(info: &StepInfo, step: &StepState) -> [String; 5] {
    let result = step.outcome.map_or_else(|| t!("not begun", "未開始"), outcome_word);
    let time = step.outcome.filter(|o| did_run(*o)).map(|_| format_seconds(step.seconds)).unwrap_or_default();
    let note = step.tally().map_or_else(|| step.reason.clone(), |tally| counts_text(&tally, "·"));
    let title = if info.title == info.id.as_str() { String::new() } else { info.title.clone() };
    [info.id.to_string(), title, result, time, note]
}

fn answers(board: &Board) -> String {
    let given = board.heading.steps.iter().zip(&board.steps);
    let given: Vec<String> = given
        .filter_map(|(info, step)| step.answer.as_ref().map(|(said, by)| (info, said, by)))
        .map(|(info, said, by)| row(&[info.id.to_string(), said.clone(), by.clone()]))
        .collect();
    if given.is_empty() {
        return String::new();
    }
    let names = [t!("Question", "確認"), t!("Answer", "回答"), t!("By", "回答者")];
    format!("\n## {}\n\n{}| --- | --- | --- |\n{}", t!("Answers", "回答"), row(&names), given.concat())
}

fn checklist(board: &Board) -> String {
    if board.heading.checklist.is_empty() {
        return String::new();
    }
    let mut text = format!("\n## {}\n\n", t!("Checklist", "チェックリスト"));
    for (item, step) in &board.heading.checklist {
        let outcome = outcome_of(board, step);
        text.push_str(&format!("- {} {}{}\n", tick(outcome), escape(item), remark(outcome, step)));
    }
    text
}

fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Text as one cell or line of Markdown, shown as it is.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in safe_line(&text.replace('\r', " ")).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '<' | '[' | ']' | '#') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}
