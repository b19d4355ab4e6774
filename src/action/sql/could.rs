//! Whether SQL could run: the connection logs in, and the server takes each statement as far as preparing it goes.
//! Nothing is executed.

use std::path::Path;

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, SqlSafeStr as _};

use super::compose::statements;
use super::drive::Session as _;
use super::open::opened;
use super::perform::{check, text};
use super::statement::Statement;
use super::target::{Target, target};
use super::trouble::Trouble;
use super::{postgres, postgres_bind, sqlite};
use crate::action::Context;
use crate::action::could::{Could, Looked, is_unknown};
use crate::action::could_around::has_room;
use crate::event::Verdict;
use crate::model::{Rendered, Sql};

/// Asks the database of a step.
pub async fn could_start(action: &Sql<Rendered>, cx: &Context<'_>) -> Looked {
    let address = action.connection.expose();
    let database = action.database.as_ref().map(|d| d.0.as_str()).unwrap_or_default();
    if is_unknown(address) || is_unknown(database) {
        return Err(Could::unknown(&format!("{} {database}", action.connection.shown())));
    }
    let (text, script) = text(action, cx).await?;
    let target = target(action, cx).await?;
    let whole = text.text(|_| String::new());
    let known = (!is_unknown(&whole)).then_some(&text);
    let mut found = Vec::new();
    if let Some(text) = known {
        found = statements(text, target.dialect(), false)?;
        check(&found.len(), script)?;
    }
    let place = target.place();
    let looked = asked(target, &found, cx).await?;
    let logs_in = Could::yes(crate::t!("{place} lets in", "{place} に接続できます"));
    match known {
        Some(_) => Ok(logs_in.and(looked)),
        None => Err(Could::unclear(crate::t!(
            "{place} lets in, but only a run knows the statement",
            "{place} に接続できますが、文は実行時にのみ決まります"
        ))),
    }
}

async fn asked(target: Target, statements: &[Statement], cx: &Context<'_>) -> Looked {
    let place = target.place();
    let names = wanted(&target);
    let no = |failure: crate::event::Failure| {
        let could = Could::from(failure);
        names.iter().fold(could, |could, name| could.wanting(name))
    };
    match target {
        Target::Postgres(options) => {
            let open = postgres::Postgres::open(*options, None, Some(5_000));
            let mut session = opened(open, &place, cx).await.map_err(no)?;
            let looked = on_postgres(&mut session, statements).await;
            session.close().await;
            Ok(looked)
        }
        Target::MySql(options) => {
            let mut connection = opened(options.connect(), &place, cx).await.map_err(no)?;
            let mut looked = Could::yes("");
            for (nth, statement) in statements.iter().enumerate() {
                let sent = AssertSqlSafe(statement.sent(|_| "?".to_string())).into_sql_str();
                let done = connection.prepare(sent).await.map(drop).map_err(Trouble::from);
                looked = looked.and(judged(done, statement, nth, false));
            }
            drop(connection.close().await);
            Ok(looked)
        }
        Target::Sqlite(path) => on_sqlite(path.as_deref(), statements).await,
    }
}

/// What another step would name to bring the server.
fn wanted(target: &Target) -> Vec<String> {
    match target {
        Target::Postgres(o) => {
            let database = o.get_database().map(str::to_string);
            [Some(o.get_port().to_string()), database].into_iter().flatten().collect()
        }
        Target::MySql(o) => {
            let database = o.get_database().map(str::to_string);
            [Some(o.get_port().to_string()), database].into_iter().flatten().collect()
        }
        Target::Sqlite(_) => Vec::new(),
    }
}

async fn on_postgres(session: &mut postgres::Postgres, statements: &[Statement]) -> Could {
    let mut looked = Could::yes("");
    for (nth, statement) in statements.iter().enumerate() {
        let done = session.try_prepare(statement).await;
        looked = looked.and(judged(done, statement, nth, false));
    }
    looked
}

async fn on_sqlite(path: Option<&Path>, statements: &[Statement]) -> Looked {
    if let Some(path) = path.filter(|p| !p.exists()) {
        has_room(path.parent().unwrap_or(Path::new("/")), 0)?;
        return Err(Could::unclear(crate::t!(
            "{} is not there; the step would make it",
            "{} はまだありません。ステップが作成します",
            path.display()
        )));
    }
    let mut looked = Could::yes("");
    for (nth, statement) in statements.iter().enumerate() {
        let sent = statement.sent(|i| format!("?{i}"));
        let done = sqlite::only_prepare(path.map(Path::to_path_buf), sent).await;
        looked = looked.and(judged(done, statement, nth, true));
    }
    Ok(looked)
}

/// What the server's answer to preparing a statement means. What an earlier statement makes is not there yet, and not
/// every statement can be prepared. `whole` says that this database compiles whatever it is given.
fn judged(done: Result<(), Trouble>, statement: &Statement, nth: usize, whole: bool) -> Could {
    let Err(mut trouble) = done else {
        return match whole || postgres_bind::can_be_prepared(statement) {
            true => Could::yes(crate::t!("the statement prepares", "文を準備できます")),
            false => Could::unclear(crate::t!(
                "{} parses, but a server does not look further before it runs",
                "{} は構文上正しいですが、実行前にこれ以上は確認できません",
                statement.head()
            )),
        };
    };
    trouble.message = statement.without_secrets(&trouble.message);
    let cannot = matches!(trouble.code.as_deref(), Some("1295" | "42P18" | "SQLite 23"));
    let said = trouble.text();
    if cannot || nth > 0 {
        return Could::unclear(crate::t!(
            "statement {nth}: {said} (an earlier statement may make up for it)",
            "{nth} 番目の文: {said}（前の文で解決する可能性があります）",
            nth = nth + 1
        ));
    }
    let could = Could { verdict: Verdict::No, words: said.clone(), wants: Vec::new() };
    said.split(['"', '\'', '`', ' ', '.'])
        .filter(|w| w.len() > 2)
        .fold(could, |could, word| could.wanting(word))
}
