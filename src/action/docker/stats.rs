//! One reading of processor and memory of each running container. It changes nothing.

use bollard::models::{ContainerCpuStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::engine::{self, Engine};
use super::{exec, gives, lists, refusal};
use crate::action::{Context, Performed};
use crate::event::Failure;
use crate::model::{ContainerList, Rendered};

/// Containers: `name id cpu_percent memory memory_limit memory_percent pids received sent read written`, sizes in bytes.
/// It takes a second or two, the time between two readings of the processor.
///
/// # Errors
/// The engine does not answer, or refuses a filter.
pub async fn perform(what: &ContainerList<Rendered>, cx: &Context<'_>) -> Performed {
    let engine = engine::connect(cx).await?;
    let found = lists::find(&engine, &lists::filters(&what.filters), false).await?;
    let names: Vec<String> = found.iter().map(lists::name_of).collect();
    let mut stop = cx.stop.clone();
    let readings = tokio::select! {
        readings = join_all(names.iter().map(|name| reading(&engine, name))) => readings,
        reason = stop.stopped() => return Err(exec::stopped(reason, cx)),
    };
    let mut all = Vec::new();
    for reading in readings {
        // One that ended in between has no reading.
        all.extend(reading?);
    }
    let percent = |v: &Value| format!("{:.1}%", v.as_f64().unwrap_or(0.0));
    let size = |v: &Value| crate::base::Size(v.as_u64().unwrap_or(0)).to_string();
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|r| {
            vec![
                text(&r["name"]),
                percent(&r["cpu_percent"]),
                size(&r["memory"]),
                percent(&r["memory_percent"]),
            ]
        })
        .collect();
    Ok(gives::table(cx, &rows, Value::Array(all)))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

async fn reading(engine: &Engine, name: &str) -> Result<Option<Value>, Failure> {
    let options = StatsOptionsBuilder::default().stream(false).one_shot(false).build();
    match std::pin::pin!(engine.docker.stats(name, Some(options))).next().await {
        Some(Ok(stats)) => Ok(Some(plain(name, &stats))),
        None | Some(Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. })) => {
            Ok(None)
        }
        Some(Err(e)) => Err(refusal::of_call(&e, name)),
    }
}

fn plain(name: &str, s: &ContainerStatsResponse) -> Value {
    let memory = s.memory_stats.as_ref();
    let used = memory.and_then(|m| m.usage).unwrap_or(0).saturating_sub(cache(s));
    let limit = memory.and_then(|m| m.limit).unwrap_or(0);
    let networks = || s.networks.iter().flat_map(|n| n.values());
    let moved = |which: &str| -> u64 {
        let io = s.blkio_stats.as_ref().and_then(|b| b.io_service_bytes_recursive.as_ref());
        let of = io
            .into_iter()
            .flatten()
            .filter(|e| e.op.as_deref().is_some_and(|o| o.eq_ignore_ascii_case(which)));
        of.filter_map(|e| e.value).sum()
    };
    json!({
        "name": name,
        "id": s.id,
        "cpu_percent": round(cpu_percent(s)),
        "memory": used,
        "memory_limit": limit,
        "memory_percent": round(if limit == 0 { 0.0 } else { used as f64 * 100.0 / limit as f64 }),
        "pids": s.pids_stats.as_ref().and_then(|p| p.current),
        "received": networks().filter_map(|n| n.rx_bytes).sum::<u64>(),
        "sent": networks().filter_map(|n| n.tx_bytes).sum::<u64>(),
        "read": moved("read"),
        "written": moved("write"),
    })
}

/// What the kernel would give back at once, as `docker stats` leaves it out (cgroup v2, then v1).
fn cache(s: &ContainerStatsResponse) -> u64 {
    let details = s.memory_stats.as_ref().and_then(|m| m.stats.as_ref());
    let get = |key: &str| details.and_then(|d| d.get(key)).copied();
    get("total_inactive_file").or_else(|| get("inactive_file")).unwrap_or(0)
}

/// As `docker stats` reckons: the container's share of the time between two readings, 100 for one processor.
fn cpu_percent(s: &ContainerStatsResponse) -> f64 {
    let (Some(now), Some(before)) = (s.cpu_stats.as_ref(), s.precpu_stats.as_ref()) else { return 0.0 };
    let total = |c: &ContainerCpuStats| c.cpu_usage.as_ref().and_then(|u| u.total_usage).unwrap_or(0);
    let own = total(now).saturating_sub(total(before)) as f64;
    let system = |c: &ContainerCpuStats| c.system_cpu_usage.unwrap_or(0);
    let all = system(now).saturating_sub(system(before)) as f64;
    if all <= 0.0 { 0.0 } else { own / all * f64::from(now.online_cpus.unwrap_or(1)) * 100.0 }
}

fn round(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}
