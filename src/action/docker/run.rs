//! A command in a container that is made for it, and removed after it. The image has to be there.

use std::collections::HashMap;

use bollard::container::AttachContainerResults;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder,
};
use futures_util::StreamExt;

use super::capture::Capture;
use super::engine::{self, Engine};
use super::feed::Feed;
use super::pump::{self, Ends, Flow};
use super::{exec, marker, reap, refusal};
use crate::action::{Context, Performed};
use crate::event::Failure;
use crate::model::{DockerRun, Rendered};
use crate::process::StopReason;

/// Makes the container, runs it to its end, removes it. When it is time to stop the container is ended and removed.
///
/// # Errors
/// It could not be made or started; then nothing of it is left.
pub async fn perform(what: &DockerRun<Rendered>, cx: &Context<'_>) -> Performed {
    let name = what.name.as_ref().map(|n| refusal::name_of_container(&n.0)).transpose()?;
    let (capture, feed) = (Capture::new(cx)?, Feed::open(cx)?);
    let engine = engine::connect(cx).await?;
    let options = name.map(|name| CreateContainerOptionsBuilder::default().name(name).build());
    let made = engine.docker.create_container(options, body(what, feed.is_some(), cx)).await;
    let made = made.map_err(|e| refusal::of_call(&e, &what.image.0))?;
    for warning in &made.warnings {
        cx.note(warning);
    }
    let keep = what.rm.as_ref().is_some_and(|rm| !rm.0);
    let performed = attended(&engine, &made.id, feed, capture, cx).await;
    if !keep || performed.is_err() {
        remove(&engine, &made.id, cx).await;
    }
    performed.map_err(|e| refusal::of_call(&e, &what.image.0))
}

fn body(what: &DockerRun<Rendered>, reads: bool, cx: &Context<'_>) -> ContainerCreateBody {
    let binds: Vec<String> = what.volumes.iter().map(|v| bind(&v.0, cx)).collect();
    ContainerCreateBody {
        image: Some(what.image.0.clone()),
        cmd: what.command.as_ref().map(|c| c.words()),
        user: what.user.as_ref().map(|u| u.0.clone()),
        working_dir: what.workdir.as_ref().map(|d| d.0.clone()),
        env: Some(marker::assignments(cx)),
        labels: Some(HashMap::from([(marker::LABEL.to_string(), marker::value(cx))])),
        attach_stdin: Some(reads),
        open_stdin: Some(reads),
        stdin_once: Some(reads),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(false),
        host_config: Some(HostConfig {
            binds: (!binds.is_empty()).then_some(binds),
            network_mode: what.network.as_ref().map(|n| n.0.clone()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A source that begins with a dot is a folder beside the playbook; the engine only knows whole paths and names.
pub(super) fn bind(volume: &str, cx: &Context<'_>) -> String {
    if volume.starts_with("./") || volume.starts_with("../") {
        return cx.path(volume).display().to_string();
    }
    volume.to_string()
}

async fn attended(
    engine: &Engine,
    id: &str,
    feed: Option<Feed>,
    mut capture: Capture<'_>,
    cx: &Context<'_>,
) -> Result<crate::action::Report, Error> {
    let options = AttachContainerOptionsBuilder::default()
        .stream(true)
        .stdout(true)
        .stderr(true)
        .stdin(feed.is_some())
        .build();
    // Before the start, so that not a byte is missed.
    let AttachContainerResults { output, input } = engine.docker.attach_container(id, Some(options)).await?;
    engine.docker.start_container(id, None).await?;
    tell(engine, id, cx).await;
    let mut ends = Ends { output, input };
    let mut stop = cx.stop.clone();
    let gone = async {
        if exit_code(engine, id).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let (reason, failure) = match pump::pump(&mut ends, feed, &mut capture, &mut stop, gone).await {
        Flow::Ended => tokio::select! {
            code = exit_code(engine, id) => return Ok(capture.ended(code?)),
            reason = stop.stopped() => (reason, exec::stopped(reason, cx)),
        },
        Flow::Stopped(reason) => (reason, exec::stopped(reason, cx)),
        Flow::Broken(failure) => (StopReason::Cancelled, failure),
    };
    let ending = end(engine, id, reason, cx);
    if let Err(e) = pump::drain(&mut ends, &mut capture, ending).await {
        cx.note(&refusal::of_call(&e, id).to_string());
    }
    Ok(capture.broken(failure))
}

async fn tell(engine: &Engine, id: &str, cx: &Context<'_>) {
    let state = engine.docker.inspect_container(id, None).await.ok().and_then(|c| c.state);
    let pid = state.and_then(|s| s.pid).and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0);
    if let (true, Some(pid)) = (engine.local, pid) {
        exec::tell(pid, cx);
    }
}

/// Waits for the container's end. The client calls a code other than 0 an error.
async fn exit_code(engine: &Engine, id: &str) -> Result<i32, Error> {
    // One call may wait for as long as the command runs.
    let docker = engine.patient(365 * 24 * 3600);
    match std::pin::pin!(docker.wait_container(id, None)).next().await {
        Some(Ok(ended)) => Ok(i32::try_from(ended.status_code).unwrap_or(i32::MAX)),
        Some(Err(Error::DockerContainerWaitError { code, .. })) => {
            Ok(i32::try_from(code).unwrap_or(i32::MAX))
        }
        Some(Err(e)) => Err(e),
        None => Err(Error::RequestTimeoutError),
    }
}

/// Ends a container: TERM, a grace, KILL; a second word to stop kills at once.
///
/// # Errors
/// The engine says no.
pub async fn end(engine: &Engine, id: &str, reason: StopReason, cx: &Context<'_>) -> Result<(), Error> {
    if reason != StopReason::Killed {
        let mut stop = cx.stop.clone();
        let grace = i32::try_from(reap::GRACE.as_secs()).unwrap_or(5);
        let options = StopContainerOptionsBuilder::default().t(grace).build();
        tokio::select! {
            done = engine.docker.stop_container(id, Some(options)) => return done,
            () = stop.killed() => {}
        }
    }
    match engine.docker.kill_container(id, None).await {
        Err(Error::DockerResponseServerError { status_code: 409, .. }) => Ok(()),
        done => done,
    }
}

async fn remove(engine: &Engine, id: &str, cx: &Context<'_>) {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    if let Err(e) = engine.docker.remove_container(id, Some(options)).await {
        let failure: Failure = refusal::of_call(&e, id);
        cx.note(&failure.to_string());
    }
}
