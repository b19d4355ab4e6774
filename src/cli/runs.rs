//! `toban runs`: the runs so far.

use std::process::ExitCode;

use clap::ArgMatches;
use serde_json::json;

use super::error::{Error, say};
use super::globals::Globals;
use crate::journal::{Liveness, Summary, summary};
use crate::report::{format_seconds, pad, run_outcome_word, width};

/// Prints the newest runs.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let limit = matches.get_one::<usize>("limit").copied().unwrap_or(20);
    let mut found = Vec::new();
    for id in state.runs()?.into_iter().take(limit) {
        found.push((id.clone(), summary(&state.run(&id))));
    }
    if matches.get_one::<String>("format").map(String::as_str) == Some("json") {
        let rows: Vec<_> = found.iter().map(|(id, s)| as_json(id.as_str(), s)).collect();
        say(&format!("{:#}\n", serde_json::Value::Array(rows)));
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        say(&crate::t!("no runs in {}\n", "{} に実行の記録はありません\n", state.path().display()));
    }
    let rows: Vec<[String; 5]> = found.iter().map(|(id, s)| columns(id.as_str(), s)).collect();
    let widths: Vec<usize> = (0..5).map(|c| rows.iter().map(|r| width(&r[c])).max().unwrap_or(0)).collect();
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| pad(cell, *w)).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    say(&rows.iter().map(line).collect::<String>());
    Ok(ExitCode::SUCCESS)
}

fn columns(id: &str, summary: &Result<Summary, crate::journal::JournalError>) -> [String; 5] {
    match summary {
        Err(e) => [
            id.to_string(),
            crate::t!("unreadable", "読めません"),
            String::new(),
            String::new(),
            e.to_string(),
        ],
        Ok(s) => [
            id.to_string(),
            word(s),
            s.playbook.clone(),
            s.environment.clone().unwrap_or_default(),
            format!("{}  {}", format_seconds(s.seconds), s.operator),
        ],
    }
}

/// The result, or how it stands without one.
pub fn word(summary: &Summary) -> String {
    match (summary.outcome, &summary.liveness) {
        (Some(outcome), _) => run_outcome_word(outcome),
        (None, Liveness::Running) => crate::t!("running", "実行中"),
        (None, _) => crate::t!("dead", "中断"),
    }
}

/// Whether an engine is at it, as a word for programs.
pub fn alive(summary: &Summary) -> &'static str {
    match summary.liveness {
        Liveness::Running => "running",
        Liveness::Dead => "dead",
        Liveness::Finished => "finished",
    }
}

fn as_json(id: &str, summary: &Result<Summary, crate::journal::JournalError>) -> serde_json::Value {
    match summary {
        Err(e) => json!({ "run": id, "error": e.to_string() }),
        Ok(s) => json!({
            "run": id,
            "playbook": s.playbook,
            "title": s.title,
            "environment": s.environment,
            "operator": s.operator,
            "started": s.started.to_string(),
            "outcome": s.outcome,
            "liveness": alive(s),
            "seconds": s.seconds,
            "counts": s.counts,
        }),
    }
}
