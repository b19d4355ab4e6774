//! `toban plan`: a dry run. It touches nothing.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Error, say};
use super::globals::Globals;
use super::start::{OnlyInputs, Start, run_facts, start};
use crate::plan::{Outline, Renderer, outline};
use crate::report::{Look, PlanHead, outline_text, plan_html, plan_markdown};
use crate::template::Engine;

/// Prints everything that would be done.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let start = start(globals, matches, false)?;
    let outline = told(&start);
    let text = match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => format!("{:#}\n", serde_json::to_value(&outline).unwrap_or_default()),
        Some("html") => plan_html(&outline, &head(&start)) + "\n",
        Some("markdown") => plan_markdown(&outline, &head(&start)),
        _ => outline_text(&outline, Look::of_locale(globals.colour)),
    };
    say(&text);
    Ok(ExitCode::SUCCESS)
}

/// The plan as a dry run tells it.
pub fn told(start: &Start) -> Outline {
    let facts = run_facts(&start.given);
    let engine = Engine::new();
    let renderer = Renderer { plan: &start.plan, run: &facts, engine: &engine };
    outline(&renderer, &OnlyInputs(start.given.values.clone()))
}

/// What the system says of the place where the plan would run.
fn head(start: &Start) -> PlanHead {
    let system = &start.plan.frames[0].system;
    PlanHead {
        system: system.title.clone(),
        target: system.target.clone(),
        protected: system.protected,
        ..PlanHead::default()
    }
}
