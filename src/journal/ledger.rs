//! What a scheduler wrote: `<state>/schedule/ledger.jsonl`, one decision a line, each on disk before it is acted on. One
//! scheduler at a time holds it. It decides nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::writer::{private_folder, sync_folder};
use super::{JournalError, StateDir};
use crate::calendar::{Book, Entered};
use crate::lock;

/// So many lines are kept before the file is written anew with the gist of them.
const LINES: usize = 10_000;

/// The decisions of the one scheduler of a state folder.
pub struct Ledger {
    path: PathBuf,
    file: File,
    /// Goes with this process, however that ends.
    _lock: File,
    book: Book,
    lines: usize,
    /// After a failure nothing is written any more: the disk and we no longer agree.
    failed: bool,
}

impl Ledger {
    /// Takes the ledger of a state folder; none when another scheduler holds it. A torn last line is cut off.
    ///
    /// # Errors
    /// When it cannot be read or written, or a line is not what a scheduler wrote.
    pub fn take(state: &StateDir) -> Result<Option<Ledger>, JournalError> {
        let path = file_of(state);
        let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        private_folder(&folder)?;
        let held = folder.join("lock");
        let fail = JournalError::unwritable(&held);
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&held);
        let held_by_us = open.map_err(&fail)?;
        if !lock::hold(&held_by_us).map_err(&fail)? {
            return Ok(None);
        }
        let (book, lines, whole) = read(&path)?;
        let fail = JournalError::unwritable(&path);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(&fail)?;
        file.set_len(whole as u64).and_then(|()| file.sync_data()).map_err(&fail)?;
        sync_folder(&folder)?;
        Ok(Some(Ledger { path: path.clone(), file, _lock: held_by_us, book, lines, failed: false }))
    }

    /// What was decided so far, without taking the ledger.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look(state: &StateDir) -> Result<Book, JournalError> {
        Ok(read(&file_of(state))?.0)
    }

    /// What was decided so far.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Writes a decision; it is on disk before this returns.
    ///
    /// # Errors
    /// When the disk says no; nothing is written after that.
    pub fn write(&mut self, entered: &Entered) -> Result<(), JournalError> {
        let fail = JournalError::unwritable(&self.path);
        if self.failed {
            return Err(fail(io::Error::other("an earlier line could not be written")));
        }
        let line = line(entered).map_err(&fail)?;
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        self.failed = written.is_err();
        written.map_err(&fail)?;
        self.book.fold(entered);
        self.lines += 1;
        Ok(())
    }

    /// Writes the file anew with the gist of it once it has grown long; schedules that `keep` does not want are
    /// forgotten.
    ///
    /// # Errors
    /// When the disk says no; the old file then stays.
    pub fn tidy(&mut self, at: jiff::Timestamp, keep: impl Fn(&str) -> bool) -> Result<(), JournalError> {
        if self.lines < LINES {
            return Ok(());
        }
        let gist = self.book.gist(at, keep);
        let beside = self.path.with_extension("new");
        let fail = JournalError::unwritable(&beside);
        let mut text = Vec::new();
        for entered in &gist {
            text.extend(line(entered).map_err(&fail)?);
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .map_err(&fail)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(&fail)?;
        fs::rename(&beside, &self.path).map_err(JournalError::unwritable(&self.path))?;
        sync_folder(self.path.parent().unwrap_or(Path::new("/")))?;
        self.file =
            OpenOptions::new().append(true).open(&self.path).map_err(JournalError::unwritable(&self.path))?;
        self.book = Book::default();
        gist.iter().for_each(|entered| self.book.fold(entered));
        self.lines = gist.len();
        Ok(())
    }
}

fn file_of(state: &StateDir) -> PathBuf {
    state.path().join("schedule").join("ledger.jsonl")
}

fn line(entered: &Entered) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entered)?;
    line.push(b'\n');
    Ok(line)
}

/// The book, its lines, and the length of the whole lines in bytes.
fn read(path: &Path) -> Result<(Book, usize, usize), JournalError> {
    let text = match fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((Book::default(), 0, 0)),
        other => other.map_err(JournalError::unreadable(path))?,
    };
    let whole = memchr::memrchr(b'\n', &text).map_or(0, |i| i + 1);
    let mut book = Book::default();
    let mut lines = 0;
    for raw in text[..whole].split_inclusive(|b| *b == b'\n') {
        lines += 1;
        let entered: Entered = serde_json::from_slice(raw).map_err(|e| JournalError::BadLine {
            path: path.to_path_buf(),
            line: lines,
            reason: e.to_string(),
        })?;
        book.fold(&entered);
    }
    Ok((book, lines, whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::RunId;
    use crate::calendar::Fact;

    fn entered(n: i64, fact: Fact) -> Entered {
        let at = jiff::Timestamp::from_second(n).expect("a moment");
        Entered { at, schedule: "shop/daily \"0 2 * * *\"".into(), fact }
    }

    #[test]
    fn a_ledger_is_held_by_one_and_read_by_all_and_a_torn_line_is_dropped() {
        let dir = tempfile::tempdir().expect("a folder");
        let state = StateDir::new(dir.path());
        let mut ledger = Ledger::take(&state).expect("written").expect("free");
        assert!(Ledger::take(&state).expect("read").is_none());
        let at = jiff::Timestamp::from_second(60).expect("a moment");
        let run = RunId::new(at, 7);
        ledger.write(&entered(1, Fact::Known { from: at })).expect("written");
        ledger.write(&entered(61, Fact::Started { planned: at, run })).expect("written");
        let book = ledger.book().clone();
        assert_eq!(Ledger::look(&state).expect("read"), book);
        drop(ledger);
        let path = file_of(&state);
        let mut file = OpenOptions::new().append(true).open(&path).expect("opened");
        file.write_all(b"{\"at\":\"1970-01-01T00").expect("torn");
        let again = Ledger::take(&state).expect("read").expect("free");
        assert_eq!(*again.book(), book);
        assert!(fs::read(&path).expect("read").ends_with(b"}\n"));
        fs::write(&path, "{}\n").expect("written");
        drop(again);
        assert!(matches!(Ledger::take(&state), Err(JournalError::BadLine { line: 1, .. })));
    }

    #[test]
    fn a_long_ledger_is_written_anew_with_its_gist() {
        let dir = tempfile::tempdir().expect("a folder");
        let state = StateDir::new(dir.path());
        let mut ledger = Ledger::take(&state).expect("written").expect("free");
        let at = |n: i64| jiff::Timestamp::from_second(n).expect("a moment");
        ledger.write(&entered(0, Fact::Known { from: at(0) })).expect("written");
        let run = RunId::new(at(60), 7);
        ledger.write(&entered(60, Fact::Started { planned: at(60), run })).expect("written");
        ledger.write(&entered(120, Fact::Waits { planned: at(120) })).expect("written");
        ledger.lines = LINES;
        let book = ledger.book().clone();
        ledger.tidy(at(130), |_| true).expect("written");
        assert_eq!((ledger.book(), ledger.lines), (&book, 3));
        assert_eq!(Ledger::look(&state).expect("read"), book);
        assert!(Ledger::take(&state).expect("read").is_none(), "it is held all the same");
    }
}
