//! `toban completions`: what a shell needs to complete the command line.

use std::process::ExitCode;

use clap::ArgMatches;

use super::args;
use super::error::{Error, say};

/// Prints completions for a shell.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    if let Some(shell) = matches.get_one::<clap_complete::Shell>("shell") {
        let mut text = Vec::new();
        clap_complete::generate(*shell, &mut args::command(), "toban", &mut text);
        say(&String::from_utf8_lossy(&text));
    }
    Ok(ExitCode::SUCCESS)
}
