//! Schedules into systemd: the units, and what systemctl is told.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::ArgMatches;

use super::install::{agreed, failed, spoken};
use crate::base::counted;
use crate::cli::error::{Error, say, say_on_stderr};
use crate::schedule::{Calling, Entry, FileChange, Handed, Units, installed, unit_files};

/// There while systemd is running.
const RUNNING: &str = "/run/systemd/system";

/// Writes the units and starts the timers; without schedules, removes them.
pub fn install(matches: &ArgMatches, entries: &[Entry], calling: &Calling) -> Result<ExitCode, Error> {
    let user = matches.get_flag("user");
    let given = matches.get_one::<PathBuf>("unit-dir");
    let units = Units { folder: folder(given, user)?, playbooks: calling.playbooks.clone() };
    let unreadable = |e: std::io::Error| failed(format!("{}: {e}", units.folder.display()));
    let handed = match matches.get_flag("uninstall") {
        true => Handed { made: installed(&units).map_err(unreadable)?, ..Handed::default() },
        false => unit_files(&units, entries, calling).map_err(unreadable)?,
    };
    spoken(&handed)?;
    if !agreed(matches, &handed.made, calling)? {
        return Ok(ExitCode::SUCCESS);
    }
    let changes: Vec<&FileChange> = handed.made.iter().filter(|change| change.is_change()).collect();
    let running = given.is_none() && (user || Path::new(RUNNING).is_dir());
    let timers = |gone: bool| timers(&changes, gone);
    if running && !timers(true).is_empty() {
        systemctl(user, &[&["stop".to_string()][..], &timers(true)].concat())?;
    }
    for change in &changes {
        change.make().map_err(|e| failed(format!("{}: {e}", change.path.display())))?;
    }
    if running {
        systemctl(user, &["daemon-reload".to_string()])?;
        if !timers(false).is_empty() {
            systemctl(user, &[&["restart".to_string()][..], &timers(false)].concat())?;
        }
    } else if given.is_none() {
        say_on_stderr(&crate::t!(
            "systemd is not running here: the timers start when it does\n",
            "ここでは systemd が動いていません。タイマーは systemd の起動時に始まります\n"
        ));
    }
    let count = changes.len();
    let n = counted(count, "file");
    say(&crate::t!("{n} changed\n", "{count} 個のファイルを変更しました\n"));
    Ok(ExitCode::SUCCESS)
}

fn folder(given: Option<&PathBuf>, user: bool) -> Result<PathBuf, Error> {
    if let Some(folder) = given {
        return Ok(folder.clone());
    }
    if !user {
        return Ok(PathBuf::from("/etc/systemd/system"));
    }
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    config
        .map(|config| config.join("systemd/user"))
        .ok_or_else(|| Error::usage(crate::t!("HOME is not set", "HOME が設定されていません")))
}

/// The timers among the changes that are gone, or that are there.
fn timers(changes: &[&FileChange], gone: bool) -> Vec<String> {
    let names = changes.iter().filter(|change| change.new.is_none() == gone).filter_map(|change| {
        let name = change.path.file_name()?.to_str()?;
        name.ends_with(".timer").then(|| name.to_string())
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    names
}

fn systemctl(user: bool, arguments: &[String]) -> Result<(), Error> {
    let mut command = Command::new("systemctl");
    if user {
        command.arg("--user");
    }
    let shown = format!("systemctl {}", arguments.join(" "));
    let output = command.args(arguments).output().map_err(|e| failed(format!("{shown}: {e}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(crate::t!("`{shown}` failed: {}", "`{shown}` が失敗しました: {}", said.trim())))
}
