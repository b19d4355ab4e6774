//! The database file: opened, made anew, or done without. It knows nothing of what stands in journals.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::filter::Filter;
use super::row::{Entry, Row};
use super::sync::{Listing, sync};
use crate::base::RunId;
use crate::journal::{JournalError, StateDir};

/// Written into the file's head; another one means other tables.
const VERSION: i32 = 1;
/// "Tbn1": the file is ours.
const APPLICATION: i32 = 0x5462_6e31;
/// How long another process may write.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the end of a run waits for that: whoever asks next finds the run all the same.
const HURRY: Duration = Duration::from_millis(200);

const TABLES: &str = "
CREATE TABLE runs (no INTEGER PRIMARY KEY, system TEXT, playbook TEXT NOT NULL, name TEXT, title TEXT NOT NULL,
  environment TEXT, operator TEXT NOT NULL, result TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER,
  seconds REAL NOT NULL, counts TEXT, error TEXT, length INTEGER NOT NULL) STRICT;
CREATE INDEX runs_system ON runs (system);
CREATE INDEX runs_playbook ON runs (playbook);
CREATE INDEX runs_name ON runs (name);
CREATE INDEX runs_environment ON runs (environment);
CREATE INDEX runs_operator ON runs (operator);
CREATE INDEX runs_result ON runs (result);
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE steps (step INTEGER NOT NULL, run INTEGER NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (step, run, state)) STRICT, WITHOUT ROWID;
CREATE TABLE open (no INTEGER PRIMARY KEY) STRICT;
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
";

/// The newest runs that a filter lets through, up to `limit`, as their journals have them now.
///
/// # Errors
/// When the folder of the runs cannot be read.
pub fn select(state: &StateDir, filter: &Filter, limit: usize) -> Result<Vec<Row>, JournalError> {
    let path = file(state);
    let listing = Listing::of(state)?;
    if listing.is_none() {
        return Ok(Vec::new());
    }
    let ask = |db: Connection| ask(db, state, listing.as_ref(), filter, limit);
    let answer = match open(&path).and_then(ask) {
        Err(e) if is_not_ours(&e) => {
            tracing::debug!("the index cannot be written: {e}");
            borrowed(&path).and_then(ask)
        }
        Err(e) => {
            tracing::debug!("the index is made anew: {e}");
            discard(&path).and_then(|()| ask(open(&path)?))
        }
        answer => answer,
    };
    // Without any file, all journals are read.
    let answer = answer.or_else(|_| ask(memory()?));
    answer.map_err(|e| JournalError::Unreadable { path: path.clone(), error: io::Error::other(e) })
}

/// Whether the trouble is that the file cannot be written by us, or not now; it may be as it should be.
fn is_not_ours(e: &rusqlite::Error) -> bool {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, PermissionDenied, ReadOnly, SystemIoFailure,
    };
    let codes =
        [CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, PermissionDenied, ReadOnly, SystemIoFailure];
    matches!(e, rusqlite::Error::InvalidPath(_)) || e.sqlite_error_code().is_some_and(|c| codes.contains(&c))
}

/// Puts a run that has just ended into the index, where there is one: the next question then has less to read.
/// Whoever asks finds it without this too.
pub fn note(state: &StateDir, id: &RunId) {
    let path = file(state);
    let noted = || -> rusqlite::Result<()> {
        let (true, Some(number)) = (path.exists(), id.number()) else { return Ok(()) };
        let db = open(&path)?;
        db.busy_timeout(HURRY)?;
        let Some(entry) = Entry::of(state, number).filter(|e| e.finished) else { return Ok(()) };
        db.execute_batch("BEGIN IMMEDIATE")?;
        db.execute("DELETE FROM open WHERE no = ?1", [number])?;
        entry.insert(&db)?;
        db.execute_batch("COMMIT")
    };
    if let Err(e) = noted() {
        tracing::debug!("the index was not told of {id}: {e}");
    }
}

fn ask(
    mut db: Connection,
    state: &StateDir,
    listing: Option<&Listing>,
    filter: &Filter,
    limit: usize,
) -> rusqlite::Result<Vec<Row>> {
    loop {
        let live = memory()?;
        sync(&mut db, &live, state, listing)?;
        let known = filter.query(&db, limit)?;
        let gone_on: Vec<i64> =
            known.iter().filter(|(_, length, row)| !is_as_it_was(state, *length, row)).map(|k| k.0).collect();
        if !gone_on.is_empty() {
            super::sync::reopen(&mut db, &gone_on)?;
            continue;
        }
        let mut rows = known;
        rows.extend(filter.query(&live, limit)?);
        rows.sort_by_key(|(number, ..)| std::cmp::Reverse(*number));
        // A run that ended in between is in both.
        rows.dedup_by_key(|(number, ..)| *number);
        rows.truncate(limit);
        return Ok(rows.into_iter().map(|(_, _, row)| row).collect());
    }
}

fn is_as_it_was(state: &StateDir, length: i64, row: &Row) -> bool {
    fs::metadata(state.run(&row.run).journal()).is_ok_and(|m| m.len() as i64 == length)
}

/// Where the index is.
pub(super) fn file(state: &StateDir) -> PathBuf {
    state.path().join("index.db")
}

/// The index in its file, made where there is none; an error where it is damaged, of another version, or not ours to
/// write.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let made = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
    made.map_err(|_| rusqlite::Error::InvalidPath(path.to_path_buf()))?;
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.busy_timeout(PATIENCE)?;
    // What a power cut takes is read from the journals again.
    db.pragma_update(None, "synchronous", "OFF")?;
    if is_current(&db)? {
        return Ok(db);
    }
    db.execute_batch("BEGIN EXCLUSIVE")?;
    // Another process may have made it meanwhile.
    if !is_current(&db)? {
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 {
            return Err(rusqlite::Error::InvalidQuery);
        }
        make(&db)?;
    }
    db.execute_batch("COMMIT")?;
    Ok(db)
}

fn is_current(db: &Connection) -> rusqlite::Result<bool> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    Ok(number("user_version")? == VERSION && number("application_id")? == APPLICATION)
}

fn make(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(TABLES)?;
    db.pragma_update(None, "application_id", APPLICATION)?;
    db.pragma_update(None, "user_version", VERSION)
}

/// An index in memory, with nothing in it.
fn memory() -> rusqlite::Result<Connection> {
    let db = Connection::open_in_memory()?;
    make(&db)?;
    Ok(db)
}

/// A copy in memory of an index that cannot be written.
fn borrowed(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let there = Connection::open_with_flags(path, flags)?;
    there.busy_timeout(PATIENCE)?;
    if !is_current(&there)? {
        return Err(rusqlite::Error::InvalidQuery);
    }
    let mut here = Connection::open_in_memory()?;
    rusqlite::backup::Backup::new(&there, &mut here)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(here)
}

/// Takes a database away that cannot be used. Somebody who still writes it writes into nothing.
fn discard(path: &Path) -> rusqlite::Result<()> {
    for path in [path.to_path_buf(), path.with_extension("db-journal")] {
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(rusqlite::Error::InvalidPath(path)),
            _ => {}
        }
    }
    Ok(())
}
