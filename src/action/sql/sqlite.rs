//! A session on SQLite. The library blocks, so each call runs on a thread for blocking work; an interrupt and a
//! flag reach it there. A reading session opens the file read-only and has an authorizer that lets nothing else by.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, InterruptHandle, OpenFlags};
use serde_json::{Value, json};

use super::drive::{Canceller, Session};
use super::result::{ResultSet, document, float, hex};
use super::statement::{Statement, bind_text};
use super::trouble::Trouble;
use crate::event::Failure;
use crate::model::Bind;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(30);
const BUSY_STEP: Duration = Duration::from_millis(20);

thread_local! {
    /// Says to the wait for another process, which the library calls without any context, when to give up.
    static STOPPED: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// An open database; away while a call is under way.
pub(super) struct Sqlite {
    connection: Option<Connection>,
    interrupt: Arc<InterruptHandle>,
    stopped: Arc<AtomicBool>,
}

impl Sqlite {
    /// Opens a file, or a database in memory. A missing file is made, unless it is only to be read.
    /// With `traceless`, no file appears beside one that is read.
    pub async fn open(path: Option<PathBuf>, read_only: bool, traceless: bool) -> Result<Sqlite, Failure> {
        let stopped = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stopped);
        let opened = tokio::task::spawn_blocking(move || opened(path, read_only, traceless, flag)).await;
        let connection = opened.unwrap_or_else(|e| Err(Failure::Unavailable { message: e.to_string() }))?;
        let interrupt = Arc::new(connection.get_interrupt_handle());
        Ok(Sqlite { connection: Some(connection), interrupt, stopped })
    }

    async fn call<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, Trouble> {
        let Some(connection) = self.connection.take() else { return Err(gone()) };
        let flag = Arc::clone(&self.stopped);
        let called = tokio::task::spawn_blocking(move || {
            STOPPED.with_borrow_mut(|stopped| *stopped = Some(flag));
            let done = work(&connection);
            (connection, done)
        });
        let (connection, done) = called.await.map_err(|_| gone())?;
        self.connection = Some(connection);
        done.map_err(|e| trouble(&e))
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.interrupt.interrupt();
    }
}

fn gone() -> Trouble {
    Trouble::new(crate::t!("SQLite stopped working", "SQLite が動作を停止しました"))
}

fn trouble(error: &rusqlite::Error) -> Trouble {
    match error {
        rusqlite::Error::SqliteFailure(code, said) => {
            let message = said.clone().unwrap_or_else(|| code.to_string());
            Trouble { code: Some(format!("SQLite {}", code.extended_code)), ..Trouble::new(message) }
        }
        rusqlite::Error::SqlInputError { error, msg, sql, offset } => Trouble {
            code: Some(format!("SQLite {}", error.extended_code)),
            at: usize::try_from(*offset)
                .ok()
                .and_then(|at| sql.get(..at))
                .map(|before| before.chars().count()),
            ..Trouble::new(msg.clone())
        },
        rusqlite::Error::MultipleStatement => {
            Trouble::new(crate::t!("more than one statement", "文が二つ以上あります"))
        }
        other => Trouble::new(other.to_string()),
    }
}

fn opened(
    path: Option<PathBuf>,
    read_only: bool,
    traceless: bool,
    stopped: Arc<AtomicBool>,
) -> Result<Connection, Failure> {
    let shown = path.as_ref().map_or_else(|| ":memory:".to_string(), |p| p.display().to_string());
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags |= match (&path, read_only) {
        (Some(_), true) => OpenFlags::SQLITE_OPEN_READ_ONLY,
        _ => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    if let Some(path) = path.as_ref().filter(|p| read_only && !p.exists()) {
        let shown = path.display();
        return Err(Failure::Unavailable {
            message: crate::t!(
                "there is no database file {shown}, and a reading step makes none",
                "データベースファイル {shown} がありません(読み取りの手順では作成しません)"
            ),
        });
    }
    let cannot = |e: rusqlite::Error| {
        let said = trouble(&e).text();
        Failure::Unavailable {
            message: crate::t!("{shown} cannot be opened: {said}", "{shown} を開けません: {said}"),
        }
    };
    let connection = match path {
        Some(path) if traceless => only_look(&path, flags),
        Some(path) => Connection::open_with_flags(path, flags),
        None => Connection::open_in_memory_with_flags(flags),
    }
    .map_err(cannot)?;
    prepare_session(&connection, read_only, stopped).map_err(cannot)?;
    Ok(connection)
}

/// Opens a file for reading so that none appears beside it. A database with a log for writing ahead gets two files when
/// it is opened, also for reading only; where there is no such log now, nobody writes, and the file is taken as it is.
fn only_look(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    if log.exists() || !writes_ahead(path) {
        return Connection::open_with_flags(path, flags);
    }
    let bytes = path.as_os_str().as_encoded_bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/-_.~".contains(b);
    let quoted: String = bytes
        .iter()
        .map(|b| if plain(b) { char::from(*b).to_string() } else { format!("%{b:02X}") })
        .collect();
    let address = format!("file:{quoted}?immutable=1");
    Connection::open_with_flags(address, flags | OpenFlags::SQLITE_OPEN_URI)
}

/// Whether a database has a log for writing ahead: two bytes of its head say so.
/// Source: <https://www.sqlite.org/fileformat2.html#file_format_version_numbers>.
fn writes_ahead(path: &Path) -> bool {
    let mut head = [0; 20];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    read.is_ok() && head[18..] == [2, 2]
}

/// Compiles a statement and runs none of it. A pragma may act while it is compiled: none is let by.
pub(super) async fn only_prepare(path: Option<PathBuf>, sql: String) -> Result<(), Trouble> {
    let compiled = tokio::task::spawn_blocking(move || {
        let connection = match path {
            Some(path) => only_look(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
            None => Connection::open_in_memory()?,
        };
        connection.authorizer(Some(|asked: AuthContext<'_>| match asked.action {
            AuthAction::Pragma { .. } | AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
                Authorization::Deny
            }
            _ => Authorization::Allow,
        }))?;
        connection.prepare(&sql).map(drop)
    });
    compiled.await.map_err(|_| gone())?.map_err(|e| trouble(&e))
}

