//! Whether a call to the engine could start: the engine answers, the container is up, the image is there. It only
//! inspects.

use super::could_compose;
use super::engine::{self, Engine};
use super::inspect;
use super::refusal;
use super::run::bind;
use crate::action::Context;
use crate::action::could::{Could, Looked, is_unknown};
use crate::event::Failure;
use crate::model::{Docker, DockerRun, Names, Rendered};

/// Asks one call.
pub async fn could_start(action: &Docker<Rendered>, cx: &Context<'_>) -> Looked {
    match action {
        Docker::Compose(what) => could_compose::could_start(what, cx).await,
        Docker::Exec(what) => {
            let engine = engine::connect(cx).await?;
            let container = known(&what.container)?;
            is_up(&engine, container).await
        }
        Docker::Run(what) => could_run(what, cx).await,
        Docker::Start(what) | Docker::Stop(what) | Docker::Restart(what) | Docker::Rm(what) => {
            are_there(what, cx).await
        }
        _ => {
            engine::connect(cx).await?;
            Ok(Could::yes(crate::t!("the engine answers", "エンジンが応答します")))
        }
    }
}

fn known(text: &str) -> Result<&str, Could> {
    if is_unknown(text) { Err(Could::unknown(text)) } else { Ok(text) }
}

async fn is_up(engine: &Engine, container: &str) -> Looked {
    let found = inspect::all(engine, &[container.to_string()]).await.map_err(|f| absent(f, container))?;
    let state = found.first().and_then(inspect::state).unwrap_or_default();
    if state == "running" {
        return Ok(Could::yes(crate::t!(
            "the container `{container}` is up",
            "コンテナ `{container}` は起動中です"
        )));
    }
    Err(Could::no(crate::t!(
        "the container `{container}` is not running ({state})",
        "コンテナ `{container}` は起動していません（{state}）"
    ))
    .wanting(container))
}

/// Something of this name is not there.
pub(super) fn absent(failure: Failure, name: &str) -> Could {
    Could::from(failure).wanting(name)
}

async fn are_there(what: &Names<Rendered>, cx: &Context<'_>) -> Looked {
    let engine = engine::connect(cx).await?;
    for name in what.names.iter().flat_map(|list| list.0.0.iter()) {
        inspect::all(&engine, &[known(name)?.to_string()]).await.map_err(|f| absent(f, name))?;
    }
    Ok(Could::yes(crate::t!("the containers are there", "コンテナがあります")))
}

async fn could_run(what: &DockerRun<Rendered>, cx: &Context<'_>) -> Looked {
    let engine = engine::connect(cx).await?;
    let image = known(&what.image)?;
    let found = engine.docker.inspect_image(image).await;
    found.map_err(|e| absent(refusal::of_call(&e, image), image))?;
    if let Some(name) = what.name.as_ref().filter(|n| !is_unknown(n)) {
        let name = refusal::name_of_container(name)?;
        if engine.docker.inspect_container(name, None).await.is_ok() {
            return Err(Could::no(crate::t!(
                "there is a container `{name}` already",
                "コンテナ `{name}` が既にあります"
            ))
            .wanting(name));
        }
    }
    let network = what.network.as_ref().map(|n| n.0.as_str()).filter(|n| !is_unknown(n));
    if let Some(network) =
        network.filter(|n| !["host", "none", "bridge", "default"].contains(n) && !n.contains(':'))
    {
        let found = engine.docker.inspect_network(network, None).await;
        found.map_err(|e| absent(refusal::of_call(&e, network), network))?;
    }
    for volume in &what.volumes {
        source(&bind(volume, cx))?;
    }
    Ok(Could::yes(crate::t!("the image `{image}` is there", "イメージ `{image}` があります")))
}

/// A folder of this machine that is not there would be made by the engine, empty and root's.
fn source(volume: &str) -> Result<(), Could> {
    let source = volume.split(':').next().unwrap_or_default();
    if source.starts_with('/') && !is_unknown(source) && !std::path::Path::new(source).exists() {
        return Err(Could::unclear(crate::t!(
            "{source} is not there; the engine would make an empty folder",
            "{source} がありません。エンジンが空のフォルダーを作ります"
        ))
        .wanting(source));
    }
    Ok(())
}
