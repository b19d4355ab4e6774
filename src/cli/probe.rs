//! The probe of `toban plan --probe`: looks at every step, and puts what it found into the outline. It prints nothing.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use super::engine::engine;
use super::error::Error;
use super::place::{sites, vault};
use super::start::{Start, run_facts};
use crate::base::{Masker, Secret};
use crate::plan::{Body, NodeIx, Outline, Plan, ProbeCounts, Renderer, outline};
use crate::probe::{Found, Setup, probe};
use crate::process::{StopReason, Stopper};
use crate::runner::{Signal, Signals};
use crate::template::Engine;

/// The outline of a plan with what looking found, and the masker of the secrets that were used for it.
pub struct Probed {
    /// The plan as it is told.
    pub outline: Outline,
    /// Hides the secrets.
    pub masker: Masker,
    /// What ended it before its time.
    pub signal: Option<Signal>,
}

/// Looks at every step of a plan. `believed` says that the word of a step's author will do.
///
/// # Errors
/// When the engine cannot start.
pub fn look(start: &Start, believed: bool) -> Result<Probed, Error> {
    let (facts, engine) = (run_facts(&start.given), Engine::new());
    let plan = &start.plan;
    let renderer = || Renderer { plan, run: &facts, engine: &engine };
    let id = format!("probe-{}", std::process::id());
    let vault = Rc::new(vault(start, id.clone(), Box::new(|_| Box::pin(std::future::ready(None)))));
    let setup =
        Setup::new(renderer(), sites(plan, id, Path::new("/nowhere"), &vault), Rc::clone(&vault), believed);
    let (found, signal) = found(start, &setup)?;
    let mut told = outline(&renderer(), &found.shown());
    // The outline lays loops out that the plan has once, so a place in one is none in the other.
    let ids: HashMap<String, NodeIx> =
        plan.order.iter().filter_map(|ix| Some((shown(plan, *ix)?, *ix))).collect();
    for step in &mut told.steps {
        step.probe = ids.get(&step.id).and_then(|ix| found.finding(*ix)).cloned();
    }
    told.probe = Some(ProbeCounts::of(told.steps.iter().filter_map(|s| s.probe.as_ref())));
    let secrets = vault.masked();
    let masker = Masker::new(secrets.iter().map(Secret::expose));
    // Before it is escaped for a page or a ticket, where a secret would not look like itself any more.
    Ok(Probed { outline: masked(told, &masker), masker, signal })
}

/// The id under which an outline tells of a node; the end of what holds steps is told at its beginning.
fn shown(plan: &Plan, ix: NodeIx) -> Option<String> {
    match plan.at(ix).body {
        Body::Close { .. } => None,
        Body::Open { close, .. } => Some(plan.at(close).id.to_string()),
        Body::Act => Some(plan.at(ix).id.to_string()),
    }
}

/// Where an outline has words of the language, ids, and what no look adds to.
const FIXED: [&str; 17] = [
    "id",
    "inside",
    "step",
    "kind",
    "effect",
    "why",
    "otherwise",
    "on_error",
    "after_crash",
    "verdict",
    "checklist",
    "locks",
    "windows",
    "runs_at_once",
    "schedule",
    "on",
    "deadlines",
];

/// Where it has data, whose keys mean nothing to it.
const DATA: [&str; 5] = ["gives", "inputs", "item", "each", "facts"];

/// The outline with each secret masked wherever it stands.
fn masked(outline: Outline, masker: &Masker) -> Outline {
    let Ok(mut value) = serde_json::to_value(&outline) else { return outline };
    mask(&mut value, masker, &FIXED);
    serde_json::from_value(value).unwrap_or(outline)
}

fn mask(value: &mut Value, masker: &Masker, fixed: &[&str]) {
    match value {
        Value::String(text) => *text = masker.mask(text).0,
        Value::Array(list) => list.iter_mut().for_each(|value| mask(value, masker, fixed)),
        Value::Object(map) => {
            for (key, value) in map.iter_mut().filter(|(key, _)| !fixed.contains(&key.as_str())) {
                mask(value, masker, if DATA.contains(&key.as_str()) { &[] } else { fixed });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn found(start: &Start, setup: &Setup<'_>) -> Result<(Found, Option<Signal>), Error> {
    let (runtime, signals) = engine()?;
    let (stopper, stop) = Stopper::new();
    let inputs = start.given.values.clone();
    let done = runtime.block_on(async {
        let looking = async {
            let found = heeding(probe(setup, inputs, &stop), signals, &stopper).await;
            // All frames of a plan share their connections.
            if let Some(site) = setup.sites.first() {
                site.hosts.close().await;
            }
            found
        };
        Ok(tokio::task::LocalSet::new().run_until(looking).await)
    });
    runtime.shutdown_background();
    done
}

/// Awaits the looks; a signal ends what they started first.
async fn heeding(
    work: impl Future<Output = Found>,
    mut signals: Signals,
    stopper: &Stopper,
) -> (Found, Option<Signal>) {
    let mut work = std::pin::pin!(work);
    let signal = tokio::select! {
        found = &mut work => return (found, None),
        signal = signals.next() => signal,
    };
    stopper.stop(StopReason::Cancelled);
    let found = tokio::select! {
        found = &mut work => found,
        _ = signals.next() => {
            stopper.stop(StopReason::Killed);
            work.await
        }
    };
    (found, Some(signal))
}
