//! Reads a run's facts and proves that they are those that were written. It does not know what they mean.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::chain::Hash;
use super::head::Head;
use super::walk::{Broken, walk};
use super::{JournalError, RunFolder};
use crate::event::Event;

/// What a journal holds, and where one would go on writing.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The facts in their order.
    pub events: Vec<Event>,
    /// The length of the whole lines in bytes; what follows was torn by a crash.
    pub whole: u64,
    /// The hash of the last of them.
    pub(super) end: Hash,
}

/// All facts of a run. A torn last line is dropped.
///
/// # Errors
/// When the journal cannot be read; when a line is not the one that was written, with its number; when lines are
/// missing at the end of a closed journal.
pub fn read(folder: &RunFolder) -> Result<Vec<Event>, JournalError> {
    recover(folder).map(|r| r.events)
}

/// As [`read`], with what is needed to go on.
///
/// # Errors
/// As [`read`].
pub fn recover(folder: &RunFolder) -> Result<Recovered, JournalError> {
    // The end comes first: a run that goes on meanwhile only grows beyond it.
    let head = Head::of(folder)?;
    let (plan, text) = (bytes(&folder.plan())?, bytes(&folder.journal())?);
    let walk = walk(&plan, &text, head.as_ref());
    match walk.fault {
        None => Ok(Recovered { events: walk.events, whole: walk.whole as u64, end: walk.last }),
        Some(Broken::Cut(lines)) => Err(JournalError::CutShort { path: folder.journal(), lines }),
        Some(Broken::Line(line, reason)) => {
            Err(JournalError::BadLine { path: folder.journal(), line, reason })
        }
        Some(Broken::Plan) => {
            Err(JournalError::BadLine { path: folder.plan(), line: 1, reason: another_plan() })
        }
    }
}

/// How long a journal is, in bytes.
///
/// # Errors
/// When it cannot be looked at.
pub fn length(folder: &RunFolder) -> Result<u64, JournalError> {
    let path = folder.journal();
    fs::metadata(&path).map(|meta| meta.len()).map_err(JournalError::unreadable(&path))
}

/// The facts that were written behind so many bytes, for whoever waits for one of them: no chain is followed, and a line
/// that is just being written is left for the next time.
///
/// # Errors
/// When the journal cannot be read.
pub fn written_since(folder: &RunFolder, bytes: u64) -> Result<Vec<Event>, JournalError> {
    let path = folder.journal();
    let mut text = Vec::new();
    let read = fs::File::open(&path).and_then(|mut file| {
        file.seek(SeekFrom::Start(bytes))?;
        file.read_to_end(&mut text)
    });
    read.map_err(JournalError::unreadable(&path))?;
    Ok(text.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// A file as it is.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, JournalError> {
    fs::read(path).map_err(JournalError::unreadable(path))
}

/// Why a plan does not belong to a journal.
pub(super) fn another_plan() -> String {
    crate::t!(
        "it was altered: the journal begins with the hash of another plan",
        "書き換えられています: ジャーナルの最初のハッシュと一致しません"
    )
}
