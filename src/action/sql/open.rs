//! Opens a session on the database that is meant and hands it the job. It knows no statements.

use super::drive::{Job, drive, stopped};
use super::result::ResultSet;
use super::target::Target;
use super::trouble::no_connection;
use super::{mysql, postgres, sqlite};
use crate::action::Context;
use crate::event::Failure;

/// Does the job on its database.
///
/// # Errors
/// As [`drive`], and when no connection comes about.
pub(super) async fn run(target: Target, job: &Job, cx: &Context<'_>) -> Result<ResultSet, Failure> {
    let place = target.place();
    let zone = cx.site.system.timezone.clone();
    match target {
        Target::Postgres(options) => {
            let guard = cx.around.timeout.as_ref().map(|t| t.as_millis());
            let session =
                opened(postgres::Postgres::open(*options, zone.as_deref(), guard), &place, cx).await?;
            drive(session, job, cx).await
        }
        Target::MySql(options) => {
            let session = opened(mysql::MySql::open(*options, zone.as_deref()), &place, cx).await?;
            drive(session, job, cx).await
        }
        Target::Sqlite(path) => {
            drive(sqlite::Sqlite::open(path, job.read_only, cx.held).await?, job, cx).await
        }
    }
}

/// A connection, unless it is time to stop first.
pub(super) async fn opened<S>(
    connecting: impl Future<Output = Result<S, sqlx::Error>>,
    place: &str,
    cx: &Context<'_>,
) -> Result<S, Failure> {
    let mut stop = cx.stop.clone();
    tokio::select! {
        biased;
        made = connecting => made.map_err(|e| no_connection(e, place)),
        reason = stop.stopped() => Err(stopped(reason, cx)),
    }
}
