//! `toban plan`: a dry run. It touches nothing, but for the file that it is told to save the plan in; with `--probe` it
//! looks as well, and still changes nothing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Code, Error, say, say_on_stderr};
use super::globals::{Globals, operator};
use super::probe::{Probed, look};
use super::saved;
use super::start::{Start, start, told as outline_of};
use super::told;
use super::{locks, window};
use crate::base::{Clock, Duration, Masker, SystemClock};
use crate::journal::estimate;
use crate::plan::Outline;
use crate::plan::saved::Saved;

/// Prints everything that would be done.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    refuse_saved(globals, matches)?;
    let start = start(globals, matches, false)?;
    let plain = outline_of(&start);
    let believed = matches.get_flag("probe-declared");
    let Probed { mut outline, masker, signal } = match believed || matches.get_flag("probe") {
        true => look(&start, believed)?,
        false => Probed { outline: plain.clone(), masker: Masker::default(), signal: None },
    };
    if let Some(signal) = signal {
        return Ok(ExitCode::from(signal.exit_code()));
    }
    outline.estimate = estimate(&globals.state(), &outline.playbook, outline.environment.as_deref());
    let seconds = outline.estimate.as_ref().map(|e| e.seconds);
    outline.now = window::now(&start.plan.windows, SystemClock.now(), seconds);
    if believed || matches.get_flag("probe") {
        outline.now.extend(locks::now(globals, &start));
    }
    let saved = match matches.get_one::<PathBuf>("output") {
        Some(file) => Some(save(globals, matches, &start, file, &outline)?),
        None => None,
    };
    let head = saved.as_ref().map_or_else(|| told::head(&start), told::head_of_saved);
    say(&masker.mask(&told::written(globals, matches, &outline, &head)).0);
    let could_not = outline.probe.is_some_and(|counts| counts.no > 0);
    Ok(ExitCode::from(if could_not { Code::Failed } else { Code::Done } as u8))
}

/// Saves the plan, and says so beside it.
fn save(
    globals: &Globals,
    matches: &ArgMatches,
    start: &Start,
    file: &Path,
    outline: &Outline,
) -> Result<Saved, Error> {
    let by = operator(matches.get_one::<String>("operator").map(String::as_str));
    let valid = matches.get_one::<Duration>("valid").copied().unwrap_or(saved::VALID);
    let mut plan = saved::made(globals, start, by, valid)?;
    plan.outline.clone_from(outline);
    plan.outline.now.clear();
    saved::write(&mut plan, &globals.cwd.join(file))?;
    say_on_stderr(&saved::about(&plan, file));
    Ok(plan)
}

/// A saved plan is no playbook.
fn refuse_saved(globals: &Globals, matches: &ArgMatches) -> Result<(), Error> {
    let name = matches.get_one::<String>("playbook").map(String::as_str).unwrap_or_default();
    match saved::file(globals, name) {
        None => Ok(()),
        Some(_) => Err(Error::usage(crate::t!("`{name}` is a saved plan", "`{name}` は保存された計画です"))
            .help(crate::t!("`toban show {name}` shows it", "`toban show {name}` で表示できます"))),
    }
}
