//! A command in a running container. There is no call that ends one: that is the work of `reap`.

use std::time::Duration;

use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ExecInspectResponse;

use super::capture::Capture;
use super::engine::{self, Engine};
use super::feed::Feed;
use super::pump::{self, Ends, Flow};
use super::reap::{self, Quarry};
use super::{marker, refusal, sweep};
use crate::action::{Context, Performed};
use crate::event::Failure;
use crate::model::{DockerExec, Rendered};
use crate::process::StopReason;

/// Runs the command, waits for it, and ends it with all that it started when it is time to stop.
///
/// # Errors
/// It could not be started.
pub async fn perform(what: &DockerExec<Rendered>, cx: &Context<'_>) -> Performed {
    let container = refusal::name_of_container(&what.container.0)?;
    let (mut capture, feed) = (Capture::new(cx)?, Feed::open(cx)?);
    let engine = engine::connect(cx).await?;
    let options = CreateExecOptions {
        attach_stdin: Some(feed.is_some()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(false),
        env: Some(marker::assignments(cx)),
        cmd: Some(what.command.words()),
        user: what.user.as_ref().map(|u| u.0.clone()),
        working_dir: what.workdir.as_ref().map(|d| d.0.clone()),
        ..Default::default()
    };
    let refused = |e| refusal::of_call(&e, container);
    let id = engine.docker.create_exec(container, options).await.map_err(refused)?.id;
    let begun = engine.docker.start_exec(&id, None::<StartExecOptions>).await.map_err(refused)?;
    let StartExecResults::Attached { output, input } = begun else {
        return Err(refusal::rejected(crate::t!(
            "the engine gave no output",
            "エンジンから出力を得られません"
        )));
    };
    let mut ends = Ends { output, input };
    let mut stop = cx.stop.clone();
    let gone = watch(&engine, &id, cx);
    let flow = pump::pump(&mut ends, feed, &mut capture, &mut stop, gone).await;
    let (reason, failure) = match flow {
        Flow::Ended => return finish(&engine, &id, container, ends, capture, cx).await,
        Flow::Stopped(reason) => (reason, stopped(reason, cx)),
        Flow::Broken(failure) => (StopReason::Cancelled, failure),
    };
    end(&engine, &id, container, reason, &mut ends, &mut capture, cx).await;
    Ok(capture.broken(failure))
}

/// The failure of an attempt that had to stop.
pub fn stopped(reason: StopReason, cx: &Context<'_>) -> Failure {
    match (reason, &cx.around.timeout) {
        (StopReason::TimedOut, limit) => {
            Failure::TimedOut { after_ms: limit.as_ref().map_or(0, |l| l.0.as_millis()) }
        }
        _ => Failure::Cancelled,
    }
}

/// Ends what runs inside; a command that can't be found any more is none that runs.
async fn end(
    engine: &Engine,
    id: &str,
    container: &str,
    reason: StopReason,
    ends: &mut Ends,
    capture: &mut Capture<'_>,
    cx: &Context<'_>,
) {
    let quarry = Quarry { engine, container, exec: Some(id), mark: marker::entry(cx) };
    let ending = reap::end(&quarry, reason, cx.stop.clone());
    if let Err(left) = pump::drain(ends, capture, ending).await {
        cx.note(&left);
    }
}

/// The output is over: the exit code follows, unless the command goes on silently.
async fn finish(
    engine: &Engine,
    id: &str,
    container: &str,
    mut ends: Ends,
    mut capture: Capture<'_>,
    cx: &Context<'_>,
) -> Performed {
    let mut stop = cx.stop.clone();
    let code = tokio::select! {
        code = exit_code(engine, id) => code?,
        reason = stop.stopped() => {
            end(engine, id, container, reason, &mut ends, &mut capture, cx).await;
            return Ok(capture.broken(stopped(reason, cx)));
        }
    };
    let refused = refusal::not_begun(code, &capture.began(), container);
    let mut report = capture.ended(code);
    report.failure = refused.or(report.failure);
    Ok(report)
}

async fn exit_code(engine: &Engine, id: &str) -> Result<i32, Failure> {
    let mut pause = Duration::from_millis(5);
    loop {
        let now = look(engine, id).await?;
        if let (Some(false), Some(code)) = (now.running, now.exit_code) {
            return Ok(i32::try_from(code).unwrap_or(i32::MAX));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

async fn look(engine: &Engine, id: &str) -> Result<ExecInspectResponse, Failure> {
    engine.docker.inspect_exec(id).await.map_err(|e| refusal::of_engine(&e, &engine::host()))
}

/// Tells of the child when it is there, then resolves when it has ended.
async fn watch(engine: &Engine, id: &str, cx: &Context<'_>) {
    let mut told = !engine.local;
    let mut pause = Duration::from_millis(20);
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
        let Ok(now) = look(engine, id).await else { continue };
        let pid = now.pid.and_then(|p| u32::try_from(p).ok()).filter(|p| *p > 0);
        if let (false, Some(pid)) = (told, pid) {
            told = tell(pid, cx);
        }
        if now.running == Some(false) && now.exit_code.is_some() {
            return;
        }
    }
}

/// Tells of a process of this machine; one that does not carry the attempt's mark is another machine's.
pub fn tell(pid: u32, cx: &Context<'_>) -> bool {
    let Some(start) = sweep::carries(pid, &marker::entry(cx)).then(|| sweep::start_of(pid)).flatten() else {
        return false;
    };
    (cx.child)(pid, start);
    true
}
