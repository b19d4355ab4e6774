//! `toban far-end`: this program as it works on a host for a Toban elsewhere. No person types it.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use super::error::{Code, say_on_stderr};
use crate::action::far_end::serve;
use crate::ssh;

/// Says who it is, or does what its standard input asks for.
pub fn run(arguments: &[OsString]) -> ExitCode {
    let done = match arguments.first() {
        Some(word) if word == ssh::HELLO => ssh::hello()
            .map_err(|e| e.to_string())
            .and_then(|text| std::io::stdout().write_all(text.as_bytes()).map_err(|e| e.to_string())),
        _ => serve(std::io::stdin().lock(), std::io::stdout().lock()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say_on_stderr(&crate::t!("error: {why}\n", "エラー: {why}\n"));
            ExitCode::from(Code::Usage as u8)
        }
    }
}
