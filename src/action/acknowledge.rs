//! The word between an escalation that waits and whoever acknowledges it, as files in the scratch folder of the run. The
//! step's own result is the record; the files are gone with the run.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who acknowledged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Their name.
    pub by: String,
    /// What they say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An escalation that waits; it waits no longer once this is dropped.
pub(super) struct Waiting {
    path: PathBuf,
}

impl Waiting {
    /// Waits, from now on.
    ///
    /// # Errors
    /// When the scratch folder cannot be written.
    pub fn begin(scratch: &Path, name: &str) -> io::Result<Waiting> {
        let folder = scratch.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}{WAITS}", name.replace('/', ".")));
        drop(std::fs::remove_file(said(&path)));
        std::fs::write(&path, "")?;
        Ok(Waiting { path })
    }

    /// What was said, if anything.
    pub fn said(&self) -> Option<Acknowledgement> {
        serde_json::from_slice(&std::fs::read(said(&self.path)).ok()?).ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
        drop(std::fs::remove_file(said(&self.path)));
    }
}

const FOLDER: &str = "escalations";
const WAITS: &str = ".waits";

fn said(waits: &Path) -> PathBuf {
    waits.with_extension("said")
}

/// Acknowledges every escalation of a run that waits; gives how many there were.
///
/// # Errors
/// When the scratch folder cannot be read or written.
pub fn acknowledge(scratch: &Path, word: &Acknowledgement) -> io::Result<usize> {
    let entries = match std::fs::read_dir(scratch.join(FOLDER)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let text = serde_json::to_vec(word).map_err(io::Error::other)?;
    let mut count = 0;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == &WAITS[1..]) {
            let unfinished = path.with_extension("new");
            std::fs::write(&unfinished, &text)?;
            std::fs::rename(&unfinished, said(&path))?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reaches_those_who_wait_and_nobody_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let word = Acknowledgement { by: "佐藤".into(), note: None, at: Timestamp::UNIX_EPOCH };
        assert_eq!(acknowledge(dir.path(), &word).expect("read"), 0);
        let waiting = Waiting::begin(dir.path(), "tell/all.1").expect("begun");
        assert_eq!(waiting.said(), None);
        assert_eq!(acknowledge(dir.path(), &word).expect("written"), 1);
        assert_eq!(waiting.said(), Some(word.clone()));
        drop(waiting);
        assert_eq!(acknowledge(dir.path(), &word).expect("read"), 0);
        assert_eq!(Waiting::begin(dir.path(), "tell/all.1").expect("begun").said(), None, "an old word");
    }
}
