//! `toban completions`: what a shell needs to complete the command line.

use std::process::ExitCode;

use clap::ArgMatches;

use super::args;
use super::error::Error;

/// Prints completions for a shell.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    if let Some(shell) = matches.get_one::<clap_complete::Shell>("shell") {
        clap_complete::generate(*shell, &mut args::command(), "toban", &mut std::io::stdout());
    }
    Ok(ExitCode::SUCCESS)
}
