//! `toban schedule install`: hands the schedules over, after showing what changes and asking.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::ArgMatches;

use super::ground::{calling, gathered};
use super::{crontab, systemd};
use crate::cli::error::{Code, Error, say, say_on_stderr};
use crate::cli::globals::Globals;
use crate::schedule::{Calling, Entry, FileChange, Handed, diff};

/// Shows, asks, writes.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let calling = calling(globals)?;
    let entries = if matches.get_flag("uninstall") { Vec::new() } else { entries(globals)? };
    match matches.get_flag("systemd") {
        true => systemd::install(matches, &entries, &calling),
        false => crontab::install(matches, &entries, &calling),
    }
}

/// Every schedule; whether a playbook that does not check has one cannot be known, and its timer must not be removed.
fn entries(globals: &Globals) -> Result<Vec<Entry>, Error> {
    let found = gathered(globals)?;
    let mistakes: Vec<_> = found.broken.into_iter().flat_map(|(_, mistakes)| mistakes).collect();
    if mistakes.is_empty() { Ok(found.entries) } else { Err(Error::Diagnostics(mistakes)) }
}

/// Says what is not kept, and refuses what cannot be said at all.
pub(super) fn spoken<T>(handed: &Handed<T>) -> Result<(), Error> {
    if !handed.refused.is_empty() {
        let message = handed.refused.join("\n  ");
        let message = crate::t!("nothing was installed:\n  {message}", "何も登録していません:\n  {message}");
        return Err(Error::Plain { code: Code::Refused, message, help: None });
    }
    for note in &handed.notes {
        say_on_stderr(&crate::t!("note: {note}\n", "注意: {note}\n"));
    }
    Ok(())
}

/// Shows the difference and asks; false where there is nothing to do, or it is only to be shown.
pub(super) fn agreed(matches: &ArgMatches, changes: &[FileChange], calling: &Calling) -> Result<bool, Error> {
    let shown = diff(changes);
    if shown.is_empty() {
        let folder = calling.playbooks.display();
        say(&crate::t!("nothing to change for {folder}\n", "{folder} について変更はありません\n"));
        return Ok(false);
    }
    say(&shown);
    if matches.get_flag("dry-run") {
        return Ok(false);
    }
    if matches.get_flag("yes") {
        return Ok(true);
    }
    let refused = || {
        let message = crate::t!(
            "nothing was changed: it was not confirmed",
            "確認されなかったため、何も変更していません"
        );
        Error::Plain { code: Code::Refused, message, help: None }
    };
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(refused()
            .help(crate::t!("--yes changes it without asking", "--yes を付けると確認せずに変更します")));
    }
    let question = crate::t!("Make these changes?", "この変更を行いますか?");
    match dialoguer::Confirm::new().with_prompt(question).default(false).interact() {
        Ok(true) => Ok(true),
        _ => Err(refused()),
    }
}

/// Something outside that could not be done.
pub(super) fn failed(what: impl std::fmt::Display) -> Error {
    Error::Plain { code: Code::Failed, message: what.to_string(), help: None }
}
