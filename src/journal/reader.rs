//! Reads a run's facts and proves that they are those that were written. It does not know what they mean.

use std::fs;
use std::path::Path;

use super::chain::{self, Hash};
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
    let plan = folder.plan();
    let plan = fs::read(&plan).map_err(JournalError::unreadable(&plan))?;
    let path = folder.journal();
    let text = fs::read(&path).map_err(JournalError::unreadable(&path))?;
    let whole = memchr::memrchr(b'\n', &text).map_or(0, |i| i + 1);
    let mut prev = chain::hash(&plan);
    let mut head = Head::of(folder);
    let mut events = Vec::new();
    let lines = text[..whole].split_inclusive(|b| *b == b'\n').map(|l| &l[..l.len() - 1]);
    for (i, line) in lines.enumerate() {
        let bad = |reason| JournalError::BadLine { path: path.clone(), line: i + 1, reason };
        events.push(one(line, &prev, i).map_err(bad)?);
        prev = chain::hash(line);
        head.meet(&path, i + 1, &prev)?;
    }
    head.is_met(&path)?;
    Ok(Recovered { events, whole: whole as u64, end: prev })
}

fn one(line: &[u8], prev: &Hash, index: usize) -> Result<Event, String> {
    let event: Event = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    if !chain::follows(line, prev) {
        return Err(match index {
            0 => crate::t!("it does not belong to this `plan.json`", "この `plan.json` の記録ではありません"),
            _ => crate::t!("it does not follow the line above it", "上の行の続きではありません"),
        });
    }
    if event.seq != index as u64 {
        let (seq, line) = (event.seq, index);
        return Err(crate::t!(
            "it is number {seq} and should be {line}",
            "番号は {seq} ですが {line} のはずです"
        ));
    }
    Ok(event)
}

/// What was last known to be on disk, from outside the run's folder: how many lines, and the hash of the last one.
struct Head {
    lines: usize,
    hash: String,
    met: bool,
}

impl Head {
    /// That of a run; a missing or torn one proves nothing.
    fn of(folder: &RunFolder) -> Head {
        let text = folder.head().and_then(|p| fs::read_to_string(p).ok()).unwrap_or_default();
        let mut words = text.split_whitespace();
        let hash = words.next().unwrap_or_default().to_string();
        let lines = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        Head { lines, hash, met: lines == 0 }
    }

    /// A line of the journal, counted from 1, with its hash.
    fn meet(&mut self, path: &Path, line: usize, hash: &Hash) -> Result<(), JournalError> {
        if line != self.lines {
            return Ok(());
        }
        self.met = true;
        if self.hash.as_bytes() == hash {
            return Ok(());
        }
        let reason = crate::t!("it is not the line that was written there", "そこに書かれた行と違います");
        Err(JournalError::BadLine { path: path.to_path_buf(), line, reason })
    }

    fn is_met(&self, path: &Path) -> Result<(), JournalError> {
        if self.met {
            return Ok(());
        }
        Err(JournalError::CutShort { path: path.to_path_buf(), lines: self.lines })
    }
}
