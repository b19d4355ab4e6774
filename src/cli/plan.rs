//! `toban plan`: a dry run. It touches nothing.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Error, say};
use super::globals::Globals;
use super::start::{OnlyInputs, run_facts, start};
use crate::journal::estimate;
use crate::plan::{Renderer, outline};
use crate::report::{Look, outline_text};
use crate::template::Engine;

/// Prints everything that would be done.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let start = start(globals, matches, false)?;
    let facts = run_facts(&start.given);
    let engine = Engine::new();
    let renderer = Renderer { plan: &start.plan, run: &facts, engine: &engine };
    let mut outline = outline(&renderer, &OnlyInputs(start.given.values.clone()));
    outline.estimate = estimate(&globals.state(), &outline.playbook, outline.environment.as_deref());
    if matches.get_one::<String>("format").map(String::as_str) == Some("json") {
        say(&format!("{:#}\n", serde_json::to_value(&outline).unwrap_or_default()));
    } else {
        say(&outline_text(&outline, Look::of_locale(globals.colour)));
    }
    Ok(ExitCode::SUCCESS)
}
