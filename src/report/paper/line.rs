//! A run as the one line that a maintenance log gets by hand: `2026-03-01 14:00: 佐藤 - what came of it`.

use super::document::Report;
use super::words::result_word;
use crate::report::{counts_text, safe_line};
use crate::t;

/// The line, with its end.
pub fn log_line(report: &Report) -> String {
    let at = report.minute(report.ended.unwrap_or(report.started));
    let Report { title, playbook, operator, run, .. } = report;
    let (result, counts) = (result_word(report), counts_text(&report.counts, "·"));
    let text = t!(
        "{at}: {operator} - {title} ({playbook}): {result} [{counts}] {run}",
        "{at}: {operator} - {title} ({playbook}): {result} [{counts}] {run}"
    );
    format!("{}\n", safe_line(&text.replace('\r', " ")))
}
