//! `toban prune`: removes old runs whole, after it has listed them and asked.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::ArgMatches;
use jiff::{SignedDuration, Timestamp};

use super::error::{Code, Error, say, say_on_stderr};
use super::globals::Globals;
use super::runs::{lines, screen};
use crate::base::{Clock, Duration, SystemClock, counted};
use crate::journal::{Filter, Kept, Old, Pruned, Rule, StateDir, choose, prune, select, sweep};

/// So many runs are listed; the rest is counted.
const LISTED: usize = 20;

/// Lists, asks, removes.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    sweep(&state)?;
    let old = choose(&state, &rule(matches))?;
    say(&listed(&old));
    if old.runs.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if !matches.get_flag("yes") {
        confirm(old.runs.len())?;
    }
    remove(&state, &old)
}

fn rule(matches: &ArgMatches) -> Rule {
    let age = matches.get_one::<Duration>("older-than").copied().unwrap_or_default();
    let age = i64::try_from(age.as_millis()).map_or(SignedDuration::MAX, SignedDuration::from_millis);
    Rule {
        before: SystemClock.now().checked_sub(age).unwrap_or(Timestamp::UNIX_EPOCH),
        keep_failed: matches.get_flag("keep-failed"),
        keep_last: matches.get_one::<usize>("keep-last").copied().unwrap_or(0),
        dead: matches.get_flag("dead"),
    }
}

fn listed(old: &Old) -> String {
    let shown = &old.runs[..old.runs.len().min(LISTED)];
    let mut text = lines(shown, screen());
    let more = old.runs.len() - shown.len();
    if more > 0 {
        text.push_str(&crate::t!("… and {more} more\n", "… ほか {more} 件\n"));
    }
    let count = old.runs.len();
    let n = counted(count, "run");
    text.push_str(&crate::t!("{n} to remove", "削除の対象: {count} 件"));
    let kept = kept(old.kept);
    if !kept.is_empty() {
        text.push_str(&crate::t!("; kept though old: {kept}", "。古くても残すもの: {kept}"));
    }
    text.push('\n');
    text
}

fn kept(kept: Kept) -> String {
    let Kept { running, dead, failed, last, unreadable } = kept;
    let told = [
        (running, crate::t!("{running} running", "実行中 {running} 件")),
        (dead, crate::t!("{dead} that died (--dead)", "中断 {dead} 件（--dead で対象）")),
        (failed, crate::t!("{failed} that did not end well", "正常に終わらなかった {failed} 件")),
        (last, crate::t!("{last} of the newest", "新しい方の {last} 件")),
        (unreadable, crate::t!("{unreadable} that cannot be read", "読めない {unreadable} 件")),
    ];
    let told: Vec<String> = told.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    told.join(", ")
}

fn confirm(count: usize) -> Result<(), Error> {
    let refused = || {
        let message = crate::t!(
            "nothing was removed: it was not confirmed",
            "確認されなかったため、何も削除していません"
        );
        Error::Plain { code: Code::Refused, message, help: None }
    };
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(
            refused().help(crate::t!("--yes removes without asking", "--yes を付けると確認せずに削除します"))
        );
    }
    let n = counted(count, "run");
    let question = crate::t!("Remove {n} for good?", "この {count} 件を完全に削除しますか?");
    match dialoguer::Confirm::new().with_prompt(question).default(false).interact() {
        Ok(true) => Ok(()),
        _ => Err(refused()),
    }
}

fn remove(state: &StateDir, old: &Old) -> Result<ExitCode, Error> {
    let (mut gone, mut failed) = (0, 0);
    for row in &old.runs {
        match prune(state, &row.run) {
            Ok(Pruned::Gone) => gone += 1,
            Ok(Pruned::Alive) => {
                let run = &row.run;
                say_on_stderr(&crate::t!(
                    "{run} lives again and was kept\n",
                    "{run} は再び実行中のため残しました\n"
                ));
            }
            Err(e) => {
                failed += 1;
                say_on_stderr(&format!("{}: {e}\n", row.run));
            }
        }
    }
    // The index forgets them now rather than when somebody waits for an answer.
    drop(select(state, &Filter::default(), 1));
    let n = counted(gone, "run");
    say(&crate::t!("{n} removed\n", "{gone} 件を削除しました\n"));
    Ok(ExitCode::from(if failed == 0 { Code::Done } else { Code::State } as u8))
}
