//! Commands in the containers of a compose project. Compose starts them and does not end them: that is done here.

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::RemoveContainerOptionsBuilder;

use tokio::time::{Instant, sleep};

use super::capture::Capture;
use super::compose::{carry_out, why};
use super::compose_cli::Cli;
use super::compose_command::{self as command, Services};
use super::compose_read::{SERVICE, of_project};
use super::engine::{self, Engine};
use super::project::Project;
use super::reap::{self, Quarry};
use super::{lists, marker, refusal, run};
use crate::action::{Context, Performed};
use crate::diag::did_you_mean;
use crate::event::Failure;
use crate::model::{ComposeExec, ComposeRun, Rendered};
use crate::process::StopReason;

/// How long a removal by somebody else is waited for.
const REMOVAL: Duration = Duration::from_secs(20);

/// `exec`: a command in a service's running container.
///
/// # Errors
/// The service does not run, or compose is not there.
pub async fn execute(project: &Project, what: &ComposeExec<Rendered>, cx: &Context<'_>) -> Performed {
    let variables: Vec<String> = marker::environment(cx).into_iter().map(|(name, _)| name).collect();
    let told = command::exec(what, &variables)?;
    let (capture, cli) = (Capture::new(cx)?, Cli::find().await?);
    // Compose may know a way to the engine that is not known here; then it has the last word.
    let place = match engine::connect(cx).await {
        Ok(engine) => Some((running(&engine, project, &what.service.0, cx).await?, engine)),
        Err(_) => None,
    };
    let ending = async |reason| {
        let Some((container, engine)) = &place else { return };
        let quarry = Quarry { engine, container, exec: None, mark: marker::entry(cx) };
        if let Err(left) = reap::end(&quarry, reason, cx.stop.clone()).await {
            cx.note(&left);
        }
    };
    let mut report = carry_out(&cli, project, &told, capture, cx, ending).await?;
    if place.is_none() && report.failure.as_ref().and_then(Failure::code).is_some() {
        let said = report.gives.get("stderr").and_then(|s| s.as_str()).unwrap_or_default();
        report.failure = why(said, project).or(report.failure);
    }
    Ok(report)
}

/// The engine, and the running container of a service of the system's project: the one that `exec` executes in.
///
/// # Errors
/// The engine does not answer, or the service does not run.
pub async fn container_of(
    service: &str,
    project: Option<&str>,
    cx: &Context<'_>,
) -> Result<(Docker, String), Failure> {
    let engine = engine::connect(cx).await?;
    let container = running(&engine, &Project::usual(project, cx), service, cx).await?;
    Ok((engine.docker, container))
}

/// The container that compose executes in: the service's first that runs.
pub(super) async fn running(
    engine: &Engine,
    project: &Project,
    service: &str,
    cx: &Context<'_>,
) -> Result<String, Failure> {
    let name = project.name(cx).await;
    let found = of_project(engine, &name, &Services::All, true).await?;
    let label = |c: &ContainerSummary, key: &str| c.labels.as_ref().and_then(|l| l.get(key)).cloned();
    let mut of_service: Vec<_> =
        found.iter().filter(|c| label(c, SERVICE).as_deref() == Some(service)).collect();
    of_service.sort_by_key(|c| {
        label(c, "com.docker.compose.container-number")
            .and_then(|n| n.parse::<u32>().ok())
            .unwrap_or(u32::MAX)
    });
    let up = of_service.iter().find(|c| c.state == Some(ContainerSummaryStateEnum::RUNNING));
    if let Some(container) = up {
        return Ok(lists::name_of(container));
    }
    let there: Vec<String> = found.iter().filter_map(|c| label(c, SERVICE)).collect();
    let near = did_you_mean(service, there.iter().map(String::as_str).filter(|s| *s != service));
    let hint = near
        .map(|near| crate::t!(" (did you mean `{near}`?)", "（`{near}` のことですか？）"))
        .unwrap_or_default();
    Err(refusal::rejected(crate::t!(
        "the service `{service}` of the compose project `{name}` is not running{hint}; \
         start it with `docker compose up -d {service}`",
        "compose プロジェクト `{name}` のサービス `{service}` は動いていません{hint}。\
         `docker compose up -d {service}` で起動してください"
    )))
}

/// `run`: a command in a new container of a service.
///
/// # Errors
/// Compose is not there.
pub async fn run_once(project: &Project, what: &ComposeRun<Rendered>, cx: &Context<'_>) -> Performed {
    let variables: Vec<String> = marker::environment(cx).into_iter().map(|(name, _)| name).collect();
    let label = format!("{}={}", marker::LABEL, marker::value(cx));
    let told = command::run(what, &variables, label.clone())?;
    let (capture, cli) = (Capture::new(cx)?, Cli::find().await?);
    let keep = what.rm.as_ref().is_some_and(|rm| !rm.0);
    let ending = async |reason| {
        if let Err(failure) = end_labelled(&label, keep, reason, cx).await {
            cx.note(&failure.to_string());
        }
    };
    carry_out(&cli, project, &told, capture, cx, ending).await
}

/// Ends and removes the containers that an attempt made.
async fn end_labelled(label: &str, keep: bool, reason: StopReason, cx: &Context<'_>) -> Result<(), Failure> {
    let engine = engine::connect(cx).await?;
    let filters = HashMap::from([("label".to_string(), vec![label.to_string()])]);
    for container in lists::find(&engine, &filters, true).await? {
        let name = lists::name_of(&container);
        run::end(&engine, &name, reason, cx).await.map_err(|e| refusal::of_call(&e, &name))?;
        if !keep {
            remove(&engine, &name).await;
        }
    }
    Ok(())
}

/// Removes a container, or waits for compose to have done so: it has begun that, as soon as the container had ended.
async fn remove(engine: &Engine, name: &str) {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    let until = Instant::now() + REMOVAL;
    let mut removed = engine.docker.remove_container(name, Some(options)).await;
    while let Err(Error::DockerResponseServerError { status_code: 409, .. }) = removed
        && Instant::now() < until
    {
        sleep(Duration::from_millis(100)).await;
        removed = match engine.docker.inspect_container(name, None).await {
            Ok(_) => removed,
            Err(_) => return,
        };
    }
}