fn prepare_session(
    connection: &Connection,
    read_only: bool,
    stopped: Arc<AtomicBool>,
) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait_for_others))?;
    connection.progress_handler(1_000, Some(move || stopped.load(Ordering::Relaxed)))?;
    if read_only {
        connection.pragma_update(None, "query_only", true)?;
        connection.authorizer(Some(|asked: AuthContext<'_>| reads_only(&asked)))?;
    }
    Ok(())
}

fn wait_for_others(waits: i32) -> bool {
    let stopped = STOPPED.with_borrow(|s| s.as_ref().is_some_and(|s| s.load(Ordering::Relaxed)));
    let waited = BUSY_STEP * u32::try_from(waits).unwrap_or(0);
    if stopped || waited > BUSY {
        return false;
    }
    std::thread::sleep(BUSY_STEP);
    true
}

/// The second wall behind the allow-list of statements.
fn reads_only(asked: &AuthContext<'_>) -> Authorization {
    match asked.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Recursive
        | AuthAction::Function { .. }
        | AuthAction::Pragma { .. }
        | AuthAction::Transaction { .. } => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

/// Runs one statement on the blocking thread.
fn run(connection: &Connection, text: &str, binds: &[Bind], limit: usize) -> rusqlite::Result<ResultSet> {
    let mut set = ResultSet::default();
    let mut statement = connection.prepare(text)?;
    for (i, bind) in binds.iter().enumerate() {
        statement.raw_bind_parameter(i + 1, bound(bind))?;
    }
    set.name(statement.column_names().into_iter());
    let types: Vec<String> =
        statement.columns().iter().map(|c| c.decl_type().unwrap_or_default().to_ascii_uppercase()).collect();
    let before = connection.total_changes();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(types.len());
        for (i, declared) in types.iter().enumerate() {
            values.push(value(row.get_ref(i)?, declared));
        }
        let bytes = values.iter().map(|v| v.as_str().map_or(8, str::len) + 8).sum();
        if set.take(bytes, limit) {
            set.push(values);
        }
    }
    set.affected = if connection.total_changes() > before { connection.changes() } else { 0 };
    Ok(set)
}

fn bound(bind: &Bind) -> ToSqlOutput<'static> {
    let owned = match bind {
        Bind::Plain(Value::Null) => rusqlite::types::Value::Null,
        Bind::Plain(Value::Bool(yes)) => rusqlite::types::Value::Integer(i64::from(*yes)),
        Bind::Plain(Value::Number(n)) => match (n.as_i64(), n.as_f64()) {
            (Some(whole), _) => rusqlite::types::Value::Integer(whole),
            (None, Some(f)) if n.is_f64() && f.fract() == 0.0 && f.abs() < 9e15 => {
                rusqlite::types::Value::Integer(f as i64)
            }
            (None, float) => rusqlite::types::Value::Real(float.unwrap_or_default()),
        },
        other => rusqlite::types::Value::Text(bind_text(other).unwrap_or_default()),
    };
    ToSqlOutput::Owned(owned)
}

/// A value, by what it is; the declared type of its column says only whether 0 and 1 are false and true, and
/// whether a text is JSON.
fn value(value: ValueRef<'_>, declared: &str) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n @ (0 | 1)) if matches!(declared, "BOOLEAN" | "BOOL") => json!(n == 1),
        ValueRef::Integer(n) => json!(n),
        ValueRef::Real(n) => float(n),
        ValueRef::Text(text) if declared == "JSON" => document(&String::from_utf8_lossy(text)),
        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => hex(bytes),
    }
}

impl Session for Sqlite {
    async fn begin(&mut self, read_only: bool) -> Result<(), Trouble> {
        // Taking the lock for writing at once spares a script that reads first from failing half way.
        let text = if read_only { "BEGIN" } else { "BEGIN IMMEDIATE" };
        self.call(move |c| c.execute_batch(text)).await
    }

    async fn run(&mut self, statement: &Statement, limit: usize) -> Result<ResultSet, Trouble> {
        let text = statement.sent(|i| format!("?{i}"));
        let binds = statement.binds.clone();
        self.call(move |c| run(c, &text, &binds, limit)).await.map_err(|trouble| Trouble {
            spot: trouble.at.map(|at| Box::new(statement.spot(at, |i| format!("?{i}")))),
            ..trouble
        })
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        self.call(|c| c.execute_batch("COMMIT")).await
    }

    async fn rollback(&mut self) -> Result<(), Trouble> {
        // Some errors have ended the transaction already.
        self.call(|c| if c.is_autocommit() { Ok(()) } else { c.execute_batch("ROLLBACK") }).await
    }

    fn canceller(&self) -> Canceller {
        let (interrupt, stopped) = (Arc::clone(&self.interrupt), Arc::clone(&self.stopped));
        Box::new(move |_| {
            stopped.store(true, Ordering::Relaxed);
            interrupt.interrupt();
            Box::pin(std::future::ready(()))
        })
    }

    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn commits_by_itself(&self, _: &Statement) -> bool {
        false
    }

    async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = tokio::task::spawn_blocking(move || drop(connection)).await;
        }
    }
}
