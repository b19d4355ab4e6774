//! Removes unused things, of just the kinds that are asked for. Filters go to the engine as they are.

use bollard::errors::Error;
use bollard::models::ImageDeleteResponseItem;
use bollard::query_parameters::{
    PruneBuildOptions, PruneContainersOptionsBuilder, PruneImagesOptionsBuilder, PruneNetworksOptionsBuilder,
    PruneVolumesOptionsBuilder,
};
use serde_json::{Value, json};

use super::engine::{self, Engine};
use super::lists::{Filters, filters};
use super::{exec, gives, refusal};
use crate::action::{Context, Performed};
use crate::base::{Duration, Size};
use crate::model::{DockerPrune, PruneWhat, Rendered};

/// How long the engine may take for one kind, in seconds: there may be terabytes of it.
const PATIENCE: u64 = 6 * 3600;
/// How long to wait before it is asked again, while it prunes for somebody else.
const TURN: std::time::Duration = std::time::Duration::from_millis(300);

/// Gives `removed`, a list of `{kind, name}`, and `bytes`, the space that is free again.
///
/// # Errors
/// The engine does not answer. What it refuses after something was removed is a report with that failure.
pub async fn perform(what: &DockerPrune<Rendered>, cx: &Context<'_>) -> Performed {
    let engine = engine::connect(cx).await?;
    let filters = spelled(filters(&what.filters));
    let mut stop = cx.stop.clone();
    let (mut removed, mut bytes, mut failure) = (Vec::new(), 0u64, None);
    for kind in &what.what {
        tokio::select! {
            pruned = in_turn(&engine, *kind, &filters) => match pruned {
                Ok((names, freed)) => {
                    removed.extend(names.into_iter().map(|name| (word(*kind), name)));
                    bytes = bytes.saturating_add(u64::try_from(freed.unwrap_or(0)).unwrap_or(0));
                }
                Err(e) => failure = Some(refusal::of_call(&e, word(*kind))),
            },
            reason = stop.stopped() => failure = Some(exec::stopped(reason, cx)),
        }
        if failure.is_some() {
            break;
        }
    }
    let rows: Vec<Vec<String>> =
        removed.iter().map(|(kind, name)| vec![(*kind).into(), name.clone()]).collect();
    let list: Value = removed.iter().map(|(kind, name)| json!({ "kind": kind, "name": name })).collect();
    let mut report = gives::table(cx, &rows, json!({ "removed": list, "bytes": bytes }));
    report.gives.extend([("removed".into(), list), ("bytes".into(), bytes.into())]);
    report.unchanged = failure.is_none() && removed.is_empty() && bytes == 0;
    report.failure = failure;
    let freed = Size(bytes);
    cx.note(&crate::t!("{freed} free again", "{freed} を解放しました"));
    Ok(report)
}

/// The engine does not know days and weeks: `until: 7d` becomes `604800s`.
fn spelled(mut filters: Filters) -> Filters {
    for value in filters.get_mut("until").into_iter().flatten() {
        if let Ok(length) = Duration::parse(value) {
            *value = format!("{}s", length.as_millis() / 1000);
        }
    }
    filters
}

fn word(kind: PruneWhat) -> &'static str {
    match kind {
        PruneWhat::Containers => "container",
        PruneWhat::Images => "image",
        PruneWhat::Networks => "network",
        PruneWhat::Volumes => "volume",
        PruneWhat::BuildCache => "build_cache",
    }
}

type Pruned = Result<(Vec<String>, Option<i64>), Error>;

/// The engine refuses a second prune of one kind at the same time; it is done after the first.
async fn in_turn(engine: &Engine, kind: PruneWhat, filters: &Filters) -> Pruned {
    loop {
        match one(engine, kind, filters).await {
            Err(Error::DockerResponseServerError { status_code: 409, message })
                if message.contains("already running") =>
            {
                tokio::time::sleep(TURN).await;
            }
            done => return done,
        }
    }
}

async fn one(engine: &Engine, kind: PruneWhat, filters: &Filters) -> Pruned {
    match kind {
        PruneWhat::Containers => containers(engine, filters).await,
        PruneWhat::Images => images(engine, filters).await,
        PruneWhat::Networks => networks(engine, filters).await,
        PruneWhat::Volumes => volumes(engine, filters).await,
        PruneWhat::BuildCache => build_cache(engine, filters).await,
    }
}

async fn containers(engine: &Engine, filters: &Filters) -> Pruned {
    let options = PruneContainersOptionsBuilder::default().filters(filters).build();
    let done = engine.patient(PATIENCE).prune_containers(Some(options)).await?;
    Ok((done.containers_deleted.unwrap_or_default(), done.space_reclaimed))
}

async fn images(engine: &Engine, filters: &Filters) -> Pruned {
    let options = PruneImagesOptionsBuilder::default().filters(filters).build();
    let done = engine.patient(PATIENCE).prune_images(Some(options)).await?;
    let name = |i: ImageDeleteResponseItem| i.untagged.or(i.deleted);
    Ok((done.images_deleted.unwrap_or_default().into_iter().filter_map(name).collect(), done.space_reclaimed))
}

async fn networks(engine: &Engine, filters: &Filters) -> Pruned {
    let options = PruneNetworksOptionsBuilder::default().filters(filters).build();
    let done = engine.patient(PATIENCE).prune_networks(Some(options)).await?;
    Ok((done.networks_deleted.unwrap_or_default(), None))
}

/// Engines from API 1.42 on spare named volumes unless told; older ones never did. It is to mean the same on both.
async fn volumes(engine: &Engine, filters: &Filters) -> Pruned {
    let mut filters = filters.clone();
    let version = engine.docker.client_version();
    if (version.major_version, version.minor_version) >= (1, 42) {
        filters.entry("all".into()).or_insert_with(|| vec!["true".into()]);
    }
    let options = PruneVolumesOptionsBuilder::default().filters(&filters).build();
    let done = engine.patient(PATIENCE).prune_volumes(Some(options)).await?;
    Ok((done.volumes_deleted.unwrap_or_default(), done.space_reclaimed))
}

async fn build_cache(engine: &Engine, filters: &Filters) -> Pruned {
    let options = PruneBuildOptions { filters: Some(filters.clone()), ..Default::default() };
    let done = engine.patient(PATIENCE).prune_build(Some(options)).await?;
    Ok((done.caches_deleted.unwrap_or_default(), done.space_reclaimed))
}

#[cfg(test)]
mod tests {
    use super::{Filters, spelled};

    #[test]
    fn days_are_spelled_as_the_engine_reads_them_and_moments_stay() {
        let given = Filters::from([("until".into(), vec!["7d".into(), "2026-01-01T00:00:00Z".into()])]);
        assert_eq!(spelled(given)["until"], ["604800s", "2026-01-01T00:00:00Z"]);
    }
}
