//! Takes a plan through its looks: what others name first, all that can be beside each other. It changes nothing.

use std::rc::Rc;

use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use crate::action::Site;
use crate::event::{Gives, Outcome, Unit, Verdict};
use crate::inputs::Vault;
use crate::plan::{Before, Body, Facts, NodeIx, Renderer};
use crate::process::Stop;
use crate::template::Planned;

use super::facts::{Found, Looked};
use super::order::{after_failure, brings_up, changes_before, first, may_alter, needs_servers, tells};
use super::unit::{together, units};

/// So many looks are under way at once.
const SIDE_BY_SIDE: usize = 8;
/// So many items of a loop are looked at.
const ITEMS: usize = 100;

/// What a probe needs, brought together by whoever starts it.
pub struct Setup<'a> {
    /// The plan, and what renders it.
    pub renderer: Renderer<'a>,
    /// The place of each frame of the plan.
    pub sites: Vec<Rc<Site>>,
    /// The secrets; nobody is asked for one.
    pub vault: Rc<Vault>,
    /// Whether a step that is only declared to read is believed.
    pub believed: bool,
    pub(super) units: Vec<Unit>,
}

impl<'a> Setup<'a> {
    /// What a probe of this plan needs.
    pub fn new(renderer: Renderer<'a>, sites: Vec<Rc<Site>>, vault: Rc<Vault>, believed: bool) -> Setup<'a> {
        let units = units(renderer.plan);
        Setup { renderer, sites, vault, believed, units }
    }
}

/// Looks at every step of a plan. `inputs` are those of the playbook itself.
pub async fn probe(setup: &Setup<'_>, inputs: Map<String, Value>, stop: &Stop) -> Found {
    let plan = setup.renderer.plan;
    let mut found = Found { inputs, ..Found::default() };
    let mut left: Vec<NodeIx> = plan.order.clone();
    while !left.is_empty() && stop.reason().is_none() {
        let ready = |ix: &NodeIx| first(plan, *ix).iter().all(|other| !left.contains(other));
        let mut now: Vec<NodeIx> = left.iter().copied().filter(ready).collect();
        if now.is_empty() {
            // They name each other across a group; then the order of the plan decides.
            now = vec![left[0]];
        }
        left.retain(|ix| !now.contains(ix));
        let looks: Vec<(NodeIx, Option<Looked>)> = {
            let known = Before::of(&setup.renderer, &found);
            let looks = now.into_iter().map(|ix| {
                let known = &known;
                async move { (ix, setup.node(ix, known, stop).await) }
            });
            stream::iter(looks).buffer_unordered(SIDE_BY_SIDE).collect().await
        };
        for (ix, looked) in looks {
            setup.keep(&mut found, ix, looked);
        }
    }
    setup.excuse(&mut found);
    setup.soften(&mut found);
    found
}

/// Whether a step would run at all.
enum Will {
    Run,
    Maybe(String),
    Skip(String),
}

impl Setup<'_> {
    async fn node(&self, ix: NodeIx, known: &dyn Facts, stop: &Stop) -> Option<Looked> {
        let node = self.renderer.plan.at(ix);
        if node.body != Body::Act || node.left_out {
            return None;
        }
        let looked = match self.will(ix, known) {
            Will::Skip(why) => {
                let words = crate::t!("it would be skipped: {why}", "スキップされます: {why}");
                let mut looked = Looked::new(Verdict::Yes, words);
                looked.read = Some((Outcome::Skipped, Gives::new(), 0.0));
                looked
            }
            Will::Run => self.items(ix, known, stop).await,
            Will::Maybe(when) => {
                let looked = self.items(ix, known, stop).await;
                only_if(looked, &when)
            }
        };
        Some(looked)
    }

    /// Whether a node, and all that holds it, would run.
    fn will(&self, ix: NodeIx, known: &dyn Facts) -> Will {
        let plan = self.renderer.plan;
        let mut maybe = None;
        for at in std::iter::successors(Some(ix), |at| plan.at(*at).inside) {
            let Ok((scope, unknown)) = self.renderer.planned_scope(at, None, known) else { continue };
            for condition in &plan.at(at).step.when {
                let covers = |path: &[String]| unknown.covers(path);
                match self.renderer.engine.eval_plan(&condition.that, &scope, &covers) {
                    Ok(Planned::Known(value)) if !truthy(&value) => {
                        return Will::Skip(condition.that.clone());
                    }
                    Ok(Planned::Known(_)) => {}
                    Ok(Planned::Unknown(text)) => maybe = Some(text),
                    Err(e) => maybe = Some(e.message),
                }
            }
        }
        maybe.map_or(Will::Run, Will::Maybe)
    }

