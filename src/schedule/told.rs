//! A decision of the scheduler as a line of its log. It decides nothing.

use jiff::Timestamp;

use super::Entry;
use crate::calendar::{Entered, Fact, Why};
use crate::report::run_outcome_word;

/// The line that tells of a decision about a schedule, in the zone of the schedule.
pub fn told(entered: &Entered, entry: Option<&Entry>) -> String {
    let clock = |at: Timestamp| match entry {
        Some(entry) => {
            at.to_zoned(entry.rule.times.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
        }
        None => at.to_string(),
    };
    let short = |at: Timestamp| match entry {
        Some(entry) => at.to_zoned(entry.rule.times.zone.clone()).strftime("%m-%d %H:%M").to_string(),
        None => at.to_string(),
    };
    let name = &entered.schedule;
    let text = match &entered.fact {
        Fact::Known { from } => {
            let next = entry.and_then(|entry| entry.rule.times.next(*from)).map(short);
            let next = next.unwrap_or_else(|| crate::t!("never", "なし"));
            crate::t!("{name}: followed from now on, next {next}", "{name}: 監視を開始、次回 {next}")
        }
        Fact::Started { planned, run } => {
            let planned = short(*planned);
            crate::t!("{name}: starts as {run} (planned {planned})", "{name}: 開始 {run}（予定 {planned}）")
        }
        Fact::Waits { planned } => {
            let planned = short(*planned);
            crate::t!(
                "{name}: {planned} waits for the run before it",
                "{name}: {planned} は前回の実行が終わるのを待ちます"
            )
        }
        Fact::Left { first, last, count, why } => left(name, &short(*first), &short(*last), *count, *why),
        Fact::Ended { run, result } => ended(name, run.as_str(), result),
    };
    format!("{}  {text}", clock(entered.at))
}

fn left(name: &str, first: &str, last: &str, count: u64, why: Why) -> String {
    let why = match why {
        Why::Missed => {
            crate::t!("nobody was there, and missed: skip", "時刻に動いておらず、missed: skip のため")
        }
        Why::MadeUp => crate::t!(
            "nobody was there; a later time stands for it",
            "時刻に動いておらず、後の回でまとめて実行するため"
        ),
        Why::Overlap => crate::t!("the run before it goes on", "前回の実行が続いているため"),
        Why::Queued => crate::t!("another one waits already", "すでに待っている回があるため"),
    };
    match count {
        1 => crate::t!("{name}: {last} is left out: {why}", "{name}: {last} は実行しません（{why}）"),
        _ => crate::t!(
            "{name}: {count} times from {first} to {last} are left out: {why}",
            "{name}: {first}〜{last} の {count} 回は実行しません（{why}）"
        ),
    }
}

fn ended(name: &str, run: &str, result: &str) -> String {
    match serde_json::from_value(result.into()) {
        Ok(outcome) => {
            let word = run_outcome_word(outcome);
            crate::t!("{name}: {run} {word}", "{name}: {run} {word}")
        }
        Err(_) if result == "dead" => crate::t!(
            "{name}: {run} died; `toban resume {run}` goes on with it",
            "{name}: {run} は中断しました。`toban resume {run}` で再開できます"
        ),
        Err(_) => crate::t!(
            "{name}: {run} did not begin ({result})",
            "{name}: {run} は開始できませんでした（{result}）"
        ),
    }
}
