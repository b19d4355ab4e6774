//! Schedules into the user's crontab, through the program `crontab`.

use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::ArgMatches;

use super::install::{agreed, failed, spoken};
use crate::cli::error::{Error, say};
use crate::schedule::{Calling, Entry, FileChange, crontab_with};

/// Writes the block; without schedules, removes it.
pub fn install(matches: &ArgMatches, entries: &[Entry], calling: &Calling) -> Result<ExitCode, Error> {
    let current = read()?;
    let handed = crontab_with(&current, entries, calling);
    spoken(&handed)?;
    let new = handed.made.into_iter().next().unwrap_or_default();
    let change =
        FileChange { path: PathBuf::from("crontab"), old: Some(current), new: Some(new), link: false };
    if !agreed(matches, std::slice::from_ref(&change), calling)? {
        return Ok(ExitCode::SUCCESS);
    }
    let folder = calling.state.join("schedule");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|e| Error::state(format!("{}: {e}", folder.display())))?;
    write(change.new.as_deref().unwrap_or_default())?;
    say(&crate::t!("the crontab was changed\n", "crontab を変更しました\n"));
    Ok(ExitCode::SUCCESS)
}

fn missing(e: &std::io::Error) -> Error {
    failed(crate::t!("`crontab` cannot be started: {e}", "`crontab` を起動できません: {e}")).help(crate::t!(
        "install the package cron, or use --systemd",
        "cron パッケージを入れるか、--systemd を使ってください"
    ))
}

/// The user's crontab; empty where there is none.
fn read() -> Result<String, Error> {
    let output = Command::new("crontab").arg("-l").env("LC_ALL", "C").output().map_err(|e| missing(&e))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => String::from_utf8(output.stdout)
            .map_err(|_| failed(crate::t!("the crontab is not UTF-8", "crontab が UTF-8 ではありません"))),
        false if said.contains("no crontab for") => Ok(String::new()),
        false => {
            Err(failed(crate::t!("`crontab -l` failed: {}", "`crontab -l` が失敗しました: {}", said.trim())))
        }
    }
}

fn write(text: &str) -> Result<(), Error> {
    let mut child = Command::new("crontab")
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| missing(&e))?;
    // What it says of a text that it does not like is told below.
    drop(child.stdin.take().map(|mut input| input.write_all(text.as_bytes())));
    let output = child.wait_with_output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => {
            Err(failed(crate::t!("`crontab -` failed: {}", "`crontab -` が失敗しました: {}", said.trim())))
        }
    }
}
