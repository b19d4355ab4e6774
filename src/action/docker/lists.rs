//! Lists of containers, images, volumes and networks, each thing in one plain form. It changes nothing.

use std::collections::HashMap;

use bollard::models::{ContainerSummary, ImageSummary, Network, PortSummary, Volume};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder,
};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::engine::{self, Engine};
use super::gives::{short, table};
use super::refusal;
use crate::action::{Context, Performed};
use crate::event::Failure;
use crate::model::{ContainerList, NameList, Rendered, Slot};

/// Filters as the engine takes them.
pub type Filters = HashMap<String, Vec<String>>;

/// Filters of a playbook as the engine takes them.
pub fn filters(of: &IndexMap<String, Slot<Rendered, NameList>>) -> Filters {
    of.iter().map(|(key, values)| (key.clone(), values.0.0.clone())).collect()
}

/// Containers: `id name image state status health exit_code project service labels ports created`.
///
/// # Errors
/// The engine does not answer, or refuses a filter.
pub async fn containers(what: &ContainerList<Rendered>, cx: &Context<'_>) -> Performed {
    let engine = engine::connect(cx).await?;
    let all = what.all.as_ref().is_some_and(|all| all.0);
    let found = find(&engine, &filters(&what.filters), all).await?;
    Ok(shown(&found, cx))
}

/// Containers that pass the filters, by name.
///
/// # Errors
/// The engine does not answer, or refuses a filter.
pub async fn find(engine: &Engine, filters: &Filters, all: bool) -> Result<Vec<ContainerSummary>, Failure> {
    let options = ListContainersOptionsBuilder::default().all(all).filters(filters).build();
    let mut found = engine.docker.list_containers(Some(options)).await.map_err(refused)?;
    found.sort_by_key(name_of);
    Ok(found)
}

/// A report of containers.
pub fn shown(found: &[ContainerSummary], cx: &Context<'_>) -> crate::action::Report {
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|c| vec![name_of(c), c.image.clone().unwrap_or_default(), c.status.clone().unwrap_or_default()])
        .collect();
    table(cx, &rows, found.iter().map(container).collect())
}

/// A container's name without the slash before it.
pub fn name_of(c: &ContainerSummary) -> String {
    // A name with a second slash is another container's word for this one.
    let names = c.names.iter().flatten().map(|n| n.trim_start_matches('/'));
    names.min_by_key(|n| n.matches('/').count()).unwrap_or_default().to_string()
}

/// `web-1`: a container of a compose project by its service and number, which both versions of compose note.
pub fn place_of(c: &ContainerSummary) -> String {
    let label =
        |key: &str| c.labels.as_ref().and_then(|l| l.get(key)).map(String::as_str).unwrap_or_default();
    format!("{}-{}", label("com.docker.compose.service"), label("com.docker.compose.container-number"))
}

fn container(c: &ContainerSummary) -> Value {
    let labels = c.labels.clone().unwrap_or_default();
    let status = c.status.as_deref().unwrap_or_default();
    json!({
        "id": c.id,
        "name": name_of(c),
        "image": c.image,
        "command": c.command,
        "state": c.state.map(|s| s.to_string()),
        "status": status,
        "health": health(status),
        "exit_code": exit_code(status),
        "project": labels.get("com.docker.compose.project"),
        "service": labels.get("com.docker.compose.service"),
        "number": labels.get("com.docker.compose.container-number").and_then(|n| n.parse::<u32>().ok()),
        "labels": ordered(&labels),
        "ports": c.ports.iter().flatten().map(port).collect::<Vec<_>>(),
        "created": c.created,
    })
}

fn port(p: &PortSummary) -> Value {
    let kind = p.typ.as_ref().map(ToString::to_string);
    json!({ "ip": p.ip, "port": p.public_port, "container_port": p.private_port, "protocol": kind })
}

/// Labels in the order of their names, so that the same thing always looks the same.
pub fn ordered(labels: &HashMap<String, String>) -> Value {
    let sorted: std::collections::BTreeMap<_, _> = labels.iter().collect();
    json!(sorted)
}

/// `Up 2 minutes (healthy)`: every engine says it there, only new ones elsewhere.
fn health(status: &str) -> Option<&'static str> {
    let words = [("(healthy)", "healthy"), ("(unhealthy)", "unhealthy"), ("(health: starting)", "starting")];
    words.into_iter().find(|(word, _)| status.ends_with(word)).map(|(_, health)| health)
}

