//! A plan as a dry run tells it: every step in order, rendered as far as it is known. It touches nothing.

use serde_json::{Map, Value};

use super::before::Before;
use super::node::Body;
use super::renderer::{Facts, Renderer};
use super::tell_secrets;
use super::told::{Outline, OutlineStep};

/// A plan as it is told. `known` are the inputs, and nothing else.
pub fn outline(renderer: &Renderer<'_>, known: &dyn Facts) -> Outline {
    let plan = renderer.plan;
    let before = Before::of(renderer, known);
    let visible = plan.order.iter().filter(|ix| !matches!(plan.at(**ix).body, Body::Close { .. }));
    let steps: Vec<OutlineStep> = visible.map(|ix| renderer.told_step(*ix, &before)).collect();
    let (read, change, destroy) = plan.effects();
    Outline {
        playbook: plan.playbook.clone(),
        title: plan.title.clone(),
        environment: plan.environment.clone(),
        inputs: inputs(renderer, known),
        read,
        change,
        destroy,
        locks: plan.locks.clone(),
        schedule: plan.schedule.clone(),
        checklist: plan.checklist.clone(),
        secrets: once(steps.iter().flat_map(|s| s.secrets.iter().cloned())),
        differs: once(steps.iter().flat_map(|s| &s.unknown).filter(|u| u.differs).map(|u| u.name.clone())),
        steps,
        estimate: None,
        probe: None,
    }
}

/// The inputs of the playbook itself.
fn inputs(renderer: &Renderer<'_>, known: &dyn Facts) -> Map<String, Value> {
    let frame = &renderer.plan.frames[0];
    let given = known.inputs(0).cloned().unwrap_or_default();
    let value = |name: &String| match given.get(name) {
        Some(value) => value.clone(),
        None => Value::String(match tell_secrets::source_of(frame, &format!("inputs.{name}")) {
            Some(source) => format!("{} ({source})", crate::base::MASK),
            None => format!("⟨inputs.{name}⟩"),
        }),
    };
    frame.inputs.keys().map(|name| (name.clone(), value(name))).collect()
}

/// Each of these once, in the order in which they first come.
fn once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}
