//! Which screen a run gets. It does not know how any of them looks.

use std::io::{IsTerminal, Write};

use super::canvas::SizeOf;
use super::json::Json;
use super::plain::Plain;
use super::quiet::Quiet;
use super::sink::Sink;
use super::terminal::Terminal;
use super::{Heading, Look, Progress};
use crate::event::Reporter;

/// A screen for a run. `out` takes what is shown and `err`, with [`Progress::Quiet`], the failures; `colour` is
/// the caller's decision over `--color` and `NO_COLOR`; it counts only on the live screen.
pub fn reporter(
    progress: Progress,
    heading: Heading,
    colour: bool,
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
) -> Box<dyn Reporter> {
    let (out, err) = (Sink::new(out), Sink::new(err));
    let look = Look::of_locale(colour);
    match for_this_process(progress) {
        Progress::Json => Box::new(Json::new(out)),
        Progress::Quiet => Box::new(Quiet::new(heading, look, out, err)),
        Progress::Tty => Box::new(Terminal::new(heading, look, out, screen_size())),
        Progress::Plain | Progress::Auto => Box::new(Plain::new(heading, look, out)),
    }
}

/// `Auto` decided: a terminal that can move its cursor gets the live screen.
fn for_this_process(progress: Progress) -> Progress {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    match progress {
        Progress::Auto if std::io::stdout().is_terminal() && !dumb => Progress::Tty,
        Progress::Auto => Progress::Plain,
        given => given,
    }
}

fn screen_size() -> SizeOf {
    let term = console::Term::stdout();
    Box::new(move || term.size_checked().unwrap_or((24, 80)))
}
