//! From an action to the file that performs it. It decides nothing about when or whether.

use crate::event::{Failure, Gives};
use crate::model::{Action, Rendered};
use crate::state::Permit;

use super::context::{Context, Performed, Report};
use super::{docker, file, http, probe, shell, sql, wait};

/// Evaluates the conditions of a `wait` over a reading: whether they hold, or why that cannot be said.
pub type Holds<'a> = &'a dyn Fn(&Gives) -> Result<bool, String>;

/// Performs one attempt. The permit is used up by it. `read_only` holds SQL to reading.
///
/// # Errors
/// Why it did not succeed.
pub async fn perform(
    permit: Permit,
    action: &Action<Rendered>,
    cx: &Context<'_>,
    read_only: bool,
    holds: Holds<'_>,
) -> Performed {
    drop(permit);
    perform_here(action, cx, read_only, holds).await
}

/// The same without a permit, for what is known to read only.
pub(super) async fn perform_here(
    action: &Action<Rendered>,
    cx: &Context<'_>,
    read_only: bool,
    holds: Holds<'_>,
) -> Performed {
    refuse_remote(cx)?;
    if nothing_to_do(cx).await? {
        return Ok(Report { unchanged: true, ..Report::default() });
    }
    act(action, cx, read_only, holds).await
}

async fn act(action: &Action<Rendered>, cx: &Context<'_>, read_only: bool, holds: Holds<'_>) -> Performed {
    match action {
        Action::Shell(shell) => shell::perform(shell, cx).await,
        Action::Docker(docker) => docker::perform(docker, cx).await,
        Action::Sql(sql) => sql::perform(sql, cx, read_only).await,
        Action::Http(http) => http::perform(http, cx).await,
        Action::Probe(probe) => probe::perform(probe, cx).await,
        Action::File(file) => file::perform(file, cx).await,
        Action::Wait(wait) => wait::perform(wait, cx, holds).await,
        Action::Assert(_) => Ok(Report::default()),
        Action::Fail(fail) => Err(Failure::Declared { message: fail.message.0.clone() }),
        Action::Manual(_) | Action::Decide(_) | Action::Playbook(_) | Action::Named(_) => {
            Err(Failure::Template {
                message: crate::t!("not an action to perform", "実行できるアクションではありません"),
            })
        }
    }
}

/// One reading inside a `wait`.
pub(super) async fn read(action: &Action<Rendered>, cx: &Context<'_>) -> Performed {
    match action {
        Action::Shell(shell) => shell::perform(shell, cx).await,
        Action::Docker(docker) => docker::perform(docker, cx).await,
        Action::Sql(sql) => sql::perform(sql, cx, true).await,
        Action::Http(http) => http::perform(http, cx).await,
        Action::Probe(probe) => probe::perform(probe, cx).await,
        Action::File(file) => file::perform(file, cx).await,
        _ => Ok(Report::default()),
    }
}

/// Only this machine, so far.
pub(super) fn refuse_remote(cx: &Context<'_>) -> Result<(), Failure> {
    let system = &cx.site.system;
    let named = cx.around.host.as_ref().map(|h| h.0.clone()).or_else(|| system.run_on.clone());
    let Some(name) = named else { return Ok(()) };
    if name == "local" || system.hosts.get(&name).is_some_and(|h| h.local) {
        return Ok(());
    }
    Err(Failure::Unavailable {
        message: crate::t!(
            "host `{name}` is reached over ssh, which this version does not do yet; run Toban on that host",
            "ホスト `{name}` は ssh 経由ですが、この版ではまだ使えません。そのホスト上で実行してください"
        ),
    })
}

/// Whether `creates` is there already, or `unless` says so.
async fn nothing_to_do(cx: &Context<'_>) -> Result<bool, Failure> {
    if let Some(path) = &cx.around.creates {
        let path = cx.path(path);
        if path.exists() {
            cx.note(&crate::t!("{} is there already", "{} は既にあります", path.display()));
            return Ok(true);
        }
    }
    let Some(script) = &cx.around.unless else { return Ok(false) };
    // The question has none of the step's own standard input or output file.
    let around = crate::model::Around { stdin: None, stdout: None, ..cx.around.clone() };
    let asked = Context { around: &around, stop: cx.stop.clone(), ..*cx };
    let done = shell::succeeds(script, &asked).await?;
    if done {
        cx.note(&crate::t!("nothing to do, says `unless`", "`unless` により、行うことはありません"));
    }
    Ok(done)
}
