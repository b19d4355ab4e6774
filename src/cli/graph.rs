//! `toban graph`: the order of the steps as a graph. It touches nothing but the file it is told to write.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Error, say};
use super::globals::Globals;
use super::saved;
use super::start::{start, told};
use crate::report::{Diagram, Look, graph_dot, graph_mermaid, graph_svg, graph_text};

/// The screen where none says how wide it is.
const COLUMNS: usize = 80;

/// Prints or writes the graph.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let name = matches.get_one::<String>("playbook").map(String::as_str).unwrap_or_default();
    let outline = match saved::file(globals, name) {
        Some(file) => saved::read(&file)?.outline,
        None => told(&start(globals, matches, false)?),
    };
    let diagram = Diagram::of(&outline);
    let file = matches.get_one::<PathBuf>("output");
    let text = match matches.get_one::<String>("format").map(String::as_str) {
        Some("mermaid") => graph_mermaid(&diagram),
        Some("dot") => graph_dot(&diagram),
        Some("svg") => graph_svg(&diagram),
        _ => {
            let mut look = Look::of_locale(globals.colour && file.is_none());
            // A file has no locale of its own.
            look.unicode |= file.is_some();
            graph_text(&diagram, columns(), look)
        }
    };
    match file {
        None => say(&text),
        Some(path) => {
            let path = globals.cwd.join(path);
            std::fs::write(&path, text).map_err(|e| {
                Error::usage(crate::t!("cannot write {}: {e}", "{} に書き込めません: {e}", path.display()))
                    .help(crate::t!(
                        "name a file in a folder that is there",
                        "既にあるフォルダのファイルを指定してください"
                    ))
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The columns of the screen, as it or `COLUMNS` says.
fn columns() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|n| *n >= 40);
    given
        .or_else(|| console::Term::stdout().size_checked().map(|(_, w)| usize::from(w).max(40)))
        .unwrap_or(COLUMNS)
}
