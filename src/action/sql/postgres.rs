//! A session on PostgreSQL.
//!
//! Rows are always asked for as text, which every type has. The protocol that binds values has only binary rows in
//! this driver, so a statement with values is prepared on the server by name, its values are handed over by
//! `set_config($1)` as true parameters, and it is executed with expressions that read them back and cast them to
//! the types the server found. No value is ever part of a statement's text, nor of a server's error log.

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, Row, SqlSafeStr, Statement as _,
};

use super::drive::{Canceller, Force, Session};
use super::notices::Notices;
use super::postgres_bind as bind;
use super::postgres_value::{Kinds, lookup};
use super::result::ResultSet;
use super::statement::Statement;
use super::trouble::Trouble;

/// A connection, with what it takes to stop it from outside.
pub(super) struct Postgres {
    connection: PgConnection,
    options: PgConnectOptions,
    pid: i32,
    notices: Notices,
    in_transaction: bool,
}

/// Rows as the server wrote them.
#[derive(Default)]
struct Raw {
    columns: Vec<(String, u32)>,
    rows: Vec<Vec<Option<String>>>,
    touched: u64,
    set: ResultSet,
}

const PREPARE: &str = "PREPARE toban_statement";

impl Postgres {
    /// Connects. Times are shown in `zone`, else in UTC. After `guard` milliseconds (and a little more) the server
    /// ends a statement by itself, also when the engine has died.
    pub async fn open(
        options: PgConnectOptions,
        zone: Option<&str>,
        guard: Option<u64>,
    ) -> Result<Postgres, sqlx::Error> {
        let mut connection = options.connect().await?;
        let guard = guard.map_or(0, |ms| ms.saturating_add(5_000).min(i32::MAX as u64));
        let pid = sqlx::query_scalar(
            "SELECT pg_backend_pid() FROM (SELECT set_config('TimeZone', $1, false), \
             CASE WHEN $2 = '0' THEN '' ELSE set_config('statement_timeout', $2, false) END OFFSET 0) s",
        )
        .bind(zone.unwrap_or("UTC"))
        .bind(guard.to_string())
        .persistent(false)
        .fetch_one(&mut connection)
        .await?;
        // Servers before 14, and those on other systems than Linux, cannot notice that the engine has died.
        let _ = connection.execute("SET client_connection_check_interval = '2s'").await;
        Ok(Postgres { connection, options, pid, notices: Notices::new(), in_transaction: false })
    }

    /// Sends text as it is and takes what comes.
    async fn simple(&mut self, text: &str, statement: &Statement, limit: usize) -> Result<Raw, sqlx::Error> {
        let mut raw = Raw::default();
        let taking = async {
            let mut answers = self.connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(text.to_string())));
            while let Some(answer) = answers.try_next().await? {
                match answer {
                    Either::Left(done) => raw.touched += done.rows_affected(),
                    Either::Right(row) => raw.take(&row, limit)?,
                }
            }
            Ok::<(), sqlx::Error>(())
        };
        self.notices.heard_during(taking).await?;
        if raw.columns.is_empty() && statement.may_give_rows() {
            self.describe(text, &mut raw).await;
        }
        Ok(raw)
    }

    /// The columns of a result without rows; a statement that cannot be described has none.
    async fn describe(&mut self, text: &str, raw: &mut Raw) {
        let sql = AssertSqlSafe(text.to_string()).into_sql_str();
        if let Ok(prepared) = self.connection.prepare(sql).await {
            raw.columns = prepared.columns().iter().map(|c| (c.name().to_string(), 0)).collect();
        }
    }

    /// Sends a statement whose values the server takes as parameters.
    async fn prepared(&mut self, statement: &Statement, limit: usize) -> Result<Raw, Trouble> {
        let types = self.prepare(statement).await?;
        let wrong = |e: sqlx::Error| Trouble { at: None, ..Trouble::from(e) };
        let values = bind::values(statement, &types)?;
        for (from, chunk) in values.chunks(bind::CHUNK).enumerate() {
            let text = bind::hand_over(from * bind::CHUNK, chunk.len());
            let query = sqlx::query(AssertSqlSafe(text)).persistent(false);
            let query = chunk.iter().fold(query, |q, value| q.bind(value.clone().unwrap_or_default()));
            query.execute(&mut self.connection).await.map_err(wrong)?;
        }
        let execute = bind::execute(&types, &values);
        let raw = self.simple(&execute, statement, limit).await.map_err(wrong)?;
        self.send("DEALLOCATE toban_statement".to_string()).await.map_err(wrong)?;
        Ok(raw)
    }

    /// Prepares a statement by name; gives the types of its parameters. Where the server cannot tell a type from
    /// the statement, the value's own is declared.
    async fn prepare(&mut self, statement: &Statement) -> Result<Vec<String>, Trouble> {
        let text = statement.sent(bind::dollar);
        let mut declared: Vec<Option<&str>> = vec![None; statement.binds.len()];
        let mut first = None;
        loop {
            self.within("SAVEPOINT toban_prepare").await?;
            let head = bind::prepare_head(PREPARE, &declared);
            let error = match self.send(head.clone() + &text).await {
                Ok(()) => break,
                Err(error) => Trouble::from(error),
            };
            self.within("ROLLBACK TO SAVEPOINT toban_prepare").await?;
            let next = bind::undetermined(&error, statement, &declared);
            let error = first.get_or_insert(placed(error, head.chars().count(), statement));
            match next {
                Some((nth, own)) => declared[nth] = Some(own),
                None => return Err(error.clone()),
            }
        }
        self.within("RELEASE SAVEPOINT toban_prepare").await?;
        let found = sqlx::raw_sql(
            "SELECT format_type(t, -1) FROM pg_prepared_statements p, \
             unnest(p.parameter_types) WITH ORDINALITY u(t, n) WHERE p.name = 'toban_statement' ORDER BY n",
        );
        let rows: Vec<PgRow> = self.connection.fetch_all(found).await?;
        Ok(rows.iter().map(|row| row.try_get_unchecked(0).unwrap_or_default()).collect())
    }

    /// Statements that cannot be prepared take literals: quoted and escaped for the encoding that is set here.
    async fn literal(&mut self, statement: &Statement, limit: usize) -> Result<Raw, Trouble> {
        self.send("SET client_encoding TO 'UTF8'".to_string()).await?;
        let text = statement.sent(|i| bind::literal(&statement.binds[i - 1]));
        self.simple(&text, statement, limit).await.map_err(|e| {
            let trouble = Trouble::from(e);
            let spot =
                trouble.at.map(|at| Box::new(statement.spot(at, |i| bind::literal(&statement.binds[i - 1]))));
            Trouble { spot, ..trouble }
        })
    }

    /// Has the server look at a statement as far as it does without running it.
    pub async fn try_prepare(&mut self, statement: &Statement) -> Result<(), Trouble> {
        if bind::can_be_prepared(statement) {
            self.begin(true).await?;
            let done = self.prepare(statement).await;
            self.rollback().await?;
            if done.is_ok() {
                self.send("DEALLOCATE toban_statement".to_string()).await?;
            }
            return done.map(drop);
        }
        let text = statement.sent(bind::dollar);
        let done = self.connection.prepare(AssertSqlSafe(text).into_sql_str()).await;
        done.map(drop).map_err(|e| placed(Trouble::from(e), 0, statement))
    }

    async fn send(&mut self, text: String) -> Result<(), sqlx::Error> {
        self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map(|_| ())
    }

    /// Sends a statement that only makes sense within our own transaction.
    async fn within(&mut self, text: &str) -> Result<(), sqlx::Error> {
        if self.in_transaction { self.send(text.to_string()).await } else { Ok(()) }
    }
}

