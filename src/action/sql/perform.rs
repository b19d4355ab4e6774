//! Performs a SQL step: which database, which statements, how they may act. It speaks to no server itself.

use super::compose::statements;
use super::drive::{Job, stopped};
use super::open;
use super::target::{Target, target};
use crate::action::{Context, Performed, Report};
use crate::base::sql::is_read;
use crate::event::Failure;
use crate::model::{Rendered, Sql, SqlText};

/// Runs the step's SQL. It gives `rows` (objects, keys in the order of the columns), `row_count`, `affected`
/// (rows changed, over all statements), `columns` (names), and `truncated` where rows went beyond `max_output`;
/// a script gives the rows of its last statement that has any. A step that is `read_only` is one statement of an
/// allow-list, in a session that cannot write.
///
/// # Errors
/// When the database cannot be reached, refuses a statement, or the step is stopped; then the statement has been
/// stopped on the server, too.
pub async fn perform(action: &Sql<Rendered>, cx: &Context<'_>, read_only: bool) -> Performed {
    let (text, script) = text(action, cx).await?;
    let mut stop = cx.stop.clone();
    let target = tokio::select! {
        biased;
        found = target(action, cx) => found?,
        reason = stop.stopped() => return Err(stopped(reason, cx)),
    };
    let asked = action.transaction.as_ref().map(|t| t.0);
    let transaction = read_only || asked.unwrap_or(script);
    let statements = statements(&text, target.dialect(), transaction)?;
    check(&statements.len(), script)?;
    if read_only {
        only_reads(&text, &target, script)?;
    }
    let job = Job { statements, script, transaction, read_only };
    let set = open::run(target, &job, cx).await?;
    let mut report = Report::default();
    if set.truncated {
        let (kept, all) = (set.rows.len(), set.row_count);
        report.warnings.push(crate::t!(
            "only {kept} of {all} rows are given on (max_output)",
            "{all} 行のうち {kept} 行だけを後続に渡します(max_output)"
        ));
    }
    report.gives = set.gives();
    Ok(report)
}

/// The SQL of the step, and whether it is a script. A file of statements belongs to the playbook: it is read here.
///
/// # Errors
/// When the file cannot be read, or the step has not exactly one text.
pub async fn text(action: &Sql<Rendered>, cx: &Context<'_>) -> Result<(SqlText, bool), Failure> {
    match (&action.query, &action.script, &action.file) {
        (Some(query), None, None) => Ok((query.0.clone(), false)),
        (None, Some(script), None) => Ok((script.0.clone(), true)),
        (None, None, Some(file)) => Ok((SqlText::plain(read(file, cx).await?), true)),
        _ => Err(Failure::Rejected {
            message: crate::t!(
                "a sql step needs exactly one of query, script and file",
                "sql の手順には query、script、file のうちちょうど一つが必要です"
            ),
        }),
    }
}

async fn read(file: &str, cx: &Context<'_>) -> Result<String, Failure> {
    let path = cx.path(file);
    let shown = path.display();
    match tokio::fs::read(&path).await.map(String::from_utf8) {
        Ok(Ok(text)) => Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text)),
        Ok(Err(_)) => Err(Failure::Unavailable {
            message: crate::t!("the file {shown} is not UTF-8", "ファイル {shown} は UTF-8 ではありません"),
        }),
        Err(e) => Err(Failure::Unavailable {
            message: crate::t!("the file {shown} cannot be read: {e}", "ファイル {shown} を読めません: {e}"),
        }),
    }
}

pub(super) fn check(count: &usize, script: bool) -> Result<(), Failure> {
    let message = match count {
        0 => crate::t!("there is no statement in the SQL", "SQL に文がありません"),
        1 => return Ok(()),
        _ if script => return Ok(()),
        n => crate::t!(
            "`query` takes one statement and has {n}; write them as `script`",
            "`query` は一文だけですが {n} 文あります。`script` に書いてください"
        ),
    };
    Err(Failure::Rejected { message })
}

fn only_reads(text: &SqlText, target: &Target, script: bool) -> Result<(), Failure> {
    let whole = text.text(|i| match target {
        Target::Postgres(_) => format!("${i}"),
        Target::MySql(_) => "?".to_string(),
        Target::Sqlite(_) => format!("?{i}"),
    });
    if !script && is_read(&whole, target.dialect()) {
        return Ok(());
    }
    Err(Failure::Rejected {
        message: crate::t!(
            "a step with `effect: read` takes one statement that only reads (SELECT, SHOW, EXPLAIN and the like, without INTO, locks or functions that act); write it as `query`, or mark the step as change",
            "`effect: read` の手順で使えるのは読み取りだけの一文です(SELECT、SHOW、EXPLAIN など。INTO、ロック、作用のある関数は不可)。`query` に書くか、手順を change にしてください"
        ),
    })
}
