//! `toban runs`: the runs so far.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::ArgMatches;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::error::{Error, say};
use super::globals::Globals;
use crate::base::{Clock, Duration, StepId, SystemClock};
use crate::event::RunOutcome;
use crate::journal::{Filter, Liveness, Row, Summary, select};
use crate::report::{fit, format_seconds, pad, run_outcome_word, safe_line, width};

/// The states that a step can be asked for.
const STATES: [&str; 10] =
    ["ok", "warned", "failed", "skipped", "unchanged", "blocked", "refused", "unknown", "by_hand", "running"];
/// The narrowest that a column gets on a narrow screen.
const NARROW: usize = 6;

/// Prints the newest runs that fit.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let filter = filter(globals, matches)?;
    let limit = match matches.get_one::<usize>("limit").copied().unwrap_or(20) {
        0 => usize::MAX,
        limit => limit,
    };
    let rows = select(&state, &filter, limit)?;
    if matches.get_one::<String>("format").map(String::as_str) == Some("json") {
        let rows: Vec<_> = rows.iter().map(as_json).collect();
        say(&format!("{:#}\n", serde_json::Value::Array(rows)));
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        let folder = state.path().display();
        say(&match filter == Filter::default() {
            true => crate::t!("no runs in {folder}\n", "{folder} に実行の記録はありません\n"),
            false => crate::t!("no such runs in {folder}\n", "{folder} に該当する実行はありません\n"),
        });
    }
    say(&lines(&rows, screen()));
    Ok(ExitCode::SUCCESS)
}

fn filter(globals: &Globals, matches: &ArgMatches) -> Result<Filter, Error> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let time = |name: &str, whole_day: bool| match matches.get_one::<String>(name) {
        Some(text) => moment(name, text, whole_day).map(Some),
        None => Ok(None),
    };
    Ok(Filter {
        system: text("system"),
        playbook: text("playbook"),
        environment: globals.environment.clone(),
        operator: text("operator"),
        results: matches.get_many::<String>("result").into_iter().flatten().cloned().collect(),
        since: time("since", false)?,
        until: time("until", true)?,
        step: text("step").map(|text| step(&text)).transpose()?,
    })
}

/// `load` or `load=failed`.
fn step(text: &str) -> Result<(String, Option<String>), Error> {
    let (id, state) = match text.split_once('=') {
        Some((id, state)) => (id, Some(state)),
        None => (text, None),
    };
    if let Some(state) = state.filter(|state| !STATES.contains(state)) {
        let states = STATES.join(", ");
        return Err(Error::usage(crate::t!(
            "--step: `{state}` is no state of a step",
            "--step: `{state}` というステップの状態はありません"
        ))
        .help(crate::t!("one of these: {states}", "次のいずれか: {states}")));
    }
    Ok((StepId::new(id).without_items().as_str().to_string(), state.map(str::to_string)))
}

/// A moment from `7d` (so long ago), a date, a date with a time, or a time with its zone. A date that ends something
/// is in it to its last second.
pub fn moment(flag: &str, text: &str, whole_day: bool) -> Result<Timestamp, Error> {
    let now = SystemClock.now();
    if let Ok(ago) = Duration::parse(text) {
        let ago = i64::try_from(ago.as_millis()).ok().map(SignedDuration::from_millis);
        return Ok(ago.and_then(|ago| now.checked_sub(ago).ok()).unwrap_or(Timestamp::UNIX_EPOCH));
    }
    let local = |time: jiff::civil::DateTime| time.to_zoned(TimeZone::system()).ok().map(|z| z.timestamp());
    let date = |text: &str| {
        let date = text.parse::<jiff::civil::Date>().ok()?;
        let date = if whole_day { date.tomorrow().ok()? } else { date };
        local(date.at(0, 0, 0, 0))
    };
    let known = match text.len() {
        10 => date(text),
        _ => text.parse::<Timestamp>().ok().or_else(|| text.parse().ok().and_then(local)),
    };
    known.ok_or_else(|| {
        Error::usage(crate::t!("--{flag}: `{text}` is no time", "--{flag}: `{text}` は日時ではありません"))
            .help(crate::t!(
                "write for example 7d (ago), 2026-03-01, or 2026-03-01T05:00",
                "例: 7d（7 日前）、2026-03-01、2026-03-01T05:00"
            ))
    })
}

/// The columns of the screen; none where nobody looks.
pub fn screen() -> Option<usize> {
    let term = console::Term::stdout();
    std::io::stdout().is_terminal().then(|| term.size_checked().map(|(_, w)| usize::from(w)))?
}

/// Runs as lines, in columns that fit on the screen.
pub fn lines(rows: &[Row], screen: Option<usize>) -> String {
    let rows: Vec<[String; 5]> = rows.iter().map(columns).collect();
    let mut widths: Vec<usize> =
        (0..5).map(|c| rows.iter().map(|r| width(&r[c])).max().unwrap_or(0)).collect();
    if let Some(screen) = screen {
        // The id stays whole: it is what other commands want.
        while widths.iter().sum::<usize>() + 8 > screen {
            let Some(widest) = widths[1..].iter_mut().max().filter(|w| **w > NARROW) else { break };
            *widest -= 1;
        }
    }
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| pad(cell, *w)).collect();
        let line = cells.join("  ");
        format!("{}\n", fit(line.trim_end(), screen.unwrap_or(usize::MAX)))
    };
    rows.iter().map(line).collect()
}

fn columns(row: &Row) -> [String; 5] {
    let end = match &row.error {
        Some(error) => error.clone(),
        None => format!("{}  {}", format_seconds(row.seconds), row.operator),
    };
    let safe = |text: &str| safe_line(text).into_owned();
    [
        row.run.to_string(),
        result_word(&row.result),
        safe(&row.playbook),
        safe(row.environment.as_deref().unwrap_or_default()),
        safe(&end),
    ]
}

/// A result of the index for people.
pub fn result_word(result: &str) -> String {
    match result {
        "running" => crate::t!("running", "実行中"),
        "dead" => crate::t!("dead", "中断"),
        "unreadable" => crate::t!("unreadable", "読めません"),
        word => outcome(word).map_or_else(|| word.to_string(), run_outcome_word),
    }
}

fn outcome(word: &str) -> Option<RunOutcome> {
    serde_json::from_value(word.into()).ok()
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

fn as_json(row: &Row) -> serde_json::Value {
    if let Some(error) = &row.error {
        return json!({ "run": row.run, "error": error });
    }
    let outcome = outcome(&row.result);
    json!({
        "run": row.run,
        "playbook": row.playbook,
        "title": row.title,
        "environment": row.environment,
        "operator": row.operator,
        "started": row.started.to_string(),
        "ended": row.ended.map(|at| at.to_string()),
        "outcome": outcome,
        "liveness": if outcome.is_some() { "finished" } else { row.result.as_str() },
        "seconds": row.seconds,
        "counts": row.counts,
    })
}
