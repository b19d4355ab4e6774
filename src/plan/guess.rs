//! A unit as far as it can be known before a run: what only a run can know stands in it as `⟨…⟩`. Good for looking
//! whether the rest is there; never to be performed.

use crate::model::{
    Action, Around, Field, Key, Known, Place, Planned, Rendered, Staged, Stager, StepBody, Templated,
};
use crate::template::Preview;

use super::node::NodeIx;
use super::renderer::{Facts, Item, Renderer};

/// A unit with its holes.
#[derive(Clone, Debug)]
pub struct Guess {
    /// What would be performed. Secrets are not in it.
    pub action: Action<Rendered>,
    /// What surrounds it.
    pub around: Around<Rendered>,
    /// Its very text.
    pub preview: String,
    /// What of it only a run can know; empty when it is whole.
    pub unknown: Vec<String>,
}

impl Renderer<'_> {
    /// A unit as far as it is known.
    ///
    /// # Errors
    /// When a template fails, or something unknown is not text, so that nothing can stand for it.
    pub fn guess(&self, ix: NodeIx, item: Item<'_>, known: &dyn Facts) -> Result<Guess, String> {
        let node = self.plan.at(ix);
        let StepBody::Act(action) = &node.step.body else {
            return Err(crate::t!("a group is not performed", "グループは実行できません"));
        };
        let (scope, unknown) = self.planned_scope(ix, item, known).map_err(|e| e.message)?;
        let covers = |path: &[String]| unknown.covers(path);
        let mut stager = Preview::new(self.engine, &scope, &covers);
        let told = |e: crate::template::StageError| format!("{}: {}", e.path, e.message);
        let around: Around<Planned> = node.step.around.stage(&mut stager).map_err(told)?;
        let action: Action<Planned> = self.meant(ix, action).stage(&mut stager).map_err(told)?;
        let preview = super::preview(&action, &around, &self.plan.frames[node.frame as usize].system);
        let mut holes = Holes(Vec::new());
        let around = around.stage(&mut holes)?;
        let action = action.stage(&mut holes)?;
        Ok(Guess { action, around, preview, unknown: holes.0 })
    }

    /// The action itself, where a step names one of its system.
    pub(super) fn meant<'s>(&'s self, ix: NodeIx, action: &'s Action<Templated>) -> &'s Action<Templated> {
        let system = &self.plan.frames[self.plan.at(ix).frame as usize].system;
        match action {
            Action::Named(named) => system.actions.get(&named.name.show()).unwrap_or(action),
            _ => action,
        }
    }
}

/// Lets the text of what is unknown stand for it, and keeps a list.
struct Holes(Vec<String>);

impl Stager<Planned, Rendered> for Holes {
    type Error = String;

    fn field<T: Field>(&mut self, _: Place, value: &Known<T>) -> Result<T, String> {
        match value {
            Known::Yes(value) => Ok(value.clone()),
            Known::No(text) => {
                self.0.push(text.clone());
                T::from_value(text.as_str().into())
                    .map_err(|_| crate::t!("only a run knows {text}", "{text} は実行時にのみ決まります"))
            }
        }
    }

    fn enter(&mut self, _: Key<'_>) {}
    fn leave(&mut self) {}
}
