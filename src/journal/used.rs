//! Which plans were used up, and by which run. A plan is used once: its record is taken by one process at a time, and a
//! record whose run never came to anything is completed by the next.
//!
//! `<state>/plans/<plan id>` holds one JSON object a line, only ever appended: `{"run":"…"}` before the run's folder is
//! made, `{"begun":"…"}` once it stands.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::writer::{private_folder, sync_folder};
use super::{JournalError, Liveness, RunFolder, StateDir, liveness, read};
use crate::base::{PlanId, RunId};
use crate::event::Kind;
use crate::lock;

/// The record of a plan in the hands of this process.
pub struct Claim {
    file: File,
    path: PathBuf,
    run: RunId,
}

/// What became of taking a plan.
pub enum Taken {
    /// It is this process's to run.
    Ours(Claim),
    /// This run has used it up.
    By(RunId),
    /// Another process is taking it in this moment.
    Busy,
}

/// One line of a record.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// A run is about to be made.
    Run(RunId),
    /// Its folder stands.
    Begun(RunId),
}

/// The run that has used a plan up, if one has.
///
/// # Errors
/// When the state folder cannot be read.
pub fn used_by(state: &StateDir, plan: &PlanId) -> Result<Option<RunId>, JournalError> {
    let path = state.plan(plan);
    match File::open(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(JournalError::unreadable(&path)(e)),
        Ok(mut file) => Ok(stands(state, &lines(&mut file, &path)?).err()),
    }
}

impl Claim {
    /// Takes a plan for a run. What an earlier process left of a run that did nothing is removed.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn take(state: &StateDir, plan: &PlanId, run: &RunId) -> Result<Taken, JournalError> {
        let path = state.plan(plan);
        let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        private_folder(&folder)?;
        let fail = JournalError::unwritable(&path);
        let open = |new| OpenOptions::new().read(true).append(true).create_new(new).mode(0o600).open(&path);
        let mut file = match open(true) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => open(false).map_err(&fail)?,
            other => {
                let file = other.map_err(&fail)?;
                sync_folder(&folder)?;
                file
            }
        };
        if !lock::hold(&file).map_err(&fail)? {
            return Ok(Taken::Busy);
        }
        let left = match stands(state, &lines(&mut file, &path)?) {
            Ok(left) => left,
            Err(by) => return Ok(Taken::By(by)),
        };
        // Each is held, so that nobody goes on with it from here on.
        let mut held = Vec::new();
        for id in left {
            let folder = state.run(&id);
            match File::options().read(true).write(true).open(folder.journal()) {
                Ok(journal) if lock::hold(&journal).map_err(&fail)? => held.push((folder, journal)),
                _ => return Ok(Taken::By(id)),
            }
        }
        let mut claim = Claim { file, path: path.clone(), run: run.clone() };
        claim.append(&Line::Run(run.clone()))?;
        held.iter().try_for_each(|(folder, _)| set_aside(folder))?;
        Ok(Taken::Ours(claim))
    }

    /// The run's folder stands: from now on the plan is used up, also when that folder is removed.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn begun(mut self) -> Result<(), JournalError> {
        let run = self.run.clone();
        self.append(&Line::Begun(run))
    }

    fn append(&mut self, line: &Line) -> Result<(), JournalError> {
        let fail = JournalError::unwritable(&self.path);
        let mut text = serde_json::to_vec(line).map_err(|e| fail(e.into()))?;
        // A line that was torn off before ends here.
        text.insert(0, b'\n');
        text.push(b'\n');
        self.file.write_all(&text).and_then(|()| self.file.sync_data()).map_err(fail)
    }
}

/// The folder of a run that did something is about to be removed: the plan that it used up stays used.
pub(super) fn stays_used(state: &StateDir, plan: &PlanId, run: &RunId) -> Result<(), JournalError> {
    let path = state.plan(plan);
    let fail = JournalError::unwritable(&path);
    let mut file = match OpenOptions::new().read(true).append(true).open(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(&fail)?,
    };
    if !lock::hold(&file).map_err(&fail)? {
        return Err(JournalError::Busy { path: path.clone() });
    }
    let lines = lines(&mut file, &path)?;
    let is_named = lines.iter().any(|line| matches!(line, Line::Run(id) if id == run));
    let is_complete = lines.iter().any(|line| matches!(line, Line::Begun(id) if id == run));
    let did_nothing = read(&state.run(run)).is_ok_and(|events| !events.iter().any(|e| acted(&e.kind)));
    if !is_named || is_complete || did_nothing {
        return Ok(());
    }
    Claim { file, path: path.clone(), run: run.clone() }.begun()
}

/// The lines of a record; torn ones are none.
fn lines(file: &mut File, path: &Path) -> Result<Vec<Line>, JournalError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(JournalError::unreadable(path))?;
    Ok(bytes.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// The runs that a record left behind without a deed; or the run that has used the plan up.
fn stands(state: &StateDir, lines: &[Line]) -> Result<Vec<RunId>, RunId> {
    let runs = lines.iter().filter_map(|line| match line {
        Line::Run(id) => Some(id),
        Line::Begun(_) => None,
    });
    let mut left = Vec::new();
    let mut last = None;
    for id in runs {
        let folder = state.run(id);
        if folder.path().exists() {
            if !is_idle(&folder) {
                return Err(id.clone());
            }
            left.push(id.clone());
        }
        last = Some(id);
    }
    let began = |id: &&RunId| lines.iter().any(|line| matches!(line, Line::Begun(other) if other == *id));
    match last.filter(began) {
        // Its folder was removed by somebody: what it did is not undone by that.
        Some(id) if !left.contains(id) => Err(id.clone()),
        _ => Ok(left),
    }
}

/// Whether a run died before its first attempt. One that cannot be read may have done anything.
fn is_idle(folder: &RunFolder) -> bool {
    let dead = matches!(liveness(folder), Ok(Liveness::Dead));
    dead && read(folder).is_ok_and(|events| !events.iter().any(|e| acted(&e.kind)))
}

/// Whether a run did something, or came to its end.
fn acted(kind: &Kind) -> bool {
    matches!(kind, Kind::AttemptStarted { .. } | Kind::RunEnded { .. })
}

/// Removes the folder of a run that did nothing; it is out of sight first.
fn set_aside(folder: &RunFolder) -> Result<(), JournalError> {
    let path = folder.path();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hidden = path.with_file_name(format!(".idle-{name}"));
    fs::rename(path, &hidden).map_err(JournalError::unwritable(path))?;
    fs::remove_dir_all(&hidden).map_err(JournalError::unwritable(&hidden))
}
