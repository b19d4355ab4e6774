//! Everything that is known of containers. Values of their variables are left out: they often are secrets.

use bollard::models::ContainerInspectResponse;
use serde_json::{Map, Value, json};

use super::engine::{self, Engine};
use super::gives::table;
use super::lists::ordered;
use super::refusal;
use crate::action::{Context, Performed};
use crate::event::Failure;
use crate::model::{Names, Rendered};

/// Containers: `id name image state status health exit_code running restart_count started finished labels env ip`, and
/// in `details` all that the engine says. `env` is a list of names.
///
/// # Errors
/// The engine does not answer, or a container is not there.
pub async fn perform(what: &Names<Rendered>, cx: &Context<'_>) -> Performed {
    let engine = engine::connect(cx).await?;
    let names = names(what)?;
    let found = all(&engine, &names).await?;
    let rows: Vec<Vec<String>> =
        found.iter().map(|c| vec![name_of(c), image(c), state(c).unwrap_or_default()]).collect();
    Ok(table(cx, &rows, found.iter().map(plain).collect()))
}

/// The names of a step, each of which can be one.
///
/// # Errors
/// One can't be the name of a container.
pub fn names(what: &Names<Rendered>) -> Result<Vec<String>, Failure> {
    let names = what.names.iter().flat_map(|list| list.0.0.iter());
    names.map(|name| refusal::name_of_container(name).map(str::to_string)).collect()
}

/// Looks all of them up, before anything is done to any.
///
/// # Errors
/// The first that is not there.
pub async fn all(engine: &Engine, names: &[String]) -> Result<Vec<ContainerInspectResponse>, Failure> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let one = engine.docker.inspect_container(name, None).await;
        found.push(one.map_err(|e| refusal::of_call(&e, name))?);
    }
    Ok(found)
}

/// A container's name without the slash before it.
pub fn name_of(c: &ContainerInspectResponse) -> String {
    c.name.as_deref().unwrap_or_default().trim_start_matches('/').to_string()
}

/// `running`, `exited`, …
pub fn state(c: &ContainerInspectResponse) -> Option<String> {
    c.state.as_ref()?.status.map(|s| s.to_string())
}

fn image(c: &ContainerInspectResponse) -> String {
    c.config.as_ref().and_then(|config| config.image.clone()).unwrap_or_default()
}

fn plain(c: &ContainerInspectResponse) -> Value {
    let state_of = c.state.as_ref();
    let config = c.config.as_ref();
    let health = state_of.and_then(|s| s.health.as_ref()).and_then(|h| h.status).map(|h| h.to_string());
    let ip = c.network_settings.as_ref().and_then(|n| n.networks.as_ref()).and_then(|networks| {
        networks.values().filter_map(|n| n.ip_address.clone()).find(|address| !address.is_empty())
    });
    json!({
        "id": c.id,
        "name": name_of(c),
        "image": image(c),
        "state": state(c),
        "status": state(c),
        "health": health.filter(|h| h != "none" && !h.is_empty()),
        "exit_code": state_of.and_then(|s| s.exit_code),
        "running": state_of.and_then(|s| s.running).unwrap_or(false),
        "restart_count": c.restart_count,
        "started": state_of.and_then(|s| s.started_at.clone()),
        "finished": state_of.and_then(|s| s.finished_at.clone()),
        "labels": ordered(&config.and_then(|c| c.labels.clone()).unwrap_or_default()),
        "env": config.and_then(|c| c.env.as_ref()).map(|env| env.iter().map(|e| name_in(e)).collect::<Vec<_>>()),
        "ip": ip,
        "details": details(c),
    })
}

fn name_in(assignment: &str) -> &str {
    assignment.split_once('=').map_or(assignment, |(name, _)| name)
}

fn details(c: &ContainerInspectResponse) -> Value {
    let mut all = serde_json::to_value(c).unwrap_or(Value::Object(Map::new()));
    if let Some(Value::Array(env)) = all.pointer_mut("/Config/Env") {
        for one in env {
            *one = one.as_str().map(name_in).unwrap_or_default().into();
        }
    }
    all
}
