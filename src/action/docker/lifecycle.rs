//! Starts, stops, restarts and removes containers by name. All are looked up first, so that a slip in one name leaves
//! the others as they are.

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{RestartContainerOptionsBuilder, StopContainerOptionsBuilder};
use serde_json::json;

use super::engine::{self, Engine};
use super::{exec, gives, inspect, refusal};
use crate::action::{Context, Performed};
use crate::event::Failure;
use crate::model::{Names, Rendered};

/// How long the engine lets a container take to stop when nobody says, in seconds.
const USUAL_GRACE: u64 = 10;

/// Starts containers; those that run already stay as they are.
///
/// # Errors
/// The engine does not answer, a container is not there or does not start.
pub async fn start(what: &Names<Rendered>, cx: &Context<'_>) -> Performed {
    each(what, cx, Verb::Start).await
}

/// Stops containers; those that do not run stay as they are.
///
/// # Errors
/// The engine does not answer, or a container is not there.
pub async fn stop(what: &Names<Rendered>, cx: &Context<'_>) -> Performed {
    each(what, cx, Verb::Stop).await
}

/// Restarts containers, one after the other.
///
/// # Errors
/// The engine does not answer, a container is not there or does not start.
pub async fn restart(what: &Names<Rendered>, cx: &Context<'_>) -> Performed {
    each(what, cx, Verb::Restart).await
}

/// Removes containers. One that runs is stopped first where a grace is given, and refused else.
///
/// # Errors
/// The engine does not answer, a container is not there or still runs.
pub async fn remove(what: &Names<Rendered>, cx: &Context<'_>) -> Performed {
    each(what, cx, Verb::Remove).await
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Start,
    Stop,
    Restart,
    Remove,
}

async fn each(what: &Names<Rendered>, cx: &Context<'_>, verb: Verb) -> Performed {
    let names = inspect::names(what)?;
    let engine = engine::connect(cx).await?;
    let found = inspect::all(&engine, &names).await?;
    let grace = what.grace.as_ref().map(|g| g.0.as_millis().div_ceil(1000));
    let mut stop = cx.stop.clone();
    let mut done = Vec::new();
    for (name, container) in names.iter().zip(&found) {
        if needless(verb, container) {
            continue;
        }
        tokio::select! {
            result = one(&engine, verb, name, container, grace) => result?,
            reason = stop.stopped() => return Err(exec::stopped(reason, cx)),
        }
        done.push(name.clone());
    }
    let rows: Vec<Vec<String>> = done.iter().map(|name| vec![name.clone()]).collect();
    let mut report = gives::table(cx, &rows, json!(done));
    report.unchanged = done.is_empty();
    Ok(report)
}

/// Whether the container is already as the verb would make it.
fn needless(verb: Verb, container: &ContainerInspectResponse) -> bool {
    match verb {
        Verb::Start => runs(container),
        Verb::Stop => !runs(container),
        Verb::Restart | Verb::Remove => false,
    }
}

fn runs(container: &ContainerInspectResponse) -> bool {
    matches!(inspect::state(container).as_deref(), Some("running" | "restarting" | "paused"))
}

async fn one(
    engine: &Engine,
    verb: Verb,
    name: &str,
    container: &ContainerInspectResponse,
    grace: Option<u64>,
) -> Result<(), Failure> {
    let docker = engine.patient(grace.unwrap_or(USUAL_GRACE));
    let seconds = grace.map(|g| i32::try_from(g).unwrap_or(i32::MAX));
    let halt = seconds.map(|t| StopContainerOptionsBuilder::default().t(t).build());
    let done = match verb {
        Verb::Start => docker.start_container(name, None).await,
        Verb::Stop => docker.stop_container(name, halt).await,
        Verb::Restart => {
            let options = seconds.map(|t| RestartContainerOptionsBuilder::default().t(t).build());
            docker.restart_container(name, options).await
        }
        Verb::Remove if runs(container) && grace.is_some() => {
            docker.stop_container(name, halt).await.map_err(|e| refusal::of_call(&e, name))?;
            docker.remove_container(name, None).await
        }
        Verb::Remove if runs(container) => return Err(still_runs(name)),
        Verb::Remove => docker.remove_container(name, None).await,
    };
    done.map_err(|e| refusal::of_call(&e, name))
}

fn still_runs(name: &str) -> Failure {
    refusal::rejected(crate::t!(
        "the container `{name}` is running: stop it first, or give `grace: 10s` to have it stopped",
        "コンテナ `{name}` は動作中です。先に停止するか、`grace: 10s` を指定してください"
    ))
}
