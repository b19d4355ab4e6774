//! Makes one unit ready to be performed: its action rendered, its text for people, its question. It performs nothing.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::node::{Body, NodeIx};
use super::preview::preview;
use super::renderer::{Facts, Item, Missing, Renderer, Secrets};
use crate::event::{Choice, Failure, Gives, Question};
use crate::model::{
    Action, Around, Confirm, Decide, DecideFrom, Effect, Place, Rendered, Slot, Staged, StepBody, Template,
    Templated,
};
use crate::template::{Render, Scope, TemplateError};

/// One unit, ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// What is performed.
    pub action: Action<Rendered>,
    /// What surrounds it.
    pub around: Around<Rendered>,
    /// The very text of it, secrets masked.
    pub preview: String,
}

impl Renderer<'_> {
    /// Renders a unit with the values of its secrets.
    ///
    /// # Errors
    /// When a template cannot be rendered, as the failure of the unit.
    pub fn prepare(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        facts: &dyn Facts,
        secrets: &Secrets,
    ) -> Result<Prepared, Failure> {
        let node = self.plan.at(ix);
        let StepBody::Act(action) = &node.step.body else {
            return Err(Failure::Template {
                message: crate::t!("a group is not performed", "グループは実行できません"),
            });
        };
        // Where there are no templates at all, nobody asks for names.
        let scope = match node.uses.any {
            true => self.scope(ix, item, facts, self.missing(ix), secrets),
            false => Scope::new(),
        };
        let mut render = Render::new(self.engine, &scope);
        let staged = |e: crate::template::StageError| Failure::Template {
            message: format!("{}: {}", e.path, e.message),
        };
        let around = node.step.around.stage(&mut render).map_err(staged)?;
        let action = (**action).stage(&mut render).map_err(staged)?;
        let preview = preview(&action, &around, &self.plan.frames[node.frame as usize].system);
        Ok(Prepared { action, around, preview })
    }

    /// The `verify` of a unit with the values of its secrets; none where its step has none. It reads nothing and
    /// writes no file on behalf of the step.
    ///
    /// # Errors
    /// When a template cannot be rendered.
    pub fn prepare_verify(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        facts: &dyn Facts,
        secrets: &Secrets,
    ) -> Result<Option<Prepared>, Failure> {
        let node = self.plan.at(ix);
        let Some(verify) = &node.step.verify else { return Ok(None) };
        let scope = self.scope(ix, item, facts, Missing::Error, secrets);
        let mut render = Render::new(self.engine, &scope);
        let staged = |e: crate::template::StageError| Failure::Template {
            message: format!("verify.{}: {}", e.path, e.message),
        };
        let mut around = node.step.around.clone();
        (around.stdin, around.stdout, around.unless, around.creates) = (None, None, None, None);
        let around = around.stage(&mut render).map_err(staged)?;
        let action = (**verify).stage(&mut render).map_err(staged)?;
        let preview = preview(&action, &around, &self.plan.frames[node.frame as usize].system);
        Ok(Some(Prepared { action, around, preview }))
    }

    /// What a person is asked before a node, or by it; none when nothing is asked. `items` are the items of a loop,
    /// which asks once for all of them.
    ///
    /// # Errors
    /// When the question cannot be rendered.
    pub fn question(
        &self,
        ix: NodeIx,
        items: Option<&[Value]>,
        facts: &dyn Facts,
        text: &str,
    ) -> Result<Option<Question>, Failure> {
        let node = self.plan.at(ix);
        let step = &node.step;
        if node.body != Body::Act || (step.confirm.is_none() && step.effect != Effect::Destroy) {
            return Ok(None);
        }
        let first = items.and_then(|items| items.first()).map(|value| (0, value));
        let scope = self.scope(ix, first, facts, self.missing(ix), &Secrets::default());
        let system = &self.plan.frames[node.frame as usize].system;
        let title = match &step.title {
            Some(title) => self.text(title, &scope)?,
            None => node.title.clone(),
        };
        let default_text = || crate::t!("Run “{title}”?", "「{title}」を実行しますか?");
        let mut question = match &step.confirm {
            None => Confirmation { text: default_text(), ..Confirmation::default() },
            Some(confirm) => self.confirmation(confirm, &scope)?,
        };
        if let Some(items) = items {
            question.facts.insert(crate::t!("items", "対象"), Value::Array(items.to_vec()));
        }
        if question.typed.is_none() && step.effect == Effect::Destroy && system.protected {
            question.typed = system.target.clone().or_else(|| self.plan.environment.clone());
        }
        let by_effect = system.approvals.of(step.effect);
        let people = question.people.max(by_effect.map_or(1, |a| a.people));
        // Who approved the plan has agreed already; the operator agrees here.
        let agreed = self.run.approved_by.iter().filter(|by| **by != self.run.operator).count() as u32;
        let people = people.saturating_sub(agreed).max(1);
        Ok(Some(Question::Confirm {
            text: question.text,
            preview: text.to_string(),
            facts: question.facts,
            typed: question.typed,
            people,
        }))
    }

    fn confirmation(&self, confirm: &Confirm, scope: &Scope) -> Result<Confirmation, Failure> {
        let facts = confirm
            .facts
            .iter()
            .map(|(label, slot)| {
                let value = match &slot.0 {
                    Template::Literal(value) => value.clone(),
                    Template::Source(source) => {
                        self.engine.render(source, Place::Value, scope).map_err(failure)?
                    }
                };
                Ok((label.clone(), value))
            })
            .collect::<Result<IndexMap<_, _>, Failure>>()?;
        Ok(Confirmation {
            text: self.text(&confirm.question, scope)?,
            facts,
            typed: confirm.typed.as_ref().map(|t| self.text(t, scope)).transpose()?,
            people: confirm.people.unwrap_or(1),
        })
    }

    fn text<const P: u8>(&self, slot: &Slot<Templated, String, P>, scope: &Scope) -> Result<String, Failure> {
        match &slot.0 {
            Template::Literal(text) => Ok(text.clone()),
            Template::Source(source) => {
                match self
                    .engine
                    .render(source, Slot::<Templated, String, P>::PLACE, scope)
                    .map_err(failure)?
                {
                    Value::String(text) => Ok(text),
                    other => Ok(other.to_string()),
                }
            }
        }
    }

    /// The question that a `manual` or `decide` step is.
    ///
    /// # Errors
    /// When the choices do not come out.
    pub fn own_question(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        facts: &dyn Facts,
        action: &Action<Rendered>,
    ) -> Result<Option<Question>, Failure> {
        match action {
            Action::Manual(manual) => Ok(Some(Question::Manual {
                instruction: manual.instruction.0.clone(),
                link: manual.link.as_ref().map(|l| l.0.clone()),
                evidence: manual.evidence.clone(),
            })),
            Action::Decide(decide) => {
                let choices = self.choices(ix, item, facts, decide)?;
                Ok(Some(Question::Decide { text: decide.question.0.clone(), choices }))
            }
            _ => Ok(None),
        }
    }

    fn choices(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        facts: &dyn Facts,
        decide: &Decide<Rendered>,
    ) -> Result<Vec<Choice>, Failure> {
        let Some(DecideFrom { list, value, label }) = &decide.from else {
            let fixed = decide.choices.iter();
            return Ok(fixed
                .map(|(k, v)| Choice { value: Value::from(k.clone()), label: v.0.clone() })
                .collect());
        };
        let scope = self.scope(ix, item, facts, self.missing(ix), &Secrets::default());
        let Value::Array(items) = list.value() else {
            let message =
                crate::t!("`from.list` did not give a list", "`from.list` の値がリストではありません");
            return Err(Failure::Template { message });
        };
        items
            .into_iter()
            .map(|item| {
                let mut inner = scope.clone();
                inner.set("item", item);
                let label = match self.engine.eval(label, &inner).map_err(failure)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                Ok(Choice { value: self.engine.eval(value, &inner).map_err(failure)?, label })
            })
            .collect()
    }

    /// Why a node is skipped: the first of its conditions that does not hold.
    ///
    /// # Errors
    /// When a condition cannot be evaluated.
    pub fn skip_reason(&self, ix: NodeIx, facts: &dyn Facts) -> Result<Option<String>, Failure> {
        let when = &self.plan.at(ix).step.when;
        if when.is_empty() {
            return Ok(None);
        }
        let scope = self.scope(ix, None, facts, Missing::Null, &Secrets::default());
        for condition in when {
            if let Some(message) = self.unmet(condition, &scope).map_err(failure)? {
                return Ok(Some(match condition.message {
                    Some(_) => message,
                    None => condition.that.clone(),
                }));
            }
        }
        Ok(None)
    }

    /// The items of a node that loops; none for one that does not.
    ///
    /// # Errors
    /// When the list cannot be rendered or is none.
    pub fn expand(&self, ix: NodeIx, facts: &dyn Facts) -> Result<Option<Vec<Value>>, Failure> {
        let Some(each) = &self.plan.at(ix).step.for_each else { return Ok(None) };
        let scope = self.scope(ix, None, facts, self.missing(ix), &Secrets::default());
        match self.tree(&each.list, &scope).map_err(failure)? {
            Value::Array(items) => match self.plan.too_many(ix, items.len()) {
                None => Ok(Some(items)),
                Some(message) => Err(Failure::Template { message }),
            },
            Value::Null => Ok(Some(Vec::new())),
            other => {
                let message = crate::t!(
                    "for_each needs a list, not {other}",
                    "for_each にはリストが必要ですが {other} です"
                );
                Err(Failure::Template { message })
            }
        }
    }

    /// Whether a loop stops after an item that gave this. `ix` is the node that has ended.
    ///
    /// # Errors
    /// When the condition cannot be evaluated.
    pub fn loop_stops(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        facts: &dyn Facts,
        gives: &Gives,
    ) -> Result<bool, Failure> {
        let looped = self.plan.loop_of(ix).unwrap_or(ix);
        let Some(each) = &self.plan.at(looped).step.for_each else { return Ok(false) };
        if each.stop.is_empty() {
            return Ok(false);
        }
        let scope = self.scope(ix, item, facts, Missing::Null, &Secrets::default());
        self.all_hold(&each.stop, &scope, gives).map_err(failure)
    }

    /// The inputs that a call gives to the playbook it begins.
    ///
    /// # Errors
    /// When one cannot be rendered or is not of its type.
    pub fn call_inputs(
        &self,
        open: NodeIx,
        frame: u32,
        facts: &dyn Facts,
    ) -> Result<Map<String, Value>, Failure> {
        let called = &self.plan.frames[frame as usize];
        let scope = self.scope(open, None, facts, self.missing(open), &Secrets::default());
        let mut values = Map::new();
        for (name, tree) in called.given.iter() {
            values.insert(name.clone(), self.tree(tree, &scope).map_err(failure)?);
        }
        for (name, decl) in called.inputs.iter() {
            if !values.contains_key(name) {
                values.insert(name.clone(), decl.default.clone().unwrap_or(Value::Null));
            }
        }
        Ok(values)
    }

    /// What a playbook gives to its caller when it has ended.
    ///
    /// # Errors
    /// When an output cannot be rendered.
    pub fn outputs(&self, frame: u32, facts: &dyn Facts) -> Result<Gives, Failure> {
        let frame_ref = &self.plan.frames[frame as usize];
        let mut uses = super::Uses::default();
        frame_ref.outputs.values().for_each(|t| uses.merge(&super::Uses::of_tree(t)));
        let uses = uses.with_vars(&frame_ref.vars);
        let scope = self.frame_scope(frame, facts, &uses);
        frame_ref
            .outputs
            .iter()
            .map(|(name, tree)| Ok((name.clone(), self.tree(tree, &scope).map_err(failure)?)))
            .collect()
    }
}

#[derive(Default)]
struct Confirmation {
    text: String,
    facts: IndexMap<String, Value>,
    typed: Option<String>,
    people: u32,
}

fn failure(e: TemplateError) -> Failure {
    Failure::Template { message: e.message }
}
