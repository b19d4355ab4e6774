//! A word to the engine of a run: that somebody wants it cancelled, and who. It stands in the run's folder, where only
//! the run's user and root may write, until the engine takes it. It sends no signal.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use serde::{Deserialize, Serialize};

use super::{JournalError, RunFolder};
use crate::event::Kind;

/// What is asked of an engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Who asks.
    pub by: String,
    /// Whether everything is killed at once.
    pub at_once: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl CancelRequest {
    /// Leaves it for the engine of a run.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn leave(&self, folder: &RunFolder) -> Result<(), JournalError> {
        let path = folder.path().join("cancel");
        let hidden = folder.path().join(format!(".tmp-cancel-{}", std::process::id()));
        let write = || {
            // Readable to all: the folder is not, and the engine may be another user's than root, who asks.
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&hidden)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            fs::rename(&hidden, &path)
        };
        let written = write();
        if written.is_err() {
            drop(fs::remove_file(&hidden));
        }
        written.map_err(JournalError::unwritable(&path))
    }

    /// Takes what was left for the engine of a run, if anything was.
    pub fn take(folder: &RunFolder) -> Option<CancelRequest> {
        let path = folder.path().join("cancel");
        let text = fs::read(&path).ok()?;
        drop(fs::remove_file(&path));
        serde_json::from_slice(&text).ok()
    }

    /// It as a fact.
    pub fn fact(self) -> Kind {
        Kind::CancelAsked { by: self.by, at_once: self.at_once, reason: self.reason }
    }
}
