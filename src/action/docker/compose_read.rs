//! What a compose project is like: its containers, logs and configuration. It changes nothing.

use std::collections::HashMap;

use bollard::models::ContainerSummary;
use serde_json::Value;

use super::capture::Capture;
use super::compose::{no_such_service, tell};
use super::compose_command::{self as command, Services};
use super::engine::{self, Engine};
use super::logs::{self as container_logs, Errors, Part};
use super::project::Project;
use super::{exec, lists};
use crate::action::{Context, Performed};
use crate::event::Failure;
use crate::model::{ComposeLogs, ComposePs, Rendered};

/// The label that says of which service a container is.
pub const SERVICE: &str = "com.docker.compose.service";
const PROJECT: &str = "com.docker.compose.project";
const ONE_OFF: &str = "com.docker.compose.oneoff";

/// The project's containers of these services, without those of `run`.
///
/// # Errors
/// The engine does not answer.
pub async fn of_project(
    engine: &Engine,
    project: &str,
    services: &Services,
    all: bool,
) -> Result<Vec<ContainerSummary>, Failure> {
    let labels = vec![format!("{PROJECT}={project}"), format!("{ONE_OFF}=False")];
    let mut found = lists::find(engine, &HashMap::from([("label".to_string(), labels)]), all).await?;
    if let Services::Only(names) = services {
        let of = |c: &ContainerSummary| c.labels.as_ref().and_then(|l| l.get(SERVICE)).cloned();
        found.retain(|c| of(c).is_some_and(|service| names.contains(&service)));
    }
    Ok(found)
}

/// `ps`: the project's containers.
///
/// # Errors
/// The engine does not answer.
pub async fn list(project: &Project, what: &ComposePs<Rendered>, cx: &Context<'_>) -> Performed {
    let services = Services::of(&what.services)?;
    let engine = engine::connect(cx).await?;
    let all = what.all.as_ref().is_some_and(|all| all.0);
    let found = of_project(&engine, &project.name(cx).await, &services, all).await?;
    Ok(lists::shown(&found, cx))
}

/// `logs`: with a prefix where they are of several containers.
///
/// # Errors
/// The engine does not answer, or there is no such service.
pub async fn logs(project: &Project, what: &ComposeLogs<Rendered>, cx: &Context<'_>) -> Performed {
    let services = Services::of(&what.services)?;
    let mut capture = Capture::new(cx)?;
    let engine = engine::connect(cx).await?;
    let name = project.name(cx).await;
    let found = of_project(&engine, &name, &services, true).await?;
    if let (true, Services::Only(names)) = (found.is_empty(), &services)
        && !names.is_empty()
    {
        let all = of_project(&engine, &name, &Services::All, true).await?;
        let there: Vec<&str> =
            all.iter().filter_map(|c| c.labels.as_ref()?.get(SERVICE).map(String::as_str)).collect();
        return Err(no_such_service(&names.join(" "), &there));
    }
    let part = Part {
        tail: what.tail.as_ref().map(|n| n.0),
        since: what.since.as_ref().map(|d| d.0),
        timestamps: what.timestamps.as_ref().is_some_and(|t| t.0),
        errors: Errors::Among,
    };
    let mut stop = cx.stop.clone();
    for container in &found {
        let prefix =
            if found.len() > 1 { format!("{} | ", lists::place_of(container)) } else { String::new() };
        let container = lists::name_of(container);
        tokio::select! {
            done = container_logs::copy(&engine, &container, &part, &prefix, &mut capture) => done?,
            reason = stop.stopped() => return Err(exec::stopped(reason, cx)),
        }
    }
    Ok(capture.ended(0))
}

/// `config`: gives `json` too, though compose prints YAML.
///
/// # Errors
/// Compose is not there.
pub async fn configuration(project: &Project, what: &ComposePs<Rendered>, cx: &Context<'_>) -> Performed {
    let mut report = tell(project, command::config(what)?, cx).await?;
    if let Some(text) = report.gives.get("stdout").and_then(Value::as_str) {
        let parsed = serde_yaml::from_str::<Value>(text).unwrap_or(Value::Null);
        report.gives.insert("json".into(), parsed);
    }
    Ok(report)
}
