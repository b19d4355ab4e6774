//! The log of one attempt: `2026-03-01T05:00:00.123+09:00 out text`. It does not know what runs.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::JournalError;
use super::lane::Lane;
use super::stamp::Stamper;
use crate::base::{Clock, Masker};
use crate::event::{LogSeal, Stream};

/// So much is gathered before it is written, within one chunk of output.
const BATCH: usize = 256 * 1024;
/// So much of a line is kept for the screen.
const SHOWN: usize = 1024;

/// How a log is written.
#[derive(Clone)]
pub struct LogSetup {
    /// Takes out secrets.
    pub masker: Masker,
    /// The zone of the times.
    pub zone: TimeZone,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// The output itself is kept out; only the engine's notes are written.
    pub sensitive: bool,
}

/// The log of one attempt. Whole lines reach the file with the chunk that ends them.
///
/// A line longer than 64 KiB is broken: its further pieces have a `+` in place of the blank before the text.
pub struct StepLog {
    path: PathBuf,
    file: Option<File>,
    /// Of everything that stands in the file.
    hash: blake3::Hasher,
    out: Lane,
    err: Lane,
    note: Lane,
    stamper: Stamper,
    clock: Arc<dyn Clock>,
    sensitive: bool,
    last: Vec<u8>,
    failure: Option<io::Error>,
}

/// Used only within one call, so that all logs of a thread share it.
#[derive(Default)]
struct Scratch {
    masked: Vec<u8>,
    lines: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl StepLog {
    pub(super) fn new(path: PathBuf, setup: LogSetup) -> StepLog {
        StepLog {
            path,
            file: None,
            hash: blake3::Hasher::new(),
            out: Lane::new(setup.masker.clone()),
            err: Lane::new(setup.masker.clone()),
            note: Lane::new(setup.masker),
            stamper: Stamper::new(setup.zone),
            clock: setup.clock,
            sensitive: setup.sensitive,
            last: Vec::new(),
            failure: None,
        }
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file before there is any output: while a program gets going, nobody waits for that.
    pub fn begin(&mut self) {
        if self.failure.is_none() && self.file.is_none() {
            match open(&self.path, &mut self.hash) {
                Ok(file) => self.file = Some(file),
                Err(e) => self.failure = Some(e),
            }
        }
    }

    /// Takes output as it comes, cut anywhere. What cannot be written is told by [`StepLog::finish`].
    pub fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if self.sensitive && stream != Stream::Note {
            return;
        }
        self.with_lane(stream, |lane, masked, emit| {
            lane.push(bytes, masked, emit);
            if stream == Stream::Note {
                lane.finish(masked, emit);
            }
        });
    }

    /// Whether something could not be written: a run whose records are incomplete should stop.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// The latest line as a screen can show it, also one that has not ended: no escapes, no control characters.
    pub fn last_line(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.last);
        let plain: String =
            console::strip_ansi_codes(&text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let plain = plain.trim_end();
        (!plain.is_empty()).then(|| plain.to_string())
    }

    /// The attempt has ended: lines without an end are written, and a log exists even when there was no output. Gives
    /// what the log is from now on.
    ///
    /// # Errors
    /// When anything of the log could not be written.
    pub fn finish(mut self) -> Result<LogSeal, JournalError> {
        for stream in [Stream::Out, Stream::Err, Stream::Note] {
            self.with_lane(stream, |lane, masked, emit| lane.finish(masked, emit));
        }
        self.begin();
        match self.failure.take() {
            None => Ok(sealed(&self.hash)),
            Some(e) => Err(JournalError::unwritable(&self.path)(e)),
        }
    }

    fn with_lane(
        &mut self,
        stream: Stream,
        work: impl FnOnce(&mut Lane, &mut Vec<u8>, &mut dyn FnMut(&[u8], bool)),
    ) {
        if self.failure.is_some() {
            return;
        }
        let lane = match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
            Stream::Note => &mut self.note,
        };
        let (failure, last) = (&mut self.failure, &mut self.last);
        let mut sheet = Sheet { path: &self.path, file: &mut self.file, hash: &mut self.hash };
        let head = format!("{} {}", self.stamper.at(self.clock.now()), stream.word());
        SCRATCH.with_borrow_mut(|Scratch { masked, lines }| {
            lines.clear();
            let mut latest = 0..0;
            work(lane, masked, &mut |text, goes_on| {
                lines.extend_from_slice(head.as_bytes());
                lines.push(if goes_on { b'+' } else { b' ' });
                if !text.is_empty() {
                    latest = lines.len()..lines.len() + text.len();
                }
                lines.extend_from_slice(text);
                lines.push(b'\n');
                if lines.len() >= BATCH {
                    keep(last, &lines[std::mem::take(&mut latest)]);
                    sheet.put(lines, failure);
                }
            });
            keep(last, &lines[latest]);
            keep(last, lane.partial());
            sheet.put(lines, failure);
        });
    }
}

/// The file of a log, opened at the first byte, and the hash of what stands in it.
struct Sheet<'a> {
    path: &'a Path,
    file: &'a mut Option<File>,
    hash: &'a mut blake3::Hasher,
}

impl Sheet<'_> {
    /// Writes lines; after a failure it only forgets them.
    fn put(&mut self, lines: &mut Vec<u8>, failure: &mut Option<io::Error>) {
        if failure.is_none() && !lines.is_empty() {
            *failure = self.write(lines).err();
        }
        lines.clear();
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            *self.file = Some(open(self.path, self.hash)?);
        }
        self.hash.update(lines);
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(lines))
    }
}

/// Opens a log. What an engine that died left in it is part of it.
fn open(path: &Path, hash: &mut blake3::Hasher) -> io::Result<File> {
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    if file.metadata()?.len() > 0 {
        hash.update_reader(&file)?;
    }
    Ok(file)
}

/// What a log is by the hash of all of it.
pub(super) fn sealed(hash: &blake3::Hasher) -> LogSeal {
    let bytes = hash.count();
    LogSeal { bytes, blake3: if bytes == 0 { String::new() } else { hash.finalize().to_hex().to_string() } }
}

/// Keeps what a terminal would show of a line: what comes after the last return to its beginning.
fn keep(last: &mut Vec<u8>, text: &[u8]) {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let begin = memchr::memrchr(b'\r', text).map_or(0, |i| i + 1);
    let text = &text[begin..];
    if !text.is_empty() {
        last.clear();
        last.extend_from_slice(&text[..text.len().min(SHOWN)]);
    }
}