/// `Exited (137) 3 minutes ago`.
fn exit_code(status: &str) -> Option<i64> {
    let rest = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    rest.split_once(')')?.0.parse().ok()
}

/// Images: `id name tags size created labels`.
///
/// # Errors
/// The engine does not answer, or refuses a filter.
pub async fn images(what: &ContainerList<Rendered>, cx: &Context<'_>) -> Performed {
    let engine = engine::connect(cx).await?;
    let all = what.all.as_ref().is_some_and(|all| all.0);
    let options = ListImagesOptionsBuilder::default().all(all).filters(&filters(&what.filters)).build();
    let mut found = engine.docker.list_images(Some(options)).await.map_err(refused)?;
    found.sort_by(|a, b| a.repo_tags.cmp(&b.repo_tags).then_with(|| a.id.cmp(&b.id)));
    let size = |i: &ImageSummary| crate::base::Size(u64::try_from(i.size).unwrap_or(0)).to_string();
    let rows: Vec<_> = found
        .iter()
        .map(|i| vec![tags(i).first().cloned().unwrap_or_else(|| "-".into()), short(&i.id), size(i)])
        .collect();
    Ok(table(cx, &rows, found.iter().map(image).collect()))
}

fn image(i: &ImageSummary) -> Value {
    let tags = tags(i);
    json!({
        "id": i.id,
        "name": tags.first(),
        "tags": tags,
        "size": i.size,
        "created": i.created,
        "labels": ordered(&i.labels),
    })
}

fn tags(i: &ImageSummary) -> Vec<String> {
    i.repo_tags.iter().filter(|t| *t != "<none>:<none>").cloned().collect()
}

/// Volumes: `name driver mountpoint labels`.
///
/// # Errors
/// The engine does not answer, or refuses a filter.
pub async fn volumes(what: &ContainerList<Rendered>, cx: &Context<'_>) -> Performed {
    let engine = engine::connect(cx).await?;
    let options = ListVolumesOptionsBuilder::default().filters(&filters(&what.filters)).build();
    let listed = engine.docker.list_volumes(Some(options)).await.map_err(refused)?;
    let mut found = listed.volumes.unwrap_or_default();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let rows: Vec<_> = found.iter().map(|v| vec![v.name.clone(), v.driver.clone()]).collect();
    Ok(table(cx, &rows, found.iter().map(volume).collect()))
}

fn volume(v: &Volume) -> Value {
    json!({ "name": v.name, "driver": v.driver, "mountpoint": v.mountpoint, "labels": ordered(&v.labels) })
}

/// Networks: `id name driver scope internal labels`.
///
/// # Errors
/// The engine does not answer, or refuses a filter.
pub async fn networks(what: &ContainerList<Rendered>, cx: &Context<'_>) -> Performed {
    let engine = engine::connect(cx).await?;
    let options = ListNetworksOptionsBuilder::default().filters(&filters(&what.filters)).build();
    let mut found = engine.docker.list_networks(Some(options)).await.map_err(refused)?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let rows: Vec<_> = found.iter().map(|n| vec![text(&n.name), text(&n.driver)]).collect();
    Ok(table(cx, &rows, found.iter().map(network).collect()))
}

fn network(n: &Network) -> Value {
    json!({
        "id": n.id,
        "name": n.name,
        "driver": n.driver,
        "scope": n.scope,
        "internal": n.internal,
        "labels": ordered(&n.labels.clone().unwrap_or_default()),
    })
}

fn refused(error: bollard::errors::Error) -> Failure {
    refusal::of_engine(&error, &engine::host())
}

#[cfg(test)]
mod tests {
    use super::{exit_code, health};

    #[test]
    fn health_and_exit_code_are_read_from_the_status() {
        assert_eq!(health("Up 2 minutes (healthy)"), Some("healthy"));
        assert_eq!(health("Up 2 seconds (health: starting)"), Some("starting"));
        assert_eq!(health("Up 2 minutes"), None);
        assert_eq!(exit_code("Exited (137) 3 minutes ago"), Some(137));
        assert_eq!(exit_code("Up 3 minutes"), None);
    }
}
