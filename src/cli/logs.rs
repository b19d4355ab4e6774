//! `toban logs`: what the steps of a run printed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::ArgMatches;

use super::error::{Error, say_on_stderr};
use super::globals::Globals;
use crate::base::StepId;
use crate::diag::did_you_mean;
use crate::event::Kind;
use crate::journal::{Liveness, RunFolder, liveness, read};
use crate::plan::StepRecord;

/// Prints logs, one after another; with `--follow` as they grow.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let id = state.find(matches.get_one::<String>("run").map_or("last", String::as_str))?;
    let folder = state.run(&id);
    let step = matches.get_one::<String>("step").map(String::as_str);
    if let Some(step) = step {
        known_step(&folder, step)?;
    }
    let mut shown = Shown::default();
    // A reader that went away (`| head`) ends the command, and is no error.
    let mut alive = shown.print(&folder, step).is_ok();
    if matches.get_flag("follow") {
        while alive && matches!(liveness(&folder)?, Liveness::Running) {
            std::thread::sleep(Duration::from_millis(200));
            alive = shown.print(&folder, step).is_ok();
        }
        if alive {
            drop(shown.print(&folder, step));
        }
    }
    if let (Some(step), None, true) = (step, &shown.last, alive) {
        // Not on standard output, where whoever reads the log would take it for a line of it.
        say_on_stderr(&nothing(step, shown.found));
    }
    Ok(ExitCode::SUCCESS)
}

fn nothing(step: &str, found: bool) -> String {
    match found {
        true => crate::t!("`{step}` printed nothing\n", "`{step}` の出力はありません\n"),
        false => crate::t!(
            "`{step}` has no log: it was not started\n",
            "`{step}` のログはありません（開始されていません）\n"
        ),
    }
}

fn known_step(folder: &RunFolder, step: &str) -> Result<(), Error> {
    let plan = super::status::plan_of(folder)?;
    let name = StepId::new(step).without_items();
    let name = name.as_str();
    // What takes a step back has logs of its own, and is no step of the plan's list.
    let step = name.strip_suffix("/undo").unwrap_or(name);
    let known = |s: &StepRecord| [name, step].contains(&s.id.without_items().as_str());
    if plan.steps.iter().chain(&plan.patterns).any(known) {
        return Ok(());
    }
    let ids = plan.steps.iter().map(|s| StepId::as_str(&s.id));
    let error =
        Error::usage(crate::t!("the run has no step `{name}`", "この実行にステップ `{name}` はありません"));
    Err(match did_you_mean(name, ids) {
        Some(meant) => error.help(crate::t!("did you mean `{meant}`?", "`{meant}` のことですか?")),
        None => error.help(crate::t!("`toban status` lists them", "`toban status` で一覧できます")),
    })
}

/// How much of each log was printed already.
#[derive(Default)]
struct Shown {
    upto: HashMap<PathBuf, u64>,
    last: Option<PathBuf>,
    /// Whether there was any log, even an empty one.
    found: bool,
}

impl Shown {
    fn print(&mut self, folder: &RunFolder, step: Option<&str>) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        for path in logs(folder, step) {
            let mut file = match File::open(&path) {
                Ok(file) => file,
                Err(_) => continue,
            };
            self.found = true;
            let from = self.upto.get(&path).copied().unwrap_or(0);
            let length = file.metadata()?.len();
            if length <= from {
                continue;
            }
            if self.last.as_ref() != Some(&path) && step.is_none_or(|s| !s.contains('[')) {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                writeln!(out, "── {name}")?;
            }
            self.last = Some(path.clone());
            file.seek(SeekFrom::Start(from))?;
            // Not past what there is now: a log that grows faster than it is printed would never end.
            let copied = std::io::copy(&mut Read::by_ref(&mut file).take(length - from), &mut out)?;
            self.upto.insert(path, from + copied);
        }
        out.flush()
    }
}

/// The names of logs in the order in which their attempts began; nothing where the journal is damaged.
fn order(folder: &RunFolder) -> HashMap<String, usize> {
    let events = read(folder).unwrap_or_default();
    let started = events.iter().filter_map(|event| match &event.kind {
        Kind::AttemptStarted { unit, attempt, .. } => Some(unit.log_name(*attempt)),
        _ => None,
    });
    started.enumerate().map(|(place, name)| (name, place)).collect()
}

/// Whether a log is of a step: of the step itself, whatever its item and attempt, or of one that it holds. Where the
/// step is named without a number, it is meant in every iteration of the loops around it.
fn is_of(log: &str, step: &str) -> bool {
    let is_number = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    let wanted = step.replace(['/', '['], ".").replace(']', "");
    let mut wanted = wanted.split('.');
    if step.contains('[') {
        let mut parts = log.split('.');
        return wanted.all(|part| parts.next() == Some(part));
    }
    let mut parts = log.split('.').filter(|part| !is_number(part));
    wanted.all(|part| parts.next() == Some(part))
}

/// The logs of a step, or all of them, in the order in which they began.
fn logs(folder: &RunFolder, step: Option<&str>) -> Vec<PathBuf> {
    let order = order(folder);
    let Ok(entries) = std::fs::read_dir(folder.logs()) else { return Vec::new() };
    let mut found: Vec<(usize, SystemTime, PathBuf)> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_suffix(".log").is_some_and(|name| step.is_none_or(|step| is_of(name, step)))
        })
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            let began = metadata.created().or_else(|_| metadata.modified()).ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((order.get(&name).copied().unwrap_or(usize::MAX), began, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, _, path)| path).collect()
}
