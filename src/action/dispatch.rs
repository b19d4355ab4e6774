//! From an action to the file that performs it. It decides nothing about when or whether.

use crate::event::{Failure, Gives};
use crate::model::{Action, Rendered};
use crate::state::Permit;

use super::context::{Context, Performed, Report};
use super::host::Place;
use super::{docker, escalate, far_end, far_shell, file, http, made_secret, notify, probe, shell, sql, wait};

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
    if let Some(there) = far_end::place(action, cx)? {
        return Box::pin(far_end::perform(action, &there, cx, read_only)).await;
    }
    if (cx.around.creates.is_some() || cx.around.unless.is_some()) && Box::pin(nothing_to_do(cx)).await? {
        return Ok(Report { unchanged: true, ..Report::default() });
    }
    act(action, cx, read_only, holds).await
}

/// What talks to a server has a large state while it waits, which the most common action, a child, need not carry:
/// the task of an attempt is moved about before it begins.
async fn act(action: &Action<Rendered>, cx: &Context<'_>, read_only: bool, holds: Holds<'_>) -> Performed {
    match action {
        Action::Shell(shell) => shell::perform(shell, cx).await,
        Action::Docker(docker) => Box::pin(docker::perform(docker, cx)).await,
        Action::Sql(sql) => Box::pin(sql::perform(sql, cx, read_only)).await,
        Action::Http(http) => Box::pin(http::perform(http, cx)).await,
        Action::Probe(probe) => Box::pin(probe::perform(probe, cx)).await,
        Action::File(file) => Box::pin(file::perform(file, cx)).await,
        Action::SecretGenerate(secret) => Box::pin(made_secret::perform(secret, cx)).await,
        Action::Wait(wait) => Box::pin(wait::perform(wait, cx, holds)).await,
        Action::Notify(notify) => Box::pin(notify::perform(notify, cx)).await,
        Action::Escalate(escalate) => Box::pin(escalate::perform(escalate, cx)).await,
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
    if let Some(there) = far_end::place(action, cx)? {
        return Box::pin(far_end::read(action, &there, cx)).await;
    }
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

/// Whether `creates` is there already, or `unless` says so.
async fn nothing_to_do(cx: &Context<'_>) -> Result<bool, Failure> {
    if let Some(path) = &cx.around.creates {
        let found = match cx.place()? {
            Place::Here { .. } => cx.path(path).exists(),
            Place::There(there) => far_shell::exists(path, &there, cx).await?,
        };
        if found {
            cx.note(&crate::t!("{} is there already", "{} は既にあります", path.0));
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
