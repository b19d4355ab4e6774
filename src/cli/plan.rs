//! `toban plan`: a dry run. It touches nothing; with `--probe` it looks, and still changes nothing.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Code, Error, say};
use super::globals::Globals;
use super::probe::{Probed, look};
use super::start::{OnlyInputs, run_facts, start};
use crate::base::Masker;
use crate::plan::{Outline, Renderer, outline};
use crate::report::{Look, outline_text};
use crate::template::Engine;

/// Prints everything that would be done.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let start = start(globals, matches, false)?;
    let facts = run_facts(&start.given);
    let engine = Engine::new();
    let believed = matches.get_flag("probe-declared");
    if believed || matches.get_flag("probe") {
        let Probed { outline, masker, signal } = look(&start, &facts, &engine, believed)?;
        if let Some(signal) = signal {
            return Ok(ExitCode::from(signal.exit_code()));
        }
        print(&outline, &masker, globals, matches);
        let failed = outline.probe.is_some_and(|counts| counts.no > 0);
        return Ok(ExitCode::from(if failed { Code::Failed } else { Code::Done } as u8));
    }
    let renderer = Renderer { plan: &start.plan, run: &facts, engine: &engine };
    let outline = outline(&renderer, &OnlyInputs(start.given.values.clone()));
    print(&outline, &Masker::default(), globals, matches);
    Ok(ExitCode::SUCCESS)
}

fn print(outline: &Outline, masker: &Masker, globals: &Globals, matches: &ArgMatches) {
    let text = if matches.get_one::<String>("format").map(String::as_str) == Some("json") {
        format!("{:#}\n", serde_json::to_value(outline).unwrap_or_default())
    } else {
        outline_text(outline, Look::of_locale(globals.colour))
    };
    say(&masker.mask(&text).0);
}
