//! `toban schedule run`: follows the schedules in the foreground.

use std::process::ExitCode;

use clap::ArgMatches;

use super::ground::{calling, gathered_leniently};
use crate::base::SystemClock;
use crate::calendar::Entered;
use crate::cli::error::{Code, Error, say, say_on_stderr};
use crate::cli::globals::Globals;
use crate::cli::runs::moment;
use crate::report::Progress;
use crate::runner::Signals;
use crate::schedule::{End, Entry, Options, Scheduler, told};

/// Follows them until a signal, or once.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let once = matches.get_flag("once");
    let since = matches.get_one::<String>("since").map(|text| moment("since", text, false)).transpose()?;
    let options = Options {
        library: globals.library()?.clone(),
        cwd: globals.cwd.clone(),
        environment: globals.environment.clone(),
        calling: calling(globals)?,
        since,
        once,
    };
    let found = gathered_leniently(globals)?;
    if found.entries.is_empty() {
        say_on_stderr(&crate::t!(
            "no playbook here has a `schedule:` yet\n",
            "`schedule:` のあるプレイブックはまだありません\n"
        ));
    }
    let json = globals.progress == Progress::Json;
    let mut tell = |entered: &Entered, entry: Option<&Entry>| match json {
        true => say(&format!("{}\n", serde_json::to_string(entered).unwrap_or_default())),
        false => say(&format!("{}\n", told(entered, entry))),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| {
        Error::state(crate::t!("the scheduler cannot start: {e}", "スケジューラを起動できません: {e}"))
    })?;
    let end = runtime.block_on(async {
        let signals = Signals::listen().map_err(|e| {
            Error::state(crate::t!("cannot listen to signals: {e}", "シグナルを受け取れません: {e}"))
        })?;
        match Scheduler::take(options, found, &SystemClock, &random, &mut tell)? {
            Some(scheduler) => Ok(Some(scheduler.follow(signals).await?)),
            None => Ok::<_, Error>(None),
        }
    })?;
    end.map_or_else(|| busy(globals, once), |end| Ok(exit_code(end, once)))
}

fn exit_code(end: End, once: bool) -> ExitCode {
    match end.signal {
        Some(signal) => ExitCode::from(signal.exit_code()),
        None if once && !end.well => ExitCode::from(Code::Failed as u8),
        None => ExitCode::SUCCESS,
    }
}

/// Another scheduler is at it: with `--once` it does what is due.
fn busy(globals: &Globals, once: bool) -> Result<ExitCode, Error> {
    let state = globals.state();
    let folder = state.path().display();
    let message =
        crate::t!("another scheduler follows {folder}", "別のスケジューラが {folder} を使っています");
    if once {
        say_on_stderr(&format!("{message}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    Err(Error::Plain { code: Code::Refused, message, help: None })
}

/// 32 bits nobody can guess; the ids of runs that start in the same second must differ.
pub fn random() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() as u32
}
