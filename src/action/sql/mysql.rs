//! A session on MySQL or MariaDB. Values go as parameters of the binary protocol; statements without values go as
//! text, which every statement of the server takes.

use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::query::Query;
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, Row, SqlSafeStr, Statement as _,
};

use super::drive::{Canceller, Force, Session};
use super::mysql_value::{Wire, Zone, value};
use super::result::ResultSet;
use super::statement::{Statement, bind_text};
use super::trouble::Trouble;
use crate::model::Bind;

/// A connection, with what it takes to stop it from outside.
pub(super) struct MySql {
    connection: MySqlConnection,
    options: MySqlConnectOptions,
    id: u64,
    zone: Zone,
}

impl MySql {
    /// Connects. Times are shown in `zone`, else in UTC.
    pub async fn open(options: MySqlConnectOptions, zone: Option<&str>) -> Result<MySql, sqlx::Error> {
        let mut connection = options.connect().await?;
        let zone = zone.map_or(Zone::utc(), Zone::named);
        let id = sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut connection).await?;
        if connection.execute(sqlx::query("SET time_zone = ?").bind(zone.name())).await.is_err() {
            // A server without the tables of zones knows offsets all the same.
            connection.execute(sqlx::query("SET time_zone = ?").bind(zone.offset_now())).await?;
        }
        Ok(MySql { connection, options, id, zone })
    }

    async fn send(&mut self, text: &'static str) -> Result<(), Trouble> {
        Ok(self.connection.execute(sqlx::raw_sql(text)).await.map(|_| ())?)
    }

    /// The columns of a result without rows.
    async fn describe(&mut self, text: String, set: &mut ResultSet) {
        if let Ok(prepared) = self.connection.prepare(AssertSqlSafe(text).into_sql_str()).await {
            set.name(prepared.columns().iter().map(Column::name));
        }
    }
}

fn bound(text: String, binds: &[Bind]) -> Query<'static, sqlx::MySql, MySqlArguments> {
    let query = sqlx::query(AssertSqlSafe(text)).persistent(false);
    binds.iter().fold(query, |query, bind| match bind {
        Bind::Plain(Value::Bool(yes)) => query.bind(*yes),
        Bind::Plain(Value::Number(n)) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(whole), _, _) => query.bind(whole),
            (_, Some(whole), _) => query.bind(whole),
            (_, _, Some(float)) if float.fract() == 0.0 && float.abs() < 9e15 => query.bind(float as i64),
            (_, _, float) => query.bind(float),
        },
        other => query.bind(bind_text(other)),
    })
}

fn take(set: &mut ResultSet, row: &MySqlRow, wire: Wire, zone: &Zone, limit: usize) {
    if set.columns.is_empty() {
        set.name(row.columns().iter().map(Column::name));
    }
    // What is no NULL is always bytes; so an error can only mean NULL.
    let raw: Vec<Option<Vec<u8>>> = (0..row.columns().len()).map(|i| row.try_get_unchecked(i).ok()).collect();
    if set.take(raw.iter().flatten().map(|v| v.len() + 8).sum(), limit) {
        let values =
            raw.iter().zip(row.columns()).map(|(bytes, column)| value(column, bytes.as_deref(), wire, zone));
        set.push(values.collect());
    }
}

impl Session for MySql {
    async fn begin(&mut self, read_only: bool) -> Result<(), Trouble> {
        if read_only {
            // A transaction after this one, whoever begins it, is held as well.
            self.send("SET SESSION TRANSACTION READ ONLY").await?;
            return self.send("START TRANSACTION READ ONLY").await;
        }
        // Also after a statement that commits by itself, what follows is in a transaction.
        self.send("SET autocommit = 0").await?;
        self.send("START TRANSACTION").await
    }

    async fn run(&mut self, statement: &Statement, limit: usize) -> Result<ResultSet, Trouble> {
        let text = statement.sent(|_| "?".to_string());
        let mut set = ResultSet::default();
        {
            let (mut answers, wire) = match statement.binds.as_slice() {
                [] => (self.connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(text.clone()))), Wire::Text),
                binds => (self.connection.fetch_many(bound(text.clone(), binds)), Wire::Binary),
            };
            while let Some(answer) = answers.try_next().await? {
                match answer {
                    Either::Left(done) => set.affected += done.rows_affected(),
                    Either::Right(row) => take(&mut set, &row, wire, &self.zone, limit),
                }
            }
        }
        if set.columns.is_empty() && statement.may_give_rows() && statement.head() != "CALL" {
            self.describe(text, &mut set).await;
        }
        if !statement.changes_rows() {
            set.affected = 0;
        }
        Ok(set)
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        self.send("COMMIT").await
    }

    async fn rollback(&mut self) -> Result<(), Trouble> {
        self.send("ROLLBACK").await
    }

    fn canceller(&self) -> Canceller {
        let (options, id) = (self.options.clone(), self.id);
        Box::new(move |force| {
            let options = options.clone();
            Box::pin(async move {
                let Ok(mut second) = options.connect().await else { return };
                let text = match force {
                    Force::Cancel => format!("KILL QUERY {id}"),
                    Force::Terminate => format!("KILL {id}"),
                };
                let _ = second.execute(sqlx::raw_sql(AssertSqlSafe(text))).await;
                let _ = second.close().await;
            })
        })
    }

    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Statements with an implicit commit, by their first word.
    fn commits_by_itself(&self, statement: &Statement) -> bool {
        let temporary = statement.words.get(1).is_some_and(|w| w == "TEMPORARY");
        matches!(
            statement.head(),
            "CREATE"
                | "ALTER"
                | "DROP"
                | "TRUNCATE"
                | "RENAME"
                | "GRANT"
                | "REVOKE"
                | "ANALYZE"
                | "OPTIMIZE"
                | "REPAIR"
                | "CHECK"
                | "FLUSH"
                | "RESET"
                | "INSTALL"
                | "UNINSTALL"
                | "CACHE"
        ) && !temporary
    }

    async fn close(self) {
        let _ = self.connection.close().await;
    }
}
