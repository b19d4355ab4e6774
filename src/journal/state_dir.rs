//! Where runs live on disk and how one is found. It reads no journal.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::JournalError;
use crate::base::{PlanId, RunId};

/// The folder that holds all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

/// The folder of one run: `plan.json`, `journal.jsonl`, `logs/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

impl StateDir {
    /// A folder that is known.
    pub fn new(path: impl Into<PathBuf>) -> StateDir {
        StateDir { path: path.into() }
    }

    /// `--state-dir`, else `TOBAN_STATE_DIR`, else `/var/lib/toban` for root, else the user's state folder.
    pub fn resolve(cli: Option<&Path>, env: &dyn Fn(&str) -> Option<OsString>, root: bool) -> StateDir {
        let given = |name: &str| env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let user = || {
            let state = given("XDG_STATE_HOME").filter(|p| p.is_absolute());
            let home = || given("HOME").map(|home| home.join(".local/state"));
            state.or_else(home).map(|p| p.join("toban"))
        };
        let path = cli
            .map(Path::to_path_buf)
            .or_else(|| given("TOBAN_STATE_DIR"))
            .or_else(|| if root { None } else { user() })
            .unwrap_or_else(|| PathBuf::from("/var/lib/toban"));
        // Steps run in other folders, and their paths into the state must hold there too.
        StateDir { path: std::path::absolute(&path).unwrap_or(path) }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All runs, the newest first. What is unfinished, or is no run, is not among them.
    ///
    /// # Errors
    /// When the folder cannot be read; a missing one has no runs.
    pub fn runs(&self) -> Result<Vec<RunId>, JournalError> {
        let folder = self.path.join("runs");
        let entries = match fs::read_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(JournalError::unreadable(&folder))?,
        };
        let mut runs: Vec<RunId> =
            entries.flatten().filter_map(|e| e.file_name().to_str().and_then(RunId::parse)).collect();
        runs.sort_unstable_by(|a, b| b.cmp(a));
        Ok(runs)
    }

    /// The folder of a run, which need not exist.
    pub fn run(&self, id: &RunId) -> RunFolder {
        RunFolder { path: self.path.join("runs").join(id.as_str()) }
    }

    /// The run that a person means: `last`, its id, or a beginning or an end of it that no other run has.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<RunId, JournalError> {
        let runs = self.runs()?;
        let mut fitting: Vec<RunId> = match name {
            "" => Vec::new(),
            "last" => runs.into_iter().take(1).collect(),
            _ => runs
                .into_iter()
                .filter(|r| r.as_str().starts_with(name) || r.as_str().ends_with(name))
                .collect(),
        };
        match fitting.len() {
            1 => Ok(fitting.remove(0)),
            0 => Err(JournalError::NoRun { name: name.to_string(), state: self.path.clone() }),
            _ => {
                let runs = fitting.iter().take(5).map(ToString::to_string).collect();
                Err(JournalError::Ambiguous { name: name.to_string(), runs })
            }
        }
    }

    /// The record of a plan that is used up.
    pub(super) fn plan(&self, id: &PlanId) -> PathBuf {
        self.path.join("plans").join(id.as_str())
    }

    /// Where the hash of a closed journal's end stands, outside the run's own folder.
    pub(super) fn head(&self, id: &str) -> PathBuf {
        self.path.join("heads").join(id)
    }
}

impl RunFolder {
    /// A run's folder by its path.
    pub fn at(path: impl Into<PathBuf>) -> RunFolder {
        RunFolder { path: path.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The plan that is run.
    pub fn plan(&self) -> PathBuf {
        self.path.join("plan.json")
    }

    /// The facts, one a line.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// One log for each attempt.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// Where the hash of this run's end stands once its journal is closed.
    pub(super) fn head(&self) -> Option<PathBuf> {
        let state = StateDir::new(self.path.parent()?.parent()?);
        Some(state.head(self.path.file_name()?.to_str()?))
    }
}
