//! Takes a session through its statements: the transaction around them, the log, the stop. It knows no database.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::result::ResultSet;
use super::statement::Statement;
use super::table::table;
use super::trouble::Trouble;
use crate::action::Context;
use crate::base::counted;
use crate::event::{Failure, Stream};
use crate::process::StopReason;

/// How long a stopped statement may take to end before its connection is cut on the server.
const GRACE: Duration = Duration::from_secs(3);
/// How long the word to stop may take to reach the server.
const REACH: Duration = Duration::from_secs(5);

/// How firmly a statement is stopped on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    /// The statement ends.
    Cancel,
    /// The session ends.
    Terminate,
}

/// Stops what the session is doing, from outside of it.
pub(super) type Canceller = Box<dyn Fn(Force) -> Pin<Box<dyn Future<Output = ()>>>>;

/// An open connection to a database.
pub(super) trait Session {
    /// Begins a transaction.
    async fn begin(&mut self, read_only: bool) -> Result<(), Trouble>;
    /// Runs one statement; rows beyond `limit` bytes are counted and left out.
    async fn run(&mut self, statement: &Statement, limit: usize) -> Result<ResultSet, Trouble>;
    /// Keeps the transaction.
    async fn commit(&mut self) -> Result<(), Trouble>;
    /// Drops the transaction.
    async fn rollback(&mut self) -> Result<(), Trouble>;
    /// What stops it.
    fn canceller(&self) -> Canceller;
    /// What the server said beside its results since the last call.
    fn notices(&mut self) -> Vec<String>;
    /// Whether the statement ends the transaction on this database without being asked to.
    fn commits_by_itself(&self, statement: &Statement) -> bool;
    /// Says goodbye.
    async fn close(self);
}

/// What a session has to do.
pub(super) struct Job {
    /// In this order.
    pub statements: Vec<Statement>,
    /// Whether they are a script, of which each is named by its number.
    pub script: bool,
    /// Whether one transaction holds them all.
    pub transaction: bool,
    /// Whether they may only read.
    pub read_only: bool,
}

/// Does the job; stops it on the server, too, when it is to stop.
///
/// # Errors
/// The first failure, and that it was stopped.
pub(super) async fn drive<S: Session>(
    mut session: S,
    job: &Job,
    cx: &Context<'_>,
) -> Result<ResultSet, Failure> {
    let canceller = session.canceller();
    let mut stop = cx.stop.clone();
    let done = {
        let mut work = std::pin::pin!(statements(&mut session, job, cx));
        tokio::select! {
            biased;
            done = &mut work => done,
            reason = stop.stopped() => {
                cx.note(&crate::t!("stopping the statement on the server", "サーバー上の文を停止しています"));
                let _ = tokio::time::timeout(REACH, canceller(Force::Cancel)).await;
                let grace = async {
                    tokio::select! { () = tokio::time::sleep(GRACE) => (), () = stop.killed() => () }
                };
                tokio::select! {
                    biased;
                    done = &mut work => done.map_err(|_| stopped(reason, cx)),
                    () = grace => {
                        let _ = tokio::time::timeout(REACH, canceller(Force::Terminate)).await;
                        Err(stopped(reason, cx))
                    }
                }
            }
        }
    };
    if done.is_ok() {
        let _ = tokio::time::timeout(GRACE, session.close()).await;
    }
    done
}

/// Why a stopped step failed.
pub(super) fn stopped(reason: StopReason, cx: &Context<'_>) -> Failure {
    match (reason, &cx.around.timeout) {
        (StopReason::TimedOut, Some(limit)) => Failure::TimedOut { after_ms: limit.as_millis() },
        (StopReason::TimedOut, None) => Failure::TimedOut { after_ms: 0 },
        _ => Failure::Cancelled,
    }
}

async fn statements<S: Session>(session: &mut S, job: &Job, cx: &Context<'_>) -> Result<ResultSet, Failure> {
    if job.transaction {
        session.begin(job.read_only).await.map_err(|t| t.failure())?;
    }
    let mut total = ResultSet::default();
    for (i, statement) in job.statements.iter().enumerate() {
        match one(session, statement, cx).await {
            Ok(set) => merge(&mut total, set),
            Err(failure) => {
                if job.transaction {
                    let _ = session.rollback().await;
                }
                return Err(named(failure, session, job, i));
            }
        }
    }
    if job.transaction {
        not_stopped(cx)?;
        let end = if job.read_only { session.rollback().await } else { session.commit().await };
        end.map_err(|t| at_commit(&t))?;
    }
    Ok(total)
}

