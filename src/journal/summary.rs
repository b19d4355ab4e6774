//! The gist of a run from the two ends of its journal, so that thousands can be listed. It follows no chain.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;

use super::{JournalError, RunFolder};
use crate::base::RunId;
use crate::event::{Counts, Event, Kind, RunOutcome};
use crate::lock;

/// Whether a run is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// An engine holds its lock.
    Running,
    /// It has no end and no engine.
    Dead,
    /// Its last fact says that it ended.
    Finished,
}

/// The gist of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its id.
    pub run: RunId,
    /// The playbook's name or path.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// The environment it ran in.
    pub environment: Option<String>,
    /// Who started it.
    pub operator: String,
    /// When.
    pub started: Timestamp,
    /// When it ended, if it did.
    pub ended: Option<Timestamp>,
    /// How it ended, if it did.
    pub outcome: Option<RunOutcome>,
    /// Whether it is being made.
    pub liveness: Liveness,
    /// How many steps ended how; known at its end.
    pub counts: Option<Counts>,
    /// How many steps the plan has.
    pub steps: u32,
    /// From its start to its end, or to its last fact so far.
    pub seconds: f64,
}

/// Whether a run is being made, by the lock its engine holds.
///
/// # Errors
/// When the journal cannot be read.
pub fn liveness(folder: &RunFolder) -> Result<Liveness, JournalError> {
    let path = folder.journal();
    let fail = JournalError::unreadable(&path);
    let mut file = File::open(&path).map_err(&fail)?;
    // The lock is asked first: an engine that ends in between has written its end by then.
    let held = lock::is_held(&file).map_err(&fail)?;
    Ok(match last_event(&mut file, &path)? {
        Some(Event { kind: Kind::RunEnded { .. }, .. }) => Liveness::Finished,
        _ if held => Liveness::Running,
        _ => Liveness::Dead,
    })
}

/// The gist of a run.
///
/// # Errors
/// When the journal cannot be read, or does not begin as one does.
pub fn summary(folder: &RunFolder) -> Result<Summary, JournalError> {
    let path = folder.journal();
    let liveness = liveness(folder)?;
    let mut file = File::open(&path).map_err(JournalError::unreadable(&path))?;
    let first = first_event(&mut file, &path)?;
    let last = last_event(&mut file, &path)?;
    let Kind::RunStarted { run, playbook, title, environment, operator, steps, .. } = first.kind else {
        return Err(no_beginning(&path));
    };
    let until = last.as_ref().map_or(first.at, |e| e.at);
    let mut summary = Summary {
        run,
        playbook,
        title,
        environment,
        operator,
        started: first.at,
        ended: None,
        outcome: None,
        liveness,
        counts: None,
        steps,
        seconds: until.duration_since(first.at).as_secs_f64(),
    };
    if let Some(Event { at, kind: Kind::RunEnded { outcome, counts, seconds }, .. }) = last {
        summary.ended = Some(at);
        summary.outcome = Some(outcome);
        summary.counts = Some(counts);
        summary.seconds = seconds;
    }
    Ok(summary)
}

fn no_beginning(path: &Path) -> JournalError {
    let reason = crate::t!("a run does not begin like this", "実行の始まりの行ではありません");
    JournalError::BadLine { path: path.to_path_buf(), line: 1, reason }
}

fn first_event(file: &mut File, path: &Path) -> Result<Event, JournalError> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(file);
    reader
        .seek(SeekFrom::Start(0))
        .and_then(|_| reader.read_until(b'\n', &mut line))
        .map_err(JournalError::unreadable(path))?;
    serde_json::from_slice(&line).map_err(|_| no_beginning(path))
}

/// The last whole line; none when it cannot be understood (the reader of the whole says why).
fn last_event(file: &mut File, path: &Path) -> Result<Option<Event>, JournalError> {
    let line = last_line(file).map_err(JournalError::unreadable(path))?;
    Ok(serde_json::from_slice(&line).ok())
}

fn last_line(file: &mut File) -> io::Result<Vec<u8>> {
    let len = file.seek(SeekFrom::End(0))?;
    let mut window = 4096;
    loop {
        let from = len.saturating_sub(window);
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.take(len - from).read_to_end(&mut text)?;
        let end = memchr::memrchr(b'\n', &text).unwrap_or(0);
        match memchr::memrchr(b'\n', &text[..end]) {
            Some(begin) => return Ok(text[begin + 1..end].to_vec()),
            None if from == 0 => return Ok(text[..end].to_vec()),
            None => window *= 8,
        }
    }
}
