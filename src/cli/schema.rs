//! `toban schema`: the language for editors, and its reference page.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Error, say};

/// Prints a schema, or the reference.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let text = match matches.get_one::<String>("what").map(String::as_str) {
        Some("system") => pretty(&crate::lang::schema_system()),
        Some("reference") => crate::lang::reference(),
        _ => pretty(&crate::lang::schema_playbook()),
    };
    say(&text);
    Ok(ExitCode::SUCCESS)
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
