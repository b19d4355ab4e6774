//! `toban acknowledge`: somebody takes over what a run tells people of.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Code, Error, say};
use super::globals::{Globals, operator};
use crate::action::{Acknowledgement, acknowledge};
use crate::base::{Clock, SystemClock};
use crate::journal::{Liveness, liveness};

/// Acknowledges what waits in a run.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let id = state.find(matches.get_one::<String>("run").map_or("last", String::as_str))?;
    let folder = state.run(&id);
    let lives = liveness(&folder)? == Liveness::Running;
    let by = operator(matches.get_one::<String>("operator").map(String::as_str));
    let note = matches.get_one::<String>("note").cloned();
    let word = Acknowledgement { by: by.clone(), note, at: SystemClock.now() };
    let count = match lives {
        true => acknowledge(&folder.path().join("scratch"), &word).map_err(|e| {
            Error::state(crate::t!("the run {id} cannot be reached: {e}", "実行 {id} に伝えられません: {e}"))
        })?,
        false => 0,
    };
    if count == 0 {
        return Err(Error::Plain {
            code: Code::Refused,
            message: crate::t!(
                "nothing waits for an acknowledgement in the run {id}",
                "実行 {id} に、確認を待っているものはありません"
            ),
            help: Some(crate::t!(
                "`toban status {id}` shows how it stands",
                "`toban status {id}` で状態を確認できます"
            )),
        });
    }
    say(&crate::t!("acknowledged by {by}: {id}\n", "{by} が確認しました: {id}\n"));
    Ok(ExitCode::from(Code::Done as u8))
}
