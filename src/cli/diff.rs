//! `toban diff`: what differs between two plans. It touches nothing.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Code, Error, say};
use super::globals::Globals;
use super::saved;
use super::start::{start_in, told};
use super::status::plan_of;
use crate::base::{Lang, RunId, current_lang};
use crate::journal::{StateDir, summary};
use crate::plan::{Changes, Outline, changes};
use crate::report::{Look, changes_text};

/// Prints what differs; exits 0 when nothing does, else 1.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let named = |key: &str| matches.get_one::<String>(key).map(String::as_str);
    let one = named("plan").unwrap_or_default();
    let (old, new) = match (named("other"), named("against")) {
        (Some(other), None) => {
            let lang = lang_of(globals, one)?.or(lang_of(globals, other)?).unwrap_or_else(current_lang);
            (plan(globals, matches, lang, one)?, plan(globals, matches, lang, other)?)
        }
        (None, Some(run)) => against(globals, matches, one, run)?,
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

/// A saved plan, or the plan of a playbook as it is now with its texts in a language.
fn plan(globals: &Globals, matches: &ArgMatches, lang: Lang, name: &str) -> Result<Outline, Error> {
    match saved::file(globals, name) {
        Some(file) => Ok(saved::read(&file)?.outline),
        None => Ok(told(&start_in(lang, globals, matches, name, false)?)),
    }
}

/// The language of a saved plan, should that be what was named.
fn lang_of(globals: &Globals, name: &str) -> Result<Option<Lang>, Error> {
    Ok(saved::file(globals, name).map(|file| saved::read(&file)).transpose()?.and_then(|plan| plan.lang))
}

/// The plan of a run, by its id or the last one of this playbook in this environment; and the plan beside it, in the
/// language of the run.
fn against(
    globals: &Globals,
    matches: &ArgMatches,
    name: &str,
    run: &str,
) -> Result<(Outline, Outline), Error> {
    let (state, own) = (globals.state(), current_lang());
    let new = plan(globals, matches, own, name)?;
    let run = match run {
        "last" => last(&state, &new)?,
        id => state.find(id)?,
    };
    let record = plan_of(&state.run(&run))?;
    let old = record.outline.ok_or_else(|| {
        Error::state(crate::t!(
            "the run {run} was made by an engine that kept no plan to compare with",
            "実行 {run} には比較できる計画が残っていません（古いエンジンによる実行）"
        ))
    })?;
    match record.found.and_then(|found| found.lang) {
        Some(lang) if lang != own => Ok((old, plan(globals, matches, lang, name)?)),
        _ => Ok((old, new)),
    }
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
