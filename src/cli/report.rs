//! `toban report`: a run as a document for those who were not there, and as a line of a maintenance log.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Error, say};
use super::export::hidden;
use super::globals::Globals;
use super::status::{beside, heading, plan_of};
use crate::journal::{read, summary};
use crate::report::{Report, log_line, report_html, report_junit, report_markdown};

/// Prints or writes the report, and adds the line where one is asked for.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let id = state.find(matches.get_one::<String>("run").map_or("last", String::as_str))?;
    let folder = state.run(&id);
    let (summary, events, plan) = (summary(&folder)?, read(&folder)?, plan_of(&folder)?);
    let file = matches.get_one::<PathBuf>("output").map(|path| globals.cwd.join(path));
    let near = file.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    let report = Report::of(&heading(&plan, &summary, &folder), &events, &beside(&plan, &summary, near));
    let text = match matches.get_one::<String>("format").map(String::as_str) {
        Some("html") => report_html(&report) + "\n",
        Some("json") => format!("{:#}\n", serde_json::to_value(&report).unwrap_or_default()),
        Some("junit") => report_junit(&report),
        _ => report_markdown(&report),
    };
    match &file {
        None => say(&text),
        Some(path) => write_whole(path, &text).map_err(|e| cannot_write(path, &e))?,
    }
    if let Some(log) = matches.get_one::<PathBuf>("append-log") {
        let log = globals.cwd.join(log);
        append(&log, &log_line(&report)).map_err(|e| cannot_write(&log, &e))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that is whole or, where there is no room for it, what it was before. A pipe or a device is written to.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return std::fs::write(path, text);
    }
    // What a link leads to is replaced, not the link.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let hidden = hidden(path);
    let mut options = OpenOptions::new();
    let written = options.write(true).create_new(true).open(&hidden).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::rename(&hidden, path));
    if placed.is_err() {
        drop(std::fs::remove_file(&hidden));
    }
    placed
}

fn cannot_write(path: &Path, e: &std::io::Error) -> Error {
    Error::usage(crate::t!("cannot write {}: {e}", "{} に書き込めません: {e}", path.display())).help(
        crate::t!(
            "name a file that you may write, in a folder that is there",
            "書き込める、既にあるフォルダのファイルを指定してください"
        ),
    )
}

/// Adds a line in one write, so that others who add lines do not part it. A last line that was left without its end
/// is not continued.
fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let torn = ends_torn(path).unwrap_or(false);
    file.write_all(format!("{}{line}", if torn { "\n" } else { "" }).as_bytes())
}

fn ends_torn(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
