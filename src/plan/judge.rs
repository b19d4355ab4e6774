//! What the results of an attempt mean: exit codes, conditions, warnings. Pure.

use serde_json::Value;

use super::node::NodeIx;
use super::renderer::{Facts, Item, Renderer, Secrets};
use crate::event::{Failure, Gives, Outcome};
use crate::model::{Action, Condition, Otherwise, Place, Step, StepBody, Template};
use crate::template::{Scope, TemplateError};

/// What an attempt came to, before it is judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// What it gives.
    pub gives: Gives,
    /// There was nothing to do.
    pub unchanged: bool,
    /// What the action itself warns of.
    pub warnings: Vec<String>,
    /// Why it did not succeed, as far as the action can tell.
    pub failure: Option<Failure>,
}

/// What an attempt's results mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What to look at.
    pub warnings: Vec<String>,
}

impl Renderer<'_> {
    /// Judges the results of an attempt at a node.
    pub fn judge(&self, ix: NodeIx, item: Item<'_>, facts: &dyn Facts, results: &Results) -> Judged {
        let step = &self.plan.at(ix).step;
        let mut warnings = results.warnings.clone();
        let failure = match by_code(step, results) {
            Verdict::Fail(failure) => Some(failure),
            Verdict::Warn(text) => {
                warnings.push(text);
                self.by_conditions(ix, item, facts, results, &mut warnings)
            }
            Verdict::Good => self.by_conditions(ix, item, facts, results, &mut warnings),
        };
        let outcome = match (&failure, results.unchanged, warnings.is_empty()) {
            (Some(_), _, _) => Outcome::Failed,
            (None, _, false) => Outcome::Warned,
            (None, true, true) => Outcome::Unchanged,
            (None, false, true) => Outcome::Ok,
        };
        Judged { outcome, failure, warnings }
    }

    fn by_conditions(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        facts: &dyn Facts,
        results: &Results,
        warnings: &mut Vec<String>,
    ) -> Option<Failure> {
        let step = &self.plan.at(ix).step;
        let own: &[Condition] = match &step.body {
            StepBody::Act(action) => match &**action {
                Action::Assert(assert) => &assert.0,
                _ => &[],
            },
            StepBody::Group(_) => &[],
        };
        if (step.expect.is_empty() && own.is_empty()) || results.unchanged {
            return None;
        }
        let scope = self.scope(ix, item, facts, self.missing(ix), &Secrets::default());
        let scope = with_outputs(scope, &results.gives);
        for condition in step.expect.iter().chain(own) {
            match self.unmet(condition, &scope) {
                Ok(None) => {}
                Ok(Some(message)) if condition.otherwise == Otherwise::Warn => warnings.push(message),
                Ok(Some(message)) => return Some(Failure::Expectation { message }),
                Err(e) => {
                    let message = crate::t!(
                        "`{}` could not be evaluated: {}",
                        "`{}` を評価できません: {}",
                        condition.that,
                        e.message
                    );
                    return Some(Failure::Template { message });
                }
            }
        }
        None
    }

    /// The message of a condition that does not hold; none when it holds.
    ///
    /// # Errors
    /// When it cannot be evaluated.
    pub fn unmet(&self, condition: &Condition, scope: &Scope) -> Result<Option<String>, TemplateError> {
        let Some(each) = &condition.each else {
            return Ok(if self.engine.holds(&condition.that, scope)? {
                None
            } else {
                Some(self.message(condition, scope, None)?)
            });
        };
        let Value::Array(items) = self.tree(each, scope)? else {
            let message = crate::t!("`each` did not give a list", "`each` の値がリストではありません");
            return Err(TemplateError { message, span: None });
        };
        for (index, item) in items.into_iter().enumerate() {
            let mut inner = scope.clone();
            inner.set("item", item.clone());
            inner.set("index", Value::from(index));
            if !self.engine.holds(&condition.that, &inner)? {
                return Ok(Some(self.message(condition, &inner, Some(&item))?));
            }
        }
        Ok(None)
    }

    fn message(
        &self,
        condition: &Condition,
        scope: &Scope,
        item: Option<&Value>,
    ) -> Result<String, TemplateError> {
        let Some(message) = &condition.message else {
            let that = &condition.that;
            return Ok(match item {
                None => crate::t!("expected {that}", "条件を満たしません: {that}"),
                Some(item) => {
                    crate::t!("expected {that} for {item}", "条件を満たしません: {that}（{item}）")
                }
            });
        };
        match &message.0 {
            Template::Literal(text) => Ok(text.clone()),
            Template::Source(source) => Ok(match self.engine.render(source, Place::Text, scope)? {
                Value::String(text) => text,
                other => other.to_string(),
            }),
        }
    }

    /// Whether conditions over a reading hold, as in `wait: {until: …}`.
    ///
    /// # Errors
    /// When one cannot be evaluated.
    pub fn all_hold(
        &self,
        conditions: &[Condition],
        scope: &Scope,
        gives: &Gives,
    ) -> Result<bool, TemplateError> {
        let scope = with_outputs(scope.clone(), gives);
        for condition in conditions {
            if self.unmet(condition, &scope)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The scope with a step's own outputs before all other names.
fn with_outputs(mut scope: Scope, gives: &Gives) -> Scope {
    for (name, value) in gives {
        scope.set(name, value.clone());
    }
    scope
}

enum Verdict {
    Good,
    Warn(String),
    Fail(Failure),
}

/// What an exit code means for this step; other failures stay, except that the author's conditions outrank an
/// HTTP status.
fn by_code(step: &Step, results: &Results) -> Verdict {
    let code = match &results.failure {
        None => results.gives.get("exit_code").and_then(Value::as_i64).map(|c| c as i32),
        Some(Failure::Exit { code }) => Some(*code),
        Some(Failure::Rejected { .. } | Failure::Unavailable { .. })
            if !step.expect.is_empty() && results.gives.contains_key("status") =>
        {
            return Verdict::Good;
        }
        Some(other) => return Verdict::Fail(other.clone()),
    };
    match code {
        None => Verdict::Good,
        Some(code) if step.warn_codes.contains(&code) => {
            Verdict::Warn(crate::t!("exit code {code}", "終了コード {code}"))
        }
        Some(code) if step.ok_codes.contains(&code) => Verdict::Good,
        Some(0) if step.ok_codes.is_empty() => Verdict::Good,
        Some(code) => Verdict::Fail(Failure::Exit { code }),
    }
}
