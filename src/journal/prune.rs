//! Removes old runs whole: the folder and what stands of it elsewhere. It never removes one that lives, and a saved plan
//! that was used up stays so.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;

use jiff::Timestamp;
use serde::Deserialize;

use super::index::{Filter, Row, select};
use super::used::stays_used;
use super::writer::sync_folder;
use super::{JournalError, RunFolder, StateDir};
use crate::base::{PlanId, RunId};
use crate::lock;

/// What a removed run is called until it is gone.
const GONE: &str = ".gone-";

/// Which runs are old.
#[derive(Clone, Debug)]
pub struct Rule {
    /// They ended before.
    pub before: Timestamp,
    /// Those that did not end well are kept.
    pub keep_failed: bool,
    /// So many of each playbook and environment are kept.
    pub keep_last: usize,
    /// Those that died are old too, though they could be resumed.
    pub dead: bool,
}

/// What there is to remove.
#[derive(Clone, Debug, Default)]
pub struct Old {
    /// These, the newest first.
    pub runs: Vec<Row>,
    /// What was kept of those that are old enough.
    pub kept: Kept,
}

/// How many old runs are kept, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// They are being made.
    pub running: usize,
    /// They died, and can be resumed.
    pub dead: usize,
    /// They did not end well.
    pub failed: usize,
    /// They are among the newest of their playbook.
    pub last: usize,
    /// They cannot be read.
    pub unreadable: usize,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pruned {
    /// It is gone.
    Gone,
    /// An engine is at it.
    Alive,
}

/// Which runs a rule lets go.
///
/// # Errors
/// When the folder of the runs cannot be read.
pub fn choose(state: &StateDir, rule: &Rule) -> Result<Old, JournalError> {
    let mut old = Old::default();
    let mut seen: HashMap<(String, Option<String>), usize> = HashMap::new();
    for row in select(state, &Filter::default(), usize::MAX)? {
        let newer = seen.entry((row.playbook.clone(), row.environment.clone())).or_default();
        *newer += 1;
        let is_among_last = *newer <= rule.keep_last;
        if row.ended.unwrap_or(row.started) >= rule.before {
            continue;
        }
        match row.result.as_str() {
            "running" => old.kept.running += 1,
            "unreadable" => old.kept.unreadable += 1,
            "dead" if !rule.dead => old.kept.dead += 1,
            "ok" | "warned" if is_among_last => old.kept.last += 1,
            "ok" | "warned" => old.runs.push(row),
            _ if rule.keep_failed => old.kept.failed += 1,
            _ if is_among_last => old.kept.last += 1,
            _ => old.runs.push(row),
        }
    }
    Ok(old)
}

/// Removes a run: out of sight at once, then piece by piece.
///
/// # Errors
/// When it cannot be read or removed; then it is still whole, or out of sight and removed by the next [`sweep`].
pub fn prune(state: &StateDir, run: &RunId) -> Result<Pruned, JournalError> {
    let folder = state.run(run);
    let journal = folder.journal();
    let fail = JournalError::unwritable(&journal);
    // Held until it is gone, so that nobody goes on with it meanwhile.
    let file = File::options().read(true).write(true).open(&journal).map_err(&fail)?;
    if !lock::hold(&file).map_err(&fail)? {
        return Ok(Pruned::Alive);
    }
    if let Some(plan) = saved_plan(&folder)? {
        stays_used(state, &plan, run)?;
    }
    let hidden = folder.path().with_file_name(format!("{GONE}{run}"));
    fs::rename(folder.path(), &hidden).map_err(JournalError::unwritable(folder.path()))?;
    sync_folder(&state.path().join("runs"))?;
    finish(state, run.as_str())?;
    Ok(Pruned::Gone)
}

/// Finishes what an earlier removal left half done.
///
/// # Errors
/// When something cannot be removed.
pub fn sweep(state: &StateDir) -> Result<(), JournalError> {
    let Ok(entries) = fs::read_dir(state.path().join("runs")) else { return Ok(()) };
    let names = entries.flatten().filter_map(|e| e.file_name().into_string().ok());
    let left: Vec<String> = names.filter_map(|name| name.strip_prefix(GONE).map(str::to_string)).collect();
    left.iter().filter(|id| RunId::parse(id).is_some()).try_for_each(|id| finish(state, id))
}

fn finish(state: &StateDir, id: &str) -> Result<(), JournalError> {
    let hidden = state.path().join("runs").join(format!("{GONE}{id}"));
    let head = state.head(id);
    let gone = |result: io::Result<()>| match result {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    };
    gone(fs::remove_file(&head)).map_err(JournalError::unwritable(&head))?;
    gone(fs::remove_dir_all(&hidden)).map_err(JournalError::unwritable(&hidden))
}

/// The saved plan that a run used up.
fn saved_plan(folder: &RunFolder) -> Result<Option<PlanId>, JournalError> {
    #[derive(Deserialize)]
    struct Record {
        #[serde(default)]
        saved: Option<Origin>,
    }
    #[derive(Deserialize)]
    struct Origin {
        id: PlanId,
    }
    let path = folder.plan();
    let text = fs::read(&path).map_err(JournalError::unreadable(&path))?;
    let bad = |e: serde_json::Error| JournalError::BadLine {
        path: path.clone(),
        line: e.line(),
        reason: e.to_string(),
    };
    let record: Record = serde_json::from_slice(&text).map_err(bad)?;
    Ok(record.saved.map(|origin| origin.id))
}
