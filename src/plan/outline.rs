//! A plan as a dry run tells it: every step in order, rendered as far as it is known. It touches nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::before::Before;
use super::node::{Body, LAID_OUT, NodeIx, Plan};
use super::renderer::{Facts, Renderer};
use super::tell_secrets;
use super::told::{Outline, OutlineStep};
use crate::base::StepId;
use crate::model::{Deadline, RunsAtOnce};
use crate::template::Planned;

/// A plan as it is told. `known` are the inputs, and nothing else.
pub fn outline(renderer: &Renderer<'_>, known: &dyn Facts) -> Outline {
    let plan = laid_out(renderer, known);
    let renderer = &Renderer { plan: &plan, ..*renderer };
    let plan = renderer.plan;
    let before = Before::of(renderer, known);
    let visible = plan
        .order
        .iter()
        .filter(|ix| !matches!(plan.at(**ix).body, Body::Close { .. }) && plan.at(**ix).pattern != LAID_OUT)
        .filter(|ix| plan.at(**ix).undoes.is_none() && !plan.at(**ix).left_out);
    // Counted first: a told step is large, and a list that grows by doubling would hold up to twice as many.
    let visible: Vec<NodeIx> = visible.copied().collect();
    let steps: Vec<OutlineStep> = visible.into_iter().map(|ix| renderer.told_step(ix, &before)).collect();
    let (read, change, destroy) = plan.effects();
    Outline {
        playbook: plan.playbook.clone(),
        title: plan.title.clone(),
        environment: plan.environment.clone(),
        inputs: inputs(renderer, known),
        meanings: meanings(plan),
        read,
        change,
        destroy,
        locks: plan.locks.clone(),
        windows: plan.windows.iter().map(|w| w.told.clone()).collect(),
        runs_at_once: Some(plan.runs_at_once).filter(|policy| *policy != RunsAtOnce::Allow),
        schedule: plan.schedule.clone(),
        clock: plan.frames[0].clock.as_ref().map(crate::model::Slot::show),
        clocks: clocks(plan),
        deadlines: deadlines(plan),
        notifications: plan.notifications.clone(),
        checklist: plan.checklist.clone(),
        secrets: once(steps.iter().flat_map(|s| s.secrets.iter().cloned())),
        differs: once(steps.iter().flat_map(|s| &s.unknown).filter(|u| u.differs).map(|u| u.name.clone())),
        steps,
        estimate: None,
        now: Vec::new(),
        probe: None,
        chosen: plan.chosen.clone(),
        left_out: plan.left_out().iter().map(ToString::to_string).collect(),
        allowed: plan.allowed.clone(),
    }
}

/// The clocks of the playbooks that are called, where those have deadlines that count from them.
fn clocks(plan: &Plan) -> Vec<(StepId, String)> {
    let stands = |call: NodeIx| plan.at(call).pattern != LAID_OUT;
    let calls = plan.deadlines.iter().filter_map(|d| Some((d.call.filter(|call| stands(*call))?, d.frame)));
    once(calls.filter_map(|(call, frame)| {
        let clock = plan.frames[frame as usize].clock.as_ref()?;
        Some((plan.at(call).id.ended(), clock.show()))
    }))
}

/// The deadlines, without those of a pattern that is laid out.
fn deadlines(plan: &Plan) -> Vec<Deadline> {
    let stands = |call: Option<NodeIx>| call.is_none_or(|open| plan.at(open).pattern != LAID_OUT);
    plan.deadlines.iter().filter(|d| stands(d.call)).map(|d| d.told.clone()).collect()
}

/// The plan with the loops over steps laid out whose items are known, and those inside them; copied only where there
/// are any.
fn laid_out<'p>(renderer: &Renderer<'p>, known: &dyn Facts) -> Cow<'p, Plan> {
    let mut plan = Cow::Borrowed(renderer.plan);
    let mut from = 0;
    while from < plan.nodes.len() {
        let renderer = &Renderer { plan: &plan, ..*renderer };
        let before = Before::of(renderer, known);
        let new = from as NodeIx..plan.nodes.len() as NodeIx;
        let loops: Vec<(NodeIx, Vec<Value>)> =
            new.filter_map(|ix| Some((ix, known_items(renderer, ix, &before)?))).collect();
        from = plan.nodes.len();
        loops.iter().for_each(|(close, items)| plan.to_mut().expand(*close, items));
    }
    plan
}

/// The items of the loop over steps that a node ends, where they are known.
fn known_items(renderer: &Renderer<'_>, close: NodeIx, known: &dyn Facts) -> Option<Vec<Value>> {
    let node = renderer.plan.at(close);
    let Body::Close { open, .. } = node.body else { return None };
    let each = node.step.for_each.as_ref().filter(|_| node.pattern == 0)?;
    let (scope, unknown) = renderer.planned_scope(open, None, known).ok()?;
    match renderer.tree_planned(&each.list, &scope, &unknown) {
        Ok(Planned::Known(Value::Array(items))) => {
            Some(items).filter(|i| renderer.plan.too_many(open, i.len()).is_none())
        }
        _ => None,
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

/// What the inputs of the playbook itself are for.
fn meanings(plan: &Plan) -> BTreeMap<String, String> {
    let decls = plan.frames[0].inputs.iter();
    decls.filter_map(|(name, decl)| Some((name.clone(), decl.description.clone()?))).collect()
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
