//! The report as Markdown, for a ticket or a wiki. Nothing in a run can turn into markup there.

use super::bars::{ROWS, rows, scale, text_bar};
use super::document::{Deviation, Log, Report, StepEntry};
use super::words::deviance_word;
use crate::report::layout::did_run;
use crate::report::{counts_text, format_seconds, outcome_word, pad, safe_line, width};
use crate::t;

/// The columns of the bars.
const BARS: usize = 40;
/// The most columns of a step's id beside its bar.
const NAMES: usize = 32;

/// The whole report.
pub fn report_markdown(report: &Report) -> String {
    let mut text = format!("# {}\n\n|  |  |\n| --- | --- |\n", escape(&report.title));
    report
        .head()
        .into_iter()
        .for_each(|(label, value)| text.push_str(&row(&[escape(&label), escape(&value)])));
    text.push_str(&deviations(report));
    text.push_str(&checklist(report));
    text.push_str(&timeline(report));
    text.push_str(&steps(report));
    text.push_str(&answers(report));
    text
}

fn deviations(report: &Report) -> String {
    let mut text = format!("\n## {}\n\n", t!("Deviations", "注意点"));
    if report.deviations.is_empty() {
        text.push_str(&t!("None.\n", "なし。\n"));
    }
    for deviation in &report.deviations {
        text.push_str(&deviated(report, deviation));
    }
    text
}

fn deviated(report: &Report, deviation: &Deviation) -> String {
    let unit = deviation.unit().map(|unit| format!(" {}", escape(&unit))).unwrap_or_default();
    let mut line = format!("- **{}**{unit}", deviance_word(deviation.kind));
    let reason: Vec<String> = deviation.text.lines().map(escape).filter(|line| !line.is_empty()).collect();
    if !reason.is_empty() {
        line.push_str(&format!(": {}", reason.join(" / ")));
    }
    let at = deviation.at.map(|at| report.moment(at));
    let who: Vec<String> = deviation.by.iter().cloned().chain(at).map(|text| escape(&text)).collect();
    if !who.is_empty() {
        line.push_str(&t!(" ({})", "（{}）", who.join(", ")));
    }
    if let Some(log) = &deviation.log {
        line.push_str(&format!(" {}", link(&t!("log", "ログ"), log)));
    }
    line.push('\n');
    if !deviation.tail.is_empty() {
        line.push_str(&fenced(&deviation.tail, "  "));
    }
    line
}

/// The boxes as the manuals print them, and below them the day and the name.
fn checklist(report: &Report) -> String {
    let Some(list) = &report.checklist else { return String::new() };
    let mut text = format!("\n## {}\n\n", escape(&report.checklist_title()));
    for checked in &list.boxes {
        let tick = if checked.is_ticked { "[x]" } else { "[ ]" };
        let remark = checked.remark(|at| report.minute(at));
        let remark = remark.map(|remark| format!("  {}", escape(&remark))).unwrap_or_default();
        text.push_str(&format!("- {tick} {}{remark}\n", escape(&checked.item)));
    }
    let (date, operator) = (escape(&list.date), escape(&list.operator));
    // Two spaces end a line without ending the paragraph.
    text.push_str(&t!("\nDate: {date}  \nBy: {operator}\n", "\n実施日: {date}  \n実施者: {operator}\n"));
    text
}

fn timeline(report: &Report) -> String {
    let rows = rows(report);
    if rows.is_empty() {
        return String::new();
    }
    let shown = &rows[..rows.len().min(ROWS)];
    let names = shown.iter().map(|row| width(row.step.id.as_str())).max().unwrap_or(0).min(NAMES);
    let mut lines: Vec<String> = shown
        .iter()
        .map(|row| {
            let bar = text_bar(row, BARS);
            format!("{}  {bar}  {}", pad(row.step.id.as_str(), names), format_seconds(row.step.seconds))
        })
        .collect();
    let end = format_seconds(scale(report));
    lines
        .insert(0, format!("{}  0{}", pad("", names), " ".repeat(BARS.saturating_sub(1 + end.len())) + &end));
    if let Some(more) = rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
        lines.push(t!("… and {more} more", "… ほか {more} 件"));
    }
    let legend = t!("`█` runs, `░` waits for a person.", "`█` 実行中、`░` 担当者の回答待ち。");
    format!("\n## {}\n\n{}\n{legend}\n", t!("Timeline", "タイムライン"), fenced(&lines, ""))
}

