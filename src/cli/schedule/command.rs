//! From `toban schedule` to the command below it.

use std::process::ExitCode;

use clap::ArgMatches;

use super::{check, install, list, next, run as follow};
use crate::cli::error::Error;
use crate::cli::globals::Globals;

/// Runs the command below `schedule`.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    match matches.subcommand() {
        Some(("list", m)) => list::run(globals, m),
        Some(("next", m)) => next::run(globals, m),
        Some(("check", m)) => check::run(globals, m),
        Some(("install", m)) => install::run(globals, m),
        Some(("run", m)) => follow::run(globals, m),
        _ => Err(Error::usage(crate::t!("no command", "コマンドがありません"))),
    }
}