/// The trouble with its place, which the server counts from the start of what was sent.
fn placed(trouble: Trouble, head: usize, statement: &Statement) -> Trouble {
    let at = trouble.at.and_then(|at| at.checked_sub(head));
    let spot = at.map(|at| Box::new(statement.spot(at, bind::dollar)));
    Trouble { at, spot, ..trouble }
}

impl Raw {
    fn take(&mut self, row: &PgRow, limit: usize) -> Result<(), sqlx::Error> {
        if self.columns.is_empty() {
            let oid = |c: &sqlx::postgres::PgColumn| c.type_info().oid().map_or(0, |oid| oid.0);
            self.columns = row.columns().iter().map(|c| (c.name().to_string(), oid(c))).collect();
        }
        let mut values = Vec::with_capacity(self.columns.len());
        for i in 0..self.columns.len() {
            values.push(row.try_get_unchecked::<Option<String>, _>(i)?);
        }
        let bytes = values.iter().flatten().map(|v| v.len() + 8).sum();
        if self.set.take(bytes, limit) {
            self.rows.push(values);
        }
        Ok(())
    }
}

impl Session for Postgres {
    async fn begin(&mut self, read_only: bool) -> Result<(), Trouble> {
        if read_only {
            // A transaction after this one, whoever begins it, is held as well.
            self.send("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY".to_string()).await?;
        }
        let text = if read_only { "BEGIN TRANSACTION READ ONLY" } else { "BEGIN" };
        self.send(text.to_string()).await?;
        self.in_transaction = true;
        Ok(())
    }

    async fn run(&mut self, statement: &Statement, limit: usize) -> Result<ResultSet, Trouble> {
        let raw = if statement.binds.is_empty() {
            let text = statement.sent(bind::dollar);
            self.simple(&text, statement, limit).await.map_err(|e| placed(Trouble::from(e), 0, statement))?
        } else if bind::can_be_prepared(statement) {
            self.prepared(statement, limit).await?
        } else {
            self.literal(statement, limit).await?
        };
        let kinds = match lookup(raw.columns.iter().map(|c| c.1)) {
            Some(query) => {
                let rows = self.connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(query))).await?;
                Kinds::new(&rows)
            }
            None => Kinds::default(),
        };
        let mut set = raw.set;
        set.name(raw.columns.iter().map(|c| c.0.as_str()));
        set.affected = if statement.changes_rows() { raw.touched } else { 0 };
        for row in raw.rows {
            let values = row.into_iter().zip(&raw.columns);
            set.push(values.map(|(text, column)| kinds.value(column.1, text)).collect());
        }
        Ok(set)
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        self.in_transaction = false;
        Ok(self.send("COMMIT".to_string()).await?)
    }

    async fn rollback(&mut self) -> Result<(), Trouble> {
        self.in_transaction = false;
        Ok(self.send("ROLLBACK".to_string()).await?)
    }

    fn canceller(&self) -> Canceller {
        let (options, pid) = (self.options.clone(), self.pid);
        Box::new(move |force| {
            let options = options.clone();
            Box::pin(async move {
                let Ok(mut second) = options.connect().await else { return };
                let text = match force {
                    Force::Cancel => "SELECT pg_cancel_backend($1)",
                    Force::Terminate => "SELECT pg_terminate_backend($1)",
                };
                let _ = sqlx::query(text).bind(pid).execute(&mut second).await;
                let _ = second.close().await;
            })
        })
    }

    fn notices(&mut self) -> Vec<String> {
        self.notices.take()
    }

    fn commits_by_itself(&self, _: &Statement) -> bool {
        false
    }

    async fn close(self) {
        let _ = self.connection.close().await;
    }
}