    async fn items(&self, ix: NodeIx, known: &dyn Facts, stop: &Stop) -> Looked {
        let Some(each) = &self.renderer.plan.at(ix).step.for_each else {
            return self.look_at(ix, None, known, stop).await;
        };
        let list = self.renderer.planned_scope(ix, None, known);
        let list = list.and_then(|(scope, unknown)| self.renderer.tree_planned(&each.list, &scope, &unknown));
        match list {
            Ok(Planned::Known(Value::Array(items))) if items.len() <= ITEMS => {
                let looks = items.iter().enumerate().map(|(i, item)| async move {
                    (i, (item.clone(), self.look_at(ix, Some((i as u32, item)), known, stop).await))
                });
                let mut looks: Vec<_> = stream::iter(looks).buffer_unordered(SIDE_BY_SIDE).collect().await;
                looks.sort_by_key(|(i, _)| *i);
                together(looks.into_iter().map(|(_, look)| look).collect())
            }
            Ok(Planned::Known(Value::Array(items))) => {
                let count = items.len();
                let words = crate::t!(
                    "{count} items are too many to look at",
                    "{count} 件は多すぎるため確認しません"
                );
                Looked::new(Verdict::CannotKnow, words)
            }
            _ => self.look_at(ix, None, known, stop).await,
        }
    }

    /// Keeps what was found. What a step gave is a fact for others unless a change that comes before it in a run may
    /// make it another.
    fn keep(&self, found: &mut Found, ix: NodeIx, looked: Option<Looked>) {
        let plan = self.renderer.plan;
        let node = plan.at(ix);
        if let Body::Close { open, frame: Some(frame) } = node.body {
            let held =
                plan.nodes.iter().enumerate().filter(|(_, n)| n.inside == Some(open) && n.body == Body::Act);
            if held.map(|(i, _)| i as NodeIx).all(|i| found.known.contains_key(&i)) {
                let known = Before::of(&self.renderer, found);
                if let Ok(gives) = self.renderer.outputs(frame, &known) {
                    found.known.insert(ix, (Outcome::Ok, gives, 0.0));
                }
            }
        }
        let Some(looked) = looked else { return };
        if node.step.around.sensitive == Some(true) {
            found.sensitive.push(ix);
        }
        let changes = changes_before(plan, ix);
        if let Some(read) = &looked.read
            && !changes.iter().any(|change| may_alter(plan.at(*change), node))
        {
            found.known.insert(ix, read.clone());
        }
        found.looked.insert(ix, looked);
    }

    /// What is only done when something failed meets another state than that of now: what it says of that, and a
    /// failure that it declares itself, is no no. That it could not start remains one.
    fn excuse(&self, found: &mut Found) {
        let plan = self.renderer.plan;
        for (ix, looked) in &mut found.looked {
            let own = looked.finding.ran || tells(plan.at(*ix));
            if looked.finding.verdict != Verdict::No || !own || !after_failure(plan, *ix) {
                continue;
            }
            looked.finding.verdict = Verdict::CannotKnow;
            let words = &looked.finding.words;
            looked.finding.words = crate::t!(
                "{words}; it is only done when something failed",
                "{words}（何かが失敗したときだけ実行されます）"
            );
        }
    }

    /// A no of now is no certain no where a step before may bring what is not there, or changes what is read.
    fn soften(&self, found: &mut Found) {
        let plan = self.renderer.plan;
        let mut soft: Vec<(NodeIx, String)> = Vec::new();
        for ix in &plan.order {
            let Some(looked) = found.looked.get(ix).filter(|l| l.finding.verdict == Verdict::No) else {
                continue;
            };
            let could = |change: &NodeIx| {
                let other = found.looked.get(change);
                other.is_none_or(|l| {
                    l.finding.verdict != Verdict::No || soft.iter().any(|(ix, _)| ix == change)
                })
            };
            let changes = changes_before(plan, *ix);
            let by = changes.iter().copied().filter(could).find(|change| match looked.finding.ran {
                true => may_alter(plan.at(*change), plan.at(*ix)),
                false => self.may_bring(*change, *ix, looked, found),
            });
            if let Some(by) = by {
                soft.push((*ix, plan.at(by).id.to_string()));
            }
        }
        for (ix, by) in soft {
            let Some(looked) = found.looked.get_mut(&ix) else { continue };
            looked.finding.verdict = Verdict::CannotKnow;
            let words = &looked.finding.words;
            looked.finding.words = crate::t!(
                "now: {words}; `{by}` before it may change that",
                "現時点: {words}（先行する `{by}` で変わる可能性があります）"
            );
        }
    }

    fn may_bring(&self, change: NodeIx, ix: NodeIx, looked: &Looked, found: &Found) -> bool {
        if looked.wants.is_empty() {
            return false;
        }
        let plan = self.renderer.plan;
        if brings_up(plan.at(change)) && needs_servers(plan.at(ix)) {
            return true;
        }
        let known = Before::of(&self.renderer, found);
        let Ok(guess) = self.renderer.guess(change, None, &known) else { return false };
        looked.wants.iter().any(|want| want.len() > 1 && guess.preview.contains(want.as_str()))
    }
}

/// A no counts only when the step is sure to run.
fn only_if(mut looked: Looked, when: &str) -> Looked {
    if looked.finding.verdict == Verdict::No {
        looked.finding.verdict = Verdict::CannotKnow;
        let words = &looked.finding.words;
        looked.finding.words =
            crate::t!("{words}; whether it runs is open: {when}", "{words}（実行されるかは未定: {when}）");
    }
    // Whether what follows can use it is as open.
    looked.read = None;
    looked
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}
