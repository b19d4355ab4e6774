//! `toban schedule check`: schedules that get in each other's way, never come, meet a change of the clock, or ask nobody.

use std::collections::HashSet;
use std::process::ExitCode;

use clap::ArgMatches;
use jiff::{SignedDuration, Timestamp};

use super::ground::{clock, gathered};
use super::next::{durations, horizon, seconds};
use crate::calendar::{Busy, Change, ChangeKind, Collision, changes, collisions};
use crate::cli::error::{Code, Error, say, say_on_stderr};
use crate::cli::globals::Globals;
use crate::diag::{Diagnostic, Severity, render};
use crate::journal::StateDir;
use crate::lang::{CRON_NEVER, CRON_OR, SCHEDULE_ASKS, SCHEDULE_INPUTS};
use crate::schedule::{Entry, this_machine};

/// What is wrong with a schedule alone, though the playbook then does not check.
const OF_SCHEDULES: [&str; 5] = [CRON_NEVER, CRON_OR, SCHEDULE_ASKS, SCHEDULE_INPUTS, "bad-cron"];

/// Prints what was found.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let found = gathered(globals)?;
    let (from, to) = horizon(matches);
    let mut all: Vec<Diagnostic> = Vec::new();
    let told = found.broken.into_iter().flat_map(|(_, mistakes)| mistakes);
    let warned = found.warnings.into_iter().filter(|d| OF_SCHEDULES.contains(&d.code));
    told.chain(warned).for_each(|d| {
        if !all.contains(&d) {
            all.push(d);
        }
    });
    let broken = all.iter().any(|d| d.severity == Severity::Error && !OF_SCHEDULES.contains(&d.code));
    all.extend(twice(&found.entries));
    for entry in &found.entries {
        all.extend(changes(&entry.rule.times, from, to).iter().map(|change| met(entry, change)));
    }
    let days = matches.get_one::<u16>("days").copied().unwrap_or_default();
    for collision in colliding(&globals.state(), &found.entries, from, to) {
        all.push(collided(&found.entries, &collision, days));
    }
    if matches.get_one::<String>("format").map(String::as_str) == Some("json") {
        let found = all.iter().map(Diagnostic::to_json).collect();
        say(&format!("{:#}\n", serde_json::Value::Array(found)));
    } else {
        say_on_stderr(&render(&all, globals.colour_err));
        let (schedules, count) = (found.entries.len(), all.len());
        say(&crate::t!(
            "schedules: {schedules}, findings: {count}\n",
            "予定 {schedules} 件を確認しました。指摘 {count} 件\n"
        ));
    }
    let code = match (broken, all.is_empty()) {
        (true, _) => Code::Usage,
        (false, false) => Code::Failed,
        (false, true) => Code::Done,
    };
    Ok(ExitCode::from(code as u8))
}

/// Schedules that stand there twice: one of them would do nothing.
fn twice(entries: &[Entry]) -> Vec<Diagnostic> {
    let mut known = HashSet::new();
    let again = entries.iter().filter(|entry| !known.insert(&entry.key));
    again
        .map(|entry| {
            let cron = &entry.schedule.cron;
            let title =
                crate::t!("the schedule `{cron}` stands there twice", "予定 `{cron}` が重複しています");
            Diagnostic::warning("schedule-twice", entry.at.clone(), title)
        })
        .collect()
}

fn met(entry: &Entry, change: &Change) -> Diagnostic {
    let (zone, day, time) = (entry.zone(), change.clock.date(), change.clock.strftime("%H:%M"));
    let comes = clock(change.comes, &entry.rule.times.zone);
    let help =
        crate::t!("move it to a time that every day has once", "どの日にも 1 回だけある時刻に変えてください");
    let (code, title) = match change.kind {
        ChangeKind::Gap => (
            "clock-gap",
            crate::t!(
                "{time} on {day} does not exist in {zone}: it comes at {comes}",
                "{zone} の {day} に {time} は存在しません（{comes} に実行されます）"
            ),
        ),
        ChangeKind::Fold => (
            "clock-fold",
            crate::t!(
                "{time} on {day} comes twice in {zone}: it runs once, the first time",
                "{zone} の {day} には {time} が 2 回あります（最初の 1 回だけ実行されます）"
            ),
        ),
    };
    Diagnostic::warning(code, entry.at.clone(), title).help(help)
}

fn colliding(state: &StateDir, entries: &[Entry], from: Timestamp, to: Timestamp) -> Vec<Collision> {
    let takes = durations(state, entries);
    let mut busy = Vec::new();
    for (schedule, entry) in entries.iter().enumerate() {
        let length =
            SignedDuration::try_from_secs_f64(seconds(&takes, entry).unwrap_or(0.0)).unwrap_or_default();
        let until = |at: Timestamp| at.checked_add(length).unwrap_or(at);
        busy.extend(entry.rule.times.between(from, to).map(|at| Busy {
            schedule,
            from: at,
            until: until(at),
        }));
    }
    collisions(busy, |a, b| {
        let (one, other) = (&entries[a], &entries[b]);
        let rule = rule(one, other);
        one.key != other.key
            && !one.takes.is_disjoint(&other.takes)
            && ![one, other].iter().any(|entry| entry.allows.contains(rule))
    })
}

/// What allows that two schedules share what they share: where that is only this machine, each of the two systems may
/// have one of its own.
fn rule(one: &Entry, other: &Entry) -> &'static str {
    let only_machine = one.takes.intersection(&other.takes).all(|shared| *shared == this_machine());
    if only_machine { "shared-machine" } else { "schedule-collision" }
}

fn collided(entries: &[Entry], collision: &Collision, days: u16) -> Diagnostic {
    let (one, other) = (&entries[collision.schedules.0], &entries[collision.schedules.1]);
    let first = clock(collision.first, &other.rule.times.zone);
    let (name, count) = (&one.playbook, collision.count);
    if collision.schedules.0 == collision.schedules.1 {
        let title = crate::t!(
            "{name} is not over when its next time comes: first at {first}, {count} times within {days} days",
            "{name} は次の回までに終わりません（最初は {first}、{days} 日間に {count} 回）"
        );
        return Diagnostic::warning("schedule-overlaps-itself", one.at.clone(), title);
    }
    let shared: Vec<&str> = one.takes.intersection(&other.takes).map(String::as_str).collect();
    let (second, shared) = (&other.playbook, shared.join(&crate::t!(", ", "、")));
    let title = crate::t!(
        "{name} and {second} collide on {shared}: first at {first}, {count} times within {days} days",
        "{name} と {second} が {shared} で衝突します（最初は {first}、{days} 日間に {count} 回）"
    );
    let rule = rule(one, other);
    let help = crate::t!(
        "move one of them; `toban schedule next` shows how long they take. Or allow `{rule}` with a reason",
        "どちらかの時刻をずらしてください。所要時間は `toban schedule next` で分かります。問題にならないなら、理由を書いて `{rule}` を許可してください"
    );
    let label = crate::t!("the other one", "もう一方");
    Diagnostic::warning("schedule-collision", one.at.clone(), title).other(other.at.clone(), label).help(help)
}
