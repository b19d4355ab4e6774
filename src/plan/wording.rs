//! What a step says to people before it runs: its title and its question, as far as they are known by then.

use serde_json::{Map, Value};

use super::before::Before;
use super::node::{Body, Node, NodeIx};
use super::renderer::{Facts, Renderer};
use super::told::ToldQuestion;
use crate::model::{Action, Decide, Effect, Field, Slot, Staged, StepBody, Template, Templated};
use crate::template::{Preview, StageError};

/// The titles of all steps, in the order of [`super::Plan::steps`], and behind them those of
/// [`super::Plan::patterns`]. `known` are the inputs, and nothing else.
pub fn titles(renderer: &Renderer<'_>, known: &dyn Facts) -> Vec<String> {
    let before = Before::of(renderer, known);
    let plan = renderer.plan;
    let shown = |is_pattern: bool| {
        let fits = move |node: &Node| node.is_shown() && node.is_pattern() == is_pattern;
        plan.order.iter().filter(move |ix| fits(plan.at(**ix)))
    };
    shown(false).chain(shown(true)).map(|ix| renderer.planned_title(*ix, &before)).collect()
}

impl Renderer<'_> {
    /// A step's title, with `⟨…⟩` for what only a run can know.
    pub fn planned_title(&self, ix: NodeIx, known: &dyn Facts) -> String {
        let ix = match self.plan.at(ix).body {
            Body::Close { open, .. } => open,
            Body::Act | Body::Open { .. } => ix,
        };
        let node = self.plan.at(ix);
        node.step.title.as_ref().map_or_else(|| node.title.clone(), |title| self.planned(ix, title, known))
    }

    /// A value as far as it is known; one that cannot be rendered says why, and never shows its template as if that
    /// were its text.
    pub(super) fn planned<T: Field, const P: u8>(
        &self,
        ix: NodeIx,
        slot: &Slot<Templated, T, P>,
        known: &dyn Facts,
    ) -> String {
        if let Template::Literal(value) = &slot.0 {
            return value.show();
        }
        let broken = |why: String| crate::t!("⟨cannot be rendered: {why}⟩", "⟨展開できません: {why}⟩");
        let (scope, unknown) = match self.planned_scope(ix, None, known) {
            Ok(names) => names,
            Err(e) => return broken(e.message),
        };
        let covers = |path: &[String]| unknown.covers(path);
        let staged: Result<Slot<crate::model::Planned, T, P>, StageError> =
            slot.stage(&mut Preview::new(self.engine, &scope, &covers));
        staged.map_or_else(|e| broken(e.message), |planned| planned.show())
    }

    /// What is asked before a step, and the flag that answers it without a terminal.
    pub fn planned_question(&self, ix: NodeIx, known: &dyn Facts) -> Option<ToldQuestion> {
        let node = self.plan.at(ix);
        if node.body != Body::Act {
            return None;
        }
        let StepBody::Act(action) = &node.step.body else { return None };
        let id = node.id.without_items();
        let own = |unattended: String| ToldQuestion {
            text: self.planned_title(ix, known),
            facts: Map::new(),
            typed: None,
            people: 1,
            unattended,
        };
        match &**action {
            Action::Manual(_) => Some(own(format!("--answer {id}=done"))),
            Action::Decide(decide) => Some(own(format!("--choose {id}={}", choices(decide)))),
            _ => self.planned_confirmation(ix, known),
        }
    }

    fn planned_confirmation(&self, ix: NodeIx, known: &dyn Facts) -> Option<ToldQuestion> {
        let node = self.plan.at(ix);
        let (id, confirm) = (node.id.without_items(), node.step.confirm.as_ref());
        let destroys = node.step.effect == Effect::Destroy;
        let text = match confirm {
            Some(confirm) => self.planned(ix, &confirm.question, known),
            None if destroys => {
                let title = self.planned_title(ix, known);
                crate::t!("Run “{title}”?", "「{title}」を実行しますか?")
            }
            None => return None,
        };
        let system = &self.plan.frames[node.frame as usize].system;
        let typed = match confirm.and_then(|c| c.typed.as_ref()) {
            Some(typed) => Some(self.planned(ix, typed, known)),
            None if destroys && system.protected => {
                system.target.clone().or_else(|| self.plan.environment.clone())
            }
            None => None,
        };
        let by_effect = system.approvals.of(node.step.effect).map_or(1, |a| a.people);
        let people = confirm.and_then(|c| c.people).unwrap_or(1).max(by_effect);
        let unattended =
            typed.as_ref().map_or_else(|| format!("--confirm {id}"), |t| format!("--confirm {id}={t}"));
        let facts = confirm.map(|c| &c.facts).into_iter().flatten();
        let facts = facts.map(|(label, slot)| (label.clone(), Value::String(self.planned(ix, slot, known))));
        Some(ToldQuestion { text, facts: facts.collect(), typed, people, unattended })
    }
}

/// The answers that are known: `restore|stop`.
fn choices(decide: &Decide<Templated>) -> String {
    match decide.from {
        Some(_) => "VALUE".to_string(),
        None => decide.choices.keys().cloned().collect::<Vec<_>>().join("|"),
    }
}