fn steps(report: &Report) -> String {
    let names = [
        t!("Step", "ステップ"),
        t!("Title", "内容"),
        t!("Result", "結果"),
        t!("Started", "開始"),
        t!("Time", "時間"),
        t!("Note", "備考"),
        t!("Log", "ログ"),
    ];
    let title = t!("Steps", "ステップ");
    let mut text = format!("\n## {title}\n\n{}| --- | --- | --- | --- | ---: | --- | --- |\n", row(&names));
    for (step, section) in report.steps_by_section() {
        if let Some(section) = section {
            let heading = format!("**{}**", escape(&section.heading()));
            text.push_str(&row(&[&heading, "", "", "", "", "", ""].map(str::to_string)));
        }
        text.push_str(&row(&step_cells(report, step)));
    }
    text
}

fn step_cells(report: &Report, step: &StepEntry) -> [String; 7] {
    let result = step.outcome.map_or_else(|| t!("not begun", "未開始"), outcome_word);
    let started = step
        .attempts
        .first()
        .map(|attempt| attempt.started.to_zoned(report.zone.clone()).strftime("%H:%M:%S").to_string());
    let time = step.outcome.filter(|o| did_run(*o)).map(|_| format_seconds(step.seconds)).unwrap_or_default();
    let note = step.items.map_or_else(|| step.note.clone(), |tally| counts_text(&tally, "·"));
    let logs =
        step.attempts.iter().filter_map(|a| Some(link(&attempt_name(a.item, a.attempt), a.log.as_ref()?)));
    let logs: Vec<String> = logs.collect();
    let title = step.title.clone().unwrap_or_default();
    [
        escape(step.id.as_str()),
        escape(&title),
        result,
        started.unwrap_or_default(),
        time,
        escape(&note),
        logs.join(" "),
    ]
}

/// The name of an attempt's log in a list: `2`, or `0.2` for item 0.
pub fn attempt_name(item: Option<u32>, attempt: u32) -> String {
    match item {
        Some(item) => format!("{item}.{attempt}"),
        None => attempt.to_string(),
    }
}

fn answers(report: &Report) -> String {
    let each = report.steps.iter().flat_map(|step| step.answers.iter().map(move |answer| (step, answer)));
    let given: Vec<String> = each
        .map(|(step, answer)| {
            let item = answer.item.map(|item| format!("[{item}]")).unwrap_or_default();
            let unit = format!("{}{item}", step.id);
            let cells = [&unit, &answer.question, &answer.said, &answer.by, &report.moment(answer.at)];
            row(&cells.map(|cell| escape(cell)))
        })
        .collect();
    if given.is_empty() {
        return String::new();
    }
    let names = [
        t!("Step", "ステップ"),
        t!("Question", "確認"),
        t!("Answer", "回答"),
        t!("By", "回答者"),
        t!("At", "日時"),
    ];
    let title = t!("Answers", "回答");
    format!("\n## {title}\n\n{}| --- | --- | --- | --- | --- |\n{}", row(&names), given.concat())
}

fn link(name: &str, log: &Log) -> String {
    format!("[{name}]({})", log.link)
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Lines as they are, in a fence that none of them ends.
fn fenced(lines: &[String], before: &str) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines: String = lines.iter().map(|line| format!("{before}{line}\n")).collect();
    format!("{before}{fence}text\n{lines}{before}{fence}\n")
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
