//! `toban schedule next`: a calendar of what will start when. It changes nothing.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;

use clap::ArgMatches;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::ground::{day, gathered_leniently, time};
use crate::base::{Clock, SystemClock};
use crate::calendar::{ChangeKind, changes};
use crate::cli::error::{Error, say};
use crate::cli::globals::Globals;
use crate::cli::runs::screen;
use crate::journal::{StateDir, estimate};
use crate::report::{Limits, format_seconds, table};
use crate::schedule::Entry;

/// What comes more often on one day is told in one line.
const OFTEN: usize = 24;

/// A time that comes, or several of one day.
struct Coming<'a> {
    entry: &'a Entry,
    at: Timestamp,
    /// The last of the day and how many, where they are many.
    many: Option<(Timestamp, usize)>,
}

/// Prints what comes.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let found = gathered_leniently(globals)?;
    let (from, to) = horizon(matches);
    let takes = durations(&globals.state(), &found.entries);
    if matches.get_one::<String>("format").map(String::as_str) == Some("json") {
        let mut all: Vec<(Timestamp, Value)> = Vec::new();
        for entry in &found.entries {
            let times = entry.rule.times.between(from, to);
            all.extend(times.map(|at| (at, as_json(entry, at, seconds(&takes, entry)))));
        }
        all.sort_by_key(|(at, _)| *at);
        say(&format!("{:#}\n", Value::Array(all.into_iter().map(|(_, value)| value).collect())));
        return Ok(ExitCode::SUCCESS);
    }
    let mut coming: Vec<Coming<'_>> = found.entries.iter().flat_map(|entry| days(entry, from, to)).collect();
    coming.sort_by_key(|coming| coming.at);
    if coming.is_empty() {
        let days = matches.get_one::<u16>("days").copied().unwrap_or_default();
        say(&crate::t!("nothing comes within {days} days\n", "{days} 日以内に始まるものはありません\n"));
    }
    let zones = coming.windows(2).any(|pair| pair[0].entry.zone() != pair[1].entry.zone());
    let rows: Vec<Value> = coming.iter().map(|coming| row(coming, &takes, zones, from, to)).collect();
    let limits = Limits { rows: usize::MAX, width: screen().unwrap_or(usize::MAX) };
    let lines = table(&rows, limits);
    say(&lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    Ok(ExitCode::SUCCESS)
}

/// From now to so many days ahead.
pub fn horizon(matches: &ArgMatches) -> (Timestamp, Timestamp) {
    let from = SystemClock.now();
    let days = matches.get_one::<u16>("days").copied().unwrap_or(30);
    let ahead = SignedDuration::from_hours(24 * i64::from(days));
    (from, from.checked_add(ahead).unwrap_or(Timestamp::MAX))
}

/// How long runs of each playbook took in its environment, in seconds, where they are known.
pub type Durations = HashMap<(String, Option<String>), f64>;

/// How long the last good runs of these schedules took.
pub fn durations(state: &StateDir, entries: &[Entry]) -> Durations {
    let mut known = Durations::new();
    for entry in entries {
        let key = (entry.playbook.clone(), entry.environment.clone());
        if !known.contains_key(&key)
            && let Some(before) = estimate(state, &entry.playbook, entry.environment.as_deref())
        {
            known.insert(key, before.seconds);
        }
    }
    known
}

/// How long a run of this schedule takes, as far as is known.
pub fn seconds(known: &Durations, entry: &Entry) -> Option<f64> {
    known.get(&(entry.playbook.clone(), entry.environment.clone())).copied()
}

fn days(entry: &Entry, from: Timestamp, to: Timestamp) -> Vec<Coming<'_>> {
    let mut by_day = BTreeMap::<jiff::civil::Date, Vec<Timestamp>>::new();
    for at in entry.rule.times.between(from, to) {
        by_day.entry(entry.rule.times.zone.to_datetime(at).date()).or_default().push(at);
    }
    let told = |times: Vec<Timestamp>| -> Vec<Coming<'_>> {
        match (times.first(), times.last()) {
            (Some(first), Some(last)) if times.len() > OFTEN => {
                vec![Coming { entry, at: *first, many: Some((*last, times.len())) }]
            }
            _ => times.into_iter().map(|at| Coming { entry, at, many: None }).collect(),
        }
    };
    by_day.into_values().flat_map(told).collect()
}

fn row(coming: &Coming<'_>, takes: &Durations, zones: bool, from: Timestamp, to: Timestamp) -> Value {
    let entry = coming.entry;
    let zone = &entry.rule.times.zone;
    let mut row = Map::new();
    let mut put = |name: String, value: Value| drop(row.insert(name, value));
    put(crate::t!("day", "日付"), day(coming.at, zone).into());
    put(
        crate::t!("time", "時刻"),
        match coming.many {
            None => time(coming.at, zone).into(),
            Some((last, count)) => crate::t!(
                "{}–{}, {count} times",
                "{}〜{}、{count} 回",
                time(coming.at, zone),
                time(last, zone)
            )
            .into(),
        },
    );
    if zones {
        put(crate::t!("zone", "タイムゾーン"), entry.zone().into());
    }
    put(crate::t!("playbook", "プレイブック"), entry.playbook.clone().into());
    put(crate::t!("environment", "環境"), entry.environment.clone().into());
    put(crate::t!("takes", "所要時間"), seconds(takes, entry).map(format_seconds).into());
    put(crate::t!("title", "題名"), entry.title.clone().into());
    let met = changes(&entry.rule.times, from, to).into_iter().find(|change| change.comes == coming.at);
    if let Some(change) = met {
        let clock = change.clock.strftime("%H:%M");
        let note = match change.kind {
            ChangeKind::Gap => crate::t!("the clock leaves {clock} out", "{clock} は存在しません（夏時間）"),
            ChangeKind::Fold => {
                crate::t!("the clock shows {clock} twice", "{clock} は 2 回あります（夏時間）")
            }
        };
        put(crate::t!("note", "備考"), note.into());
    }
    Value::Object(row)
}

fn as_json(entry: &Entry, at: Timestamp, takes: Option<f64>) -> Value {
    json!({
        "at": at.to_string(),
        "local": at.to_zoned(entry.rule.times.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "zone": entry.zone(),
        "playbook": entry.playbook,
        "title": entry.title,
        "cron": entry.schedule.cron,
        "environment": entry.environment,
        "inputs": entry.schedule.inputs,
        "takes_seconds": takes,
    })
}
