//! What the index keeps of a run, from its journal and from the table. It decides nothing.

use std::collections::BTreeSet;
use std::fs;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::states;
use crate::base::RunId;
use crate::event::Counts;
use crate::journal::{JournalError, Liveness, StateDir, Summary, summary};

/// A run as the index knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
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
    /// `ok`, `warned`, `failed`, `refused`, `cancelled`; `running` and `dead` without an end; `unreadable`.
    pub result: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, if it did.
    pub ended: Option<Timestamp>,
    /// From its start to its end, or to its last fact so far.
    pub seconds: f64,
    /// How many steps ended how; known at its end.
    pub counts: Option<Counts>,
    /// Why it cannot be read.
    pub error: Option<String>,
}

/// A run with what only the table needs.
pub(super) struct Entry {
    pub row: Row,
    pub number: i64,
    /// The length of its journal in bytes: another one means that the run was gone on with.
    pub length: i64,
    /// The steps without items, with each state that they ended in.
    pub steps: BTreeSet<(String, &'static str)>,
    pub finished: bool,
}

impl Entry {
    /// From a run's folder.
    pub fn of(state: &StateDir, number: i64) -> Option<Entry> {
        let run = RunId::of_number(number)?;
        let folder = state.run(&run);
        // The length first: what is written after this makes another one.
        let length = fs::metadata(folder.journal()).map_or(0, |m| m.len() as i64);
        let gist = match summary(&folder) {
            Ok(gist) => gist,
            Err(e) => return Some(unreadable(run, number, length, &e)),
        };
        let finished = gist.liveness == Liveness::Finished;
        let steps = match states::of(&folder, gist.liveness) {
            Ok(steps) => steps,
            Err(e) => return Some(unreadable(run, number, length, &e)),
        };
        Some(Entry { row: row(run, gist), number, length, steps, finished })
    }

    /// Writes it into the tables.
    pub fn insert(&self, db: &Connection) -> rusqlite::Result<()> {
        let Row {
            playbook,
            title,
            environment,
            operator,
            result,
            started,
            ended,
            seconds,
            counts,
            error,
            ..
        } = &self.row;
        let named = !playbook.starts_with(['/', '.']);
        let system = playbook.split_once('/').filter(|_| named).map(|(system, _)| system);
        let name = playbook.rsplit('/').next();
        let counts = counts.as_ref().and_then(|c| serde_json::to_string(c).ok());
        db.prepare_cached(
            "INSERT OR REPLACE INTO runs (no, system, playbook, name, title, environment, operator, result, started,
             ended, seconds, counts, error, length) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            self.number,
            system,
            playbook,
            name,
            title,
            environment,
            operator,
            result,
            started.as_millisecond(),
            ended.map(|at| at.as_millisecond()),
            seconds,
            counts,
            error,
            self.length
        ])?;
        for (step, state) in &self.steps {
            let word = word(db, step)?;
            db.prepare_cached("INSERT OR REPLACE INTO steps (step, run, state) VALUES (?1, ?2, ?3)")?
                .execute(params![word, self.number, state])?;
        }
        Ok(())
    }
}

/// The number of a step's name.
fn word(db: &Connection, step: &str) -> rusqlite::Result<i64> {
    let known = db
        .prepare_cached("SELECT id FROM words WHERE word = ?1")?
        .query_row([step], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    db.prepare_cached("INSERT INTO words (word) VALUES (?1)")?.insert([step])
}

/// A row of the table `runs`, with its number and the length of its journal.
pub(super) fn from_table(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, i64, Row)> {
    let number: i64 = row.get("no")?;
    let time = |name: &str| -> rusqlite::Result<Option<Timestamp>> {
        let millis: Option<i64> = row.get(name)?;
        Ok(millis.and_then(|m| Timestamp::from_millisecond(m).ok()))
    };
    let counts: Option<String> = row.get("counts")?;
    let run = RunId::of_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, number))?;
    let found = Row {
        run,
        playbook: row.get("playbook")?,
        title: row.get("title")?,
        environment: row.get("environment")?,
        operator: row.get("operator")?,
        result: row.get("result")?,
        started: time("started")?.unwrap_or_default(),
        ended: time("ended")?,
        seconds: row.get("seconds")?,
        counts: counts.and_then(|text| serde_json::from_str(&text).ok()),
        error: row.get("error")?,
    };
    Ok((number, row.get("length")?, found))
}

fn row(run: RunId, gist: Summary) -> Row {
    let result = match (gist.outcome, gist.liveness) {
        (Some(outcome), _) => outcome.word(),
        (None, Liveness::Running) => "running",
        (None, _) => "dead",
    };
    Row {
        run,
        playbook: gist.playbook,
        title: gist.title,
        environment: gist.environment,
        operator: gist.operator,
        result: result.to_string(),
        started: gist.started,
        ended: gist.ended,
        seconds: gist.seconds,
        counts: gist.counts,
        error: None,
    }
}

fn unreadable(run: RunId, number: i64, length: i64, error: &JournalError) -> Entry {
    let started = Timestamp::from_second(number >> 30).unwrap_or_default();
    let row = Row {
        run,
        playbook: String::new(),
        title: String::new(),
        environment: None,
        operator: String::new(),
        result: "unreadable".to_string(),
        started,
        ended: None,
        seconds: 0.0,
        counts: None,
        error: Some(error.to_string()),
    };
    Entry { row, number, length, steps: BTreeSet::new(), finished: false }
}