fn at_commit(trouble: &Trouble) -> Failure {
    let said = trouble.text();
    Failure::Rejected {
        message: crate::t!(
            "the transaction could not be committed: {said}",
            "トランザクションを確定できません: {said}"
        ),
    }
}

fn not_stopped(cx: &Context<'_>) -> Result<(), Failure> {
    cx.stop.reason().map_or(Ok(()), |reason| Err(stopped(reason, cx)))
}

async fn one<S: Session>(
    session: &mut S,
    statement: &Statement,
    cx: &Context<'_>,
) -> Result<ResultSet, Failure> {
    not_stopped(cx)?;
    log_statement(statement, cx);
    let done = session.run(statement, cx.max_output).await;
    for notice in session.notices() {
        (cx.log)(Stream::Err, format!("{}\n", statement.without_secrets(&notice)).as_bytes());
    }
    match done {
        Ok(set) => {
            log_result(&set, cx);
            Ok(set)
        }
        Err(mut trouble) => {
            trouble.message = statement.without_secrets(&trouble.message);
            trouble.notes.iter_mut().for_each(|note| *note = statement.without_secrets(note));
            Err(trouble.failure())
        }
    }
}

/// The rows are those of the last statement that has columns; changed rows are counted over all.
fn merge(total: &mut ResultSet, set: ResultSet) {
    let affected = total.affected + set.affected;
    if !set.columns.is_empty() {
        *total = set;
    }
    total.affected = affected;
}

/// Which statement of a script failed, and what became of those before it.
fn named<S: Session>(failure: Failure, session: &S, job: &Job, at: usize) -> Failure {
    let (Failure::Rejected { message } | Failure::Unavailable { message }) = &failure else { return failure };
    if !job.script {
        return failure;
    }
    let (nth, count, line) = (at + 1, job.statements.len(), job.statements[at].line);
    let kept = match job.statements[..at].iter().rposition(|s| session.commits_by_itself(s)) {
        _ if at == 0 => String::new(),
        Some(last) if job.transaction => {
            let (last, head) = (last + 1, job.statements[last].head());
            crate::t!(
                "\nStatements 1 to {last} are kept: {head} ends a transaction on this database.",
                "\n1~{last} 番目の文は確定済みです({head} はこのデータベースではトランザクションを終わらせます)。"
            )
        }
        _ if job.transaction => {
            crate::t!("\nNothing of the script is kept.", "\nスクリプト全体を取り消しました。")
        }
        _ => crate::t!(
            "\nWhat came before it is kept (transaction: false).",
            "\nそれより前の文は確定済みです(transaction: false)。"
        ),
    };
    let message = crate::t!(
        "statement {nth} of {count} (line {line}): {message}{kept}",
        "{count} 文中 {nth} 番目({line} 行目): {message}{kept}"
    );
    match failure {
        Failure::Unavailable { .. } => Failure::Unavailable { message },
        _ => Failure::Rejected { message },
    }
}

fn log_statement(statement: &Statement, cx: &Context<'_>) {
    const LINES: usize = 60;
    let shown = statement.shown();
    for line in shown.lines().take(LINES) {
        let cut: String = line.chars().take(2_000).collect();
        cx.note(&cut);
    }
    let more = shown.lines().count().saturating_sub(LINES);
    if more > 0 {
        cx.note(&crate::t!("… {more} more lines", "… ほか {more} 行"));
    }
}

fn log_result(set: &ResultSet, cx: &Context<'_>) {
    for line in table(set) {
        (cx.log)(Stream::Out, format!("{line}\n").as_bytes());
    }
    let (rows, affected) = (set.row_count, set.affected);
    if set.columns.is_empty() {
        let n = counted(affected, "row");
        cx.note(&crate::t!("{n} changed", "{affected} 行を変更"));
    } else {
        let n = counted(rows, "row");
        cx.note(&crate::t!("{n}", "{rows} 行"));
    }
}
