//! Reads a run's facts and proves that they are those that were written. It does not know what they mean.

use std::fs;
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
