//! `toban schedule list`: every schedule, its next time and its last run. It changes nothing.

use std::process::ExitCode;

use clap::ArgMatches;
use serde_json::{Value, json};

use super::ground::{clock, gathered_leniently};
use crate::base::{Clock, SystemClock};
use crate::calendar::Book;
use crate::cli::error::{Error, say};
use crate::cli::globals::Globals;
use crate::cli::runs::{result_word, screen};
use crate::journal::{Filter, Ledger, Row, StateDir, select};
use crate::report::{Limits, table};
use crate::schedule::Entry;

/// Prints them.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let found = gathered_leniently(globals)?;
    let state = globals.state();
    let book = Ledger::look(&state)?;
    let now = SystemClock.now();
    let mut rows = Vec::new();
    for entry in &found.entries {
        let next = entry.rule.times.next(now);
        rows.push((entry, next, last(&state, entry)?));
    }
    if matches.get_one::<String>("format").map(String::as_str) == Some("json") {
        let all: Vec<Value> =
            rows.iter().map(|(entry, next, last)| as_json(entry, *next, last.as_ref(), &book)).collect();
        say(&format!("{:#}\n", Value::Array(all)));
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        say(&crate::t!(
            "no playbook here has a `schedule:`\n",
            "`schedule:` のあるプレイブックはありません\n"
        ));
    }
    let all: Vec<Value> = rows.iter().map(|(entry, next, last)| row(entry, *next, last.as_ref())).collect();
    let limits = Limits { rows: usize::MAX, width: screen().unwrap_or(usize::MAX) };
    table(&all, limits).iter().for_each(|line| say(&format!("{line}\n")));
    Ok(ExitCode::SUCCESS)
}

/// The newest run of the playbook in its environment, whoever started it.
fn last(state: &StateDir, entry: &Entry) -> Result<Option<Row>, Error> {
    let filter = Filter {
        playbook: Some(entry.playbook.clone()),
        environment: entry.environment.clone(),
        ..Filter::default()
    };
    Ok(select(state, &filter, 1)?.pop())
}

fn row(entry: &Entry, next: Option<jiff::Timestamp>, last: Option<&Row>) -> Value {
    let zone = &entry.rule.times.zone;
    let next = next.map_or_else(|| crate::t!("never", "なし"), |at| clock(at, zone));
    json!({
        crate::t!("playbook", "プレイブック"): entry.playbook,
        crate::t!("cron", "cron"): entry.schedule.cron,
        crate::t!("zone", "タイムゾーン"): entry.zone(),
        crate::t!("environment", "環境"): entry.environment,
        crate::t!("next", "次回"): next,
        crate::t!("last run", "前回"): last.map(|row| clock(row.started, zone)),
        crate::t!("result", "結果"): last.map(|row| result_word(&row.result)),
    })
}

fn as_json(entry: &Entry, next: Option<jiff::Timestamp>, last: Option<&Row>, book: &Book) -> Value {
    let schedule = &entry.schedule;
    json!({
        "playbook": entry.playbook,
        "title": entry.title,
        "cron": schedule.cron,
        "zone": entry.zone(),
        "environment": entry.environment,
        "missed": schedule.missed,
        "overlap": schedule.overlap,
        "inputs": schedule.inputs,
        "next": next.map(|at| at.to_string()),
        "last": last.map(|row| json!({ "run": row.run, "started": row.started.to_string(), "result": row.result })),
        "followed_until": book.line(&entry.key).map(|line| line.handled.to_string()),
    })
}
