//! `toban diff`: what differs between two plans. It touches nothing.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Code, Error, say};
use super::globals::Globals;
use super::saved;
use super::start::{start_named, told};
use super::status::plan_of;
use crate::base::RunId;
use crate::journal::{StateDir, summary};
use crate::plan::{Changes, Outline, changes};
use crate::report::{Look, changes_text};

/// Prints what differs; exits 0 when nothing does, else 1.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let named = |key: &str| matches.get_one::<String>(key).map(String::as_str);
    let first = plan(globals, matches, named("plan").unwrap_or_default())?;
    let (old, new) = match (named("other"), named("against")) {
        (Some(other), None) => (first, plan(globals, matches, other)?),
        (None, Some(run)) => (of_run(&globals.state(), run, &first)?, first),
        (Some(other), Some(run)) => {
            return Err(Error::usage(crate::t!(
                "`{other}` and `--against {run}` are each a second plan; name one",
                "`{other}` と `--against {run}` はどちらも比較相手です。一つだけ指定してください"
            )));
        }
        (None, None) => {
            let message = crate::t!("two plans are needed", "比べる計画が二つ必要です");
            return Err(Error::usage(message).help(crate::t!(
                "name a second one, or write --against last",
                "もう一つ指定するか、--against last と書いてください"
            )));
        }
    };
    let found = changes(&old, &new);
    match named("format") {
        Some("json") => say(&format!("{:#}\n", as_json(&found))),
        _ => say(&changes_text(&found, Look::of_locale(globals.colour))),
    }
    Ok(ExitCode::from(if found.is_empty() { Code::Done as u8 } else { Code::Failed as u8 }))
}

/// A saved plan, or the plan of a playbook as it is now.
fn plan(globals: &Globals, matches: &ArgMatches, name: &str) -> Result<Outline, Error> {
    match saved::file(globals, name) {
        Some(file) => Ok(saved::read(&file)?.outline),
        None => Ok(told(&start_named(globals, matches, name, false)?)),
    }
}

/// The plan of a run: by its id, or the last one of this playbook in this environment.
fn of_run(state: &StateDir, name: &str, like: &Outline) -> Result<Outline, Error> {
    let run = match name {
        "last" => last(state, like)?,
        name => state.find(name)?,
    };
    plan_of(&state.run(&run))?.outline.ok_or_else(|| {
        Error::state(crate::t!(
            "the run {run} was made by an engine that kept no plan to compare with",
            "実行 {run} には比較できる計画が残っていません（古いエンジンによる実行）"
        ))
    })
}

fn last(state: &StateDir, like: &Outline) -> Result<RunId, Error> {
    let same = |id: &RunId| {
        summary(&state.run(id))
            .is_ok_and(|s| s.playbook == like.playbook && s.environment == like.environment)
    };
    state.runs()?.into_iter().find(same).ok_or_else(|| {
        let (playbook, folder) = (&like.playbook, state.path().display());
        Error::usage(crate::t!(
            "{folder} holds no run of {playbook}",
            "{folder} に {playbook} の実行はありません"
        ))
        .help(crate::t!("`toban runs` lists what there is", "`toban runs` で一覧できます"))
    })
}

fn as_json(changes: &Changes) -> serde_json::Value {
    let mut value = serde_json::to_value(changes).unwrap_or_default();
    value["equal"] = changes.is_empty().into();
    value
}
