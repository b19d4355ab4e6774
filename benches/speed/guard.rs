//! Looks whether a run did all it should have done: a figure of a run that did not counts for nothing.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::emit::LINE;
use crate::workload::{Task, Workload};

/// Says what a run left undone.
pub fn check_run(state: &Path, workload: &Workload) -> Result<(), String> {
    let run = only_run(state)?;
    let steps = workload.steps();
    let journal = run.join("journal.jsonl");
    let (mut ended, mut over) = (0, false);
    each_line(&journal, |line| {
        ended += usize::from(has(line, "step_ended") && line.contains(r#""outcome":"ok""#));
        over |= has(line, "run_ended");
    })?;
    if ended != steps || !over {
        return Err(format!(
            "{}: {ended} of {steps} steps ended ok, the run's end: {over}",
            journal.display()
        ));
    }
    let logs = fs::read_dir(run.join("logs")).map_err(|e| e.to_string())?.count();
    if logs != steps {
        return Err(format!("{}: {logs} logs of {steps} steps", run.display()));
    }
    match workload.task {
        Task::Emit { bytes } => check_log(&run.join("logs/s0.1.log"), bytes),
        _ => Ok(()),
    }
}

fn has(line: &str, kind: &str) -> bool {
    line.contains(&format!(r#""kind":"{kind}""#))
}

fn only_run(state: &Path) -> Result<PathBuf, String> {
    let runs = fs::read_dir(state.join("runs")).map_err(|e| e.to_string())?;
    let mut runs = runs.flatten().map(|e| e.path());
    match (runs.next(), runs.next()) {
        (Some(run), None) => Ok(run),
        _ => Err(format!("{}: not exactly one run", state.display())),
    }
}

fn each_line(path: &Path, mut take: impl FnMut(&str)) -> Result<(), String> {
    let mut file = BufReader::new(File::open(path).map_err(|e| format!("{}: {e}", path.display()))?);
    let mut line = String::new();
    while file.read_line(&mut line).map_err(|e| e.to_string())? > 0 {
        take(&line);
        line.clear();
    }
    Ok(())
}

/// Every line of the loud program is there, whole and with its time and stream before it; the last one is cut.
fn check_log(path: &Path, bytes: u64) -> Result<(), String> {
    let whole = LINE.len() as u64;
    let text = format!(" out {}", String::from_utf8_lossy(LINE).trim_end());
    let mut good = 0;
    each_line(path, |line| good += u64::from(line.trim_end_matches('\n').ends_with(&text)))?;
    if good == bytes / whole {
        return Ok(());
    }
    Err(format!("{}: {good} whole lines, not {}", path.display(), bytes / whole))
}
