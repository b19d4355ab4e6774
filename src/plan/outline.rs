//! A plan as a dry run tells it: every step in order, rendered as far as it is known. It touches nothing.

use serde::Serialize;
use serde_json::{Map, Value};

use super::before::Before;
use super::finding::{ProbeCounts, ProbeFinding};
use super::node::{Body, NodeIx};
use super::preview::preview;
use super::renderer::{Facts, Item, Renderer};
use crate::graph::Why;
use crate::model::{Action, Effect, OnError, StepBody};
use crate::template::{Planned, Preview};

/// A whole plan, as it is told.
#[derive(Clone, Debug, Serialize)]
pub struct Outline {
    /// The playbook's name.
    pub playbook: String,
    /// Its title.
    pub title: String,
    /// The environment.
    pub environment: Option<String>,
    /// The known inputs; a missing one as `⟨inputs.x⟩`.
    pub inputs: Map<String, Value>,
    /// Every step in an order in which they could run.
    pub steps: Vec<OutlineStep>,
    /// How many steps only read.
    pub read: usize,
    /// How many change something.
    pub change: usize,
    /// How many destroy something.
    pub destroy: usize,
    /// What a probe found, counted; none without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeCounts>,
}

/// One step of a plan, as it is told.
#[derive(Clone, Debug, Serialize)]
pub struct OutlineStep {
    /// Its id.
    pub id: String,
    /// How deep it stands in groups and playbooks.
    pub depth: usize,
    /// Its title.
    pub title: String,
    /// The kind of its action.
    pub kind: String,
    /// What it does to the world.
    pub effect: Effect,
    /// Why a step that looks destructive is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What it waits for, and why.
    pub needs: Vec<(String, &'static str)>,
    /// Its conditions, each with its value or `⟨…⟩`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<(String, String)>,
    /// How its loop is told; none for a step that does not loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// The very text that would be performed, one for each item that is known.
    pub text: Vec<String>,
    /// Why it cannot be rendered, should that be so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its time limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Attempts in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// What is asked before it, and how it is answered without a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asks: Option<(String, String)>,
    /// Whether what follows goes on when it fails.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub goes_on: bool,
    /// What a probe found out about it; none without one, and for a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeFinding>,
}

/// A plan as it is told. `known` are the inputs, and nothing else.
pub fn outline(renderer: &Renderer<'_>, known: &dyn Facts) -> Outline {
    let plan = renderer.plan;
    let before = Before::of(renderer, known);
    let visible = plan.order.iter().filter(|ix| !matches!(plan.at(**ix).body, Body::Close { .. }));
    let steps = visible.map(|ix| outline_step(renderer, *ix, &before)).collect();
    let (read, change, destroy) = plan.effects();
    let frame = &plan.frames[0];
    let given = known.inputs(0).cloned().unwrap_or_default();
    let inputs = frame
        .inputs
        .keys()
        .map(|name| {
            let unknown = || Value::String(format!("⟨inputs.{name}⟩"));
            (name.clone(), given.get(name).cloned().unwrap_or_else(unknown))
        })
        .collect();
    Outline {
        playbook: plan.playbook.clone(),
        title: plan.title.clone(),
        environment: plan.environment.clone(),
        inputs,
        steps,
        read,
        change,
        destroy,
        probe: None,
    }
}

fn outline_step(renderer: &Renderer<'_>, ix: NodeIx, known: &dyn Facts) -> OutlineStep {
    let plan = renderer.plan;
    let node = plan.at(ix);
    let step = &node.step;
    // The beginning of a playbook or group tells of the step as a whole.
    let shown = match node.body {
        Body::Open { close, .. } => plan.at(close),
        _ => node,
    };
    let mut told = OutlineStep {
        id: shown.id.to_string(),
        depth: depth(renderer, ix),
        title: renderer.planned_title(ix, known),
        kind: node.kind().to_string(),
        effect: step.effect,
        because: step.because.clone(),
        needs: needs(renderer, ix),
        when: Vec::new(),
        items: None,
        text: Vec::new(),
        error: None,
        timeout: step.around.timeout.as_ref().map(|t| t.show()),
        attempts: step.retry.as_ref().map(|r| r.attempts),
        asks: renderer.planned_question(ix, known),
        goes_on: step.on_error == OnError::Continue,
        probe: None,
    };
    match told_when(renderer, ix, known) {
        Ok(when) => told.when = when,
        Err(message) => told.error = Some(message),
    }
    match texts(renderer, ix, known) {
        Ok((items, text)) => {
            told.items = items;
            told.text = text;
        }
        Err(message) => told.error = Some(message),
    }
    told
}

fn depth(renderer: &Renderer<'_>, ix: NodeIx) -> usize {
    std::iter::successors(renderer.plan.at(ix).inside, |open| renderer.plan.at(*open).inside).count()
}

fn needs(renderer: &Renderer<'_>, ix: NodeIx) -> Vec<(String, &'static str)> {
    let plan = renderer.plan;
    plan.graph
        .needs(ix)
        .filter(|(n, _)| !matches!(plan.at(*n).body, Body::Open { .. }))
        .map(|(n, why)| {
            let why = match why {
                Why::Written => "written",
                Why::Sequence => "sequence",
                Why::Reference => "reference",
                Why::After => "after",
            };
            (plan.at(n).id.to_string(), why)
        })
        .collect()
}

fn told_when(
    renderer: &Renderer<'_>,
    ix: NodeIx,
    known: &dyn Facts,
) -> Result<Vec<(String, String)>, String> {
    let step = &renderer.plan.at(ix).step;
    if step.when.is_empty() {
        return Ok(Vec::new());
    }
    let (scope, unknown) = renderer.planned_scope(ix, None, known).map_err(|e| e.message)?;
    step.when
        .iter()
        .map(|condition| {
            let value = renderer
                .engine
                .eval_plan(&condition.that, &scope, &|path| unknown.covers(path))
                .map_err(|e| e.message)?;
            Ok((condition.that.clone(), told_value(value)))
        })
        .collect()
}

fn told_value(value: Planned) -> String {
    match value {
        Planned::Known(Value::String(text)) => text,
        Planned::Known(value) => value.to_string(),
        Planned::Unknown(text) => text,
    }
}

type Texts = (Option<String>, Vec<String>);

fn texts(renderer: &Renderer<'_>, ix: NodeIx, known: &dyn Facts) -> Result<Texts, String> {
    let step = &renderer.plan.at(ix).step;
    let Some(each) = &step.for_each else {
        return Ok((None, vec![text(renderer, ix, None, known)?]));
    };
    let (scope, unknown) = renderer.planned_scope(ix, None, known).map_err(|e| e.message)?;
    match renderer.tree_planned(&each.list, &scope, &unknown).map_err(|e| e.message)? {
        Planned::Known(Value::Array(items)) => {
            let texts = items
                .iter()
                .enumerate()
                .map(|(i, value)| text(renderer, ix, Some((i as u32, value)), known))
                .collect::<Result<_, _>>()?;
            Ok((Some(Value::Array(items).to_string()), texts))
        }
        Planned::Known(other) => Ok((Some(other.to_string()), Vec::new())),
        Planned::Unknown(list) => Ok((Some(list), vec![text(renderer, ix, None, known)?])),
    }
}

fn text(renderer: &Renderer<'_>, ix: NodeIx, item: Item<'_>, known: &dyn Facts) -> Result<String, String> {
    use crate::model::Staged;
    let step = &renderer.plan.at(ix).step;
    let StepBody::Act(action) = &step.body else { return Ok(String::new()) };
    let (scope, unknown) = renderer.planned_scope(ix, item, known).map_err(|e| e.message)?;
    let covers = |path: &[String]| unknown.covers(path);
    let mut stager = Preview::new(renderer.engine, &scope, &covers);
    let told = |e: crate::template::StageError| format!("{}: {}", e.path, e.message);
    let around = step.around.stage(&mut stager).map_err(told)?;
    let mut action = (**action).stage(&mut stager).map_err(told)?;
    if let Action::Named(named) = &action {
        let system = &renderer.plan.frames[renderer.plan.at(ix).frame as usize].system;
        if let Some(own) = system.actions.get(&named.name.show()) {
            action = own.stage(&mut stager).map_err(told)?;
        }
    }
    Ok(preview(&action, &around))
}
