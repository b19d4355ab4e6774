//! Brings the index up to date with the folder of the runs. It answers no question.
//!
//! The folder is listed only when its time of change is another than at the last listing. Runs without an end are read
//! anew each time, into a database of their own, since they go on without telling.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension};

use super::row::Entry;
use crate::base::RunId;
use crate::journal::{JournalError, StateDir};
use crate::process::boot_id;

/// A folder that changed so lately could change again without another time.
const SETTLED: Duration = Duration::from_secs(2);
/// So many runs are read before they are written.
const CHUNK: usize = 2048;
/// From so many new runs on, the database counts anew what its indexes are worth.
const MANY: usize = 1000;

/// When the folder of the runs was last changed.
pub(super) struct Listing {
    changed: String,
    settled: bool,
}

impl Listing {
    /// None where there is no such folder.
    pub fn of(state: &StateDir) -> Result<Option<Listing>, JournalError> {
        let folder = state.path().join("runs");
        let changed = match fs::metadata(&folder).and_then(|m| m.modified()) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(JournalError::unreadable(&folder))?,
        };
        let settled = SystemTime::now().duration_since(changed).is_ok_and(|age| age > SETTLED);
        let changed = changed.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string();
        Ok(Some(Listing { changed, settled }))
    }
}

/// Everything that ended is in `db` then, everything else in `live`.
pub(super) fn sync(
    db: &mut Connection,
    live: &Connection,
    state: &StateDir,
    listing: Option<&Listing>,
) -> rusqlite::Result<()> {
    let boot = boot_id();
    let same_boot = fact(db, "boot")?.as_deref() == Some(&boot);
    if !same_boot {
        // Nothing was synced: after a power cut the file may be anything.
        check(db)?;
    }
    let is_listed =
        listing.is_some_and(|l| fact(db, "listed").is_ok_and(|known| known.as_deref() == Some(&l.changed)));
    let open = numbers(db, "SELECT no FROM open")?;
    let (new, gone) =
        if is_listed && same_boot { (Vec::new(), Vec::new()) } else { compare(db, state, &open)? };
    let open: Vec<i64> = open.into_iter().filter(|n| !gone.contains(n)).collect();
    let open = entries(state, &open);
    open.iter().filter(|e| !e.finished).try_for_each(|e| e.insert(live))?;
    let ended: Vec<&Entry> = open.iter().filter(|e| e.finished).collect();
    let settled = listing.filter(|l| l.settled && !is_listed);
    if new.is_empty() && gone.is_empty() && ended.is_empty() && settled.is_none() && same_boot {
        return Ok(());
    }
    let write = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    remove(&write, &gone)?;
    for entry in ended {
        write.execute("DELETE FROM open WHERE no = ?1", [entry.number])?;
        entry.insert(&write)?;
    }
    for chunk in new.chunks(CHUNK) {
        for entry in entries(state, chunk) {
            if entry.finished {
                entry.insert(&write)?;
            } else {
                write.execute("INSERT OR IGNORE INTO open (no) VALUES (?1)", [entry.number])?;
                entry.insert(live)?;
            }
        }
    }
    if let Some(listing) = settled {
        set(&write, "listed", &listing.changed)?;
    }
    set(&write, "boot", &boot)?;
    if new.len() >= MANY {
        write.execute_batch("ANALYZE")?;
    }
    write.commit()
}

/// These runs were gone on with after they had ended: they are read anew.
pub(super) fn reopen(db: &mut Connection, numbers: &[i64]) -> rusqlite::Result<()> {
    let write = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    remove(&write, numbers)?;
    for number in numbers {
        write.execute("INSERT OR IGNORE INTO open (no) VALUES (?1)", [number])?;
    }
    write.commit()
}

fn check(db: &Connection) -> rusqlite::Result<()> {
    let found: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(rusqlite::Error::InvalidQuery) }
}

/// The runs that the index does not know, and those that are no longer there.
fn compare(db: &Connection, state: &StateDir, open: &[i64]) -> rusqlite::Result<(Vec<i64>, Vec<i64>)> {
    let failed = |e: JournalError| rusqlite::Error::ToSqlConversionFailure(Box::new(e));
    let there: HashSet<i64> = state.runs().map_err(failed)?.iter().filter_map(RunId::number).collect();
    let mut known: HashSet<i64> = numbers(db, "SELECT no FROM runs")?.into_iter().collect();
    known.extend(open);
    let mut new: Vec<i64> = there.difference(&known).copied().collect();
    new.sort_unstable();
    Ok((new, known.difference(&there).copied().collect()))
}

fn remove(db: &Connection, gone: &[i64]) -> rusqlite::Result<()> {
    for number in gone {
        db.prepare_cached("DELETE FROM runs WHERE no = ?1")?.execute([number])?;
        db.prepare_cached("DELETE FROM open WHERE no = ?1")?.execute([number])?;
    }
    if !gone.is_empty() {
        db.execute("DELETE FROM steps WHERE run NOT IN (SELECT no FROM runs)", [])?;
    }
    Ok(())
}

/// Runs from their folders, read side by side.
fn entries(state: &StateDir, numbers: &[i64]) -> Vec<Entry> {
    let workers = thread::available_parallelism().map_or(1, |n| n.get());
    let share = numbers.len().div_ceil(workers).max(16);
    let read =
        |numbers: &[i64]| -> Vec<Entry> { numbers.iter().filter_map(|n| Entry::of(state, *n)).collect() };
    if numbers.len() <= share {
        return read(numbers);
    }
    thread::scope(|scope| {
        let workers: Vec<_> = numbers.chunks(share).map(|part| scope.spawn(move || read(part))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    })
}

fn numbers(db: &Connection, sql: &str) -> rusqlite::Result<Vec<i64>> {
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

fn fact(db: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    db.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0)).optional()
}

fn set(db: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    db.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)", [name, value]).map(drop)
}
