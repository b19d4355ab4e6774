//! One step of a plan as a dry run tells it. It decides nothing and touches nothing.

use serde_json::Value;

use super::foresee::Unknown;
use super::node::{Body, Node, NodeIx};
use super::preview::preview;
use super::renderer::{Facts, Item, Renderer};
use super::told::{
    OutlineStep, ToldCondition, ToldFact, ToldLoop, ToldNeed, ToldText, ToldUndo, ToldUnknown,
};
use super::{tell_secrets, tell_system};
use crate::graph::Why;
use crate::model::{self, Action, Around, Condition, Slot, SqlText, Staged, StepBody, Templated};
use crate::template::{Planned, Preview, Scope, StageError};

/// What a step's texts are told with, and what they asked for.
struct Teller<'r, 'p> {
    renderer: &'r Renderer<'p>,
    ix: NodeIx,
    known: &'r dyn Facts,
    seen: Vec<Vec<String>>,
}

impl Renderer<'_> {
    /// A step as far as it is known before the run.
    pub(super) fn told_step(&self, ix: NodeIx, known: &dyn Facts) -> OutlineStep {
        let plan = self.plan;
        let node = plan.at(ix);
        let step = &node.step;
        // The beginning of a playbook or group tells of the step as a whole.
        let shown = match node.body {
            Body::Open { close, .. } => plan.at(close),
            _ => node,
        };
        let mut told = OutlineStep {
            id: shown.id.to_string(),
            depth: std::iter::successors(node.inside, |open| plan.at(*open).inside).count(),
            inside: node.inside.map(|open| plan.at(open).id.ended().to_string()),
            title: self.planned_title(ix, known),
            kind: node.kind().to_string(),
            effect: step.effect,
            because: step.reasons(),
            needs: self.told_needs(ix),
            when: Vec::new(),
            items: None,
            text: Vec::new(),
            error: None,
            timeout: step.around.timeout.as_ref().map(|t| self.planned(ix, t, known)),
            retry: step.retry.as_deref().cloned(),
            asks: self.planned_question(ix, known),
            expect: step.expect.iter().map(expected).collect(),
            ok_codes: step.ok_codes.clone(),
            warn_codes: step.warn_codes.clone(),
            on_error: step.on_error,
            after_crash: step.after_crash,
            verify: None,
            undo: None,
            part: node.part,
            handler: node.handler.clone(),
            sensitive: step.around.sensitive == Some(true),
            system: Vec::new(),
            secrets: Vec::new(),
            unknown: Vec::new(),
            probe: None,
        };
        let mut teller = Teller { renderer: self, ix, known, seen: Vec::new() };
        if let Err(message) = teller.fill(&mut told) {
            told.error = Some(message);
        }
        told.secrets = tell_secrets::of_step(self, ix);
        for secret in node.undo.iter().flat_map(|undo| tell_secrets::of_step(self, *undo)) {
            if !told.secrets.contains(&secret) {
                told.secrets.push(secret);
            }
        }
        told.unknown = teller.unknown();
        told
    }

    fn told_needs(&self, ix: NodeIx) -> Vec<ToldNeed> {
        let plan = self.plan;
        let needs = match plan.chosen.is_all() {
            true => plan.needs(ix).collect(),
            false => plan.needs_kept(ix),
        };
        let needs = needs.into_iter().filter(|(n, _)| plan.at(*n).is_shown());
        // Of all that is over before it, the last ones say enough.
        let needs = needs.filter(|(n, why)| {
            let (need, own) = (plan.at(*n), plan.at(ix));
            let follows = |f: NodeIx| plan.at(f).part == need.part && plan.at(f).undoes.is_none();
            *why != Why::After
                || own.part == need.part
                || own.inside != need.inside
                || !plan
                    .graph
                    .followers(*n)
                    .any(|f| f != ix && plan.at(f).inside == need.inside && follows(f))
        });
        needs.map(|(n, why)| ToldNeed { step: plan.at(n).id.to_string(), why }).collect()
    }
}

impl Teller<'_, '_> {
    fn node(&self) -> &Node {
        self.renderer.plan.at(self.ix)
    }

    /// The names of the step and its unknown ones.
    fn scope(&self, item: Item<'_>) -> Result<(Scope, Unknown), String> {
        self.renderer.planned_scope(self.ix, item, self.known).map_err(|e| e.message)
    }

    fn saw(&mut self, unknown: &Unknown) {
        for path in unknown.seen() {
            if !self.seen.contains(&path) {
                self.seen.push(path);
            }
        }
    }

    /// Everything that has to be rendered.
    fn fill(&mut self, told: &mut OutlineStep) -> Result<(), String> {
        let plan = self.renderer.plan;
        let step = &plan.at(self.ix).step;
        told.when = step.when.iter().map(|c| self.condition(c)).collect::<Result<_, _>>()?;
        if let StepBody::Act(action) = &step.body
            && let Action::Assert(assert) = &**action
        {
            told.expect = assert.0.iter().map(|c| self.condition(c)).collect::<Result<_, _>>()?;
        }
        if let Some(action) = &step.verify {
            told.verify = Some(self.text(action, &step.around, None, false)?.0);
        }
        if let Some(undo) = &step.undo {
            told.undo = Some(ToldUndo { when: undo.when, text: self.undo(step)? });
        }
        self.texts(step, told)
    }

    /// The text of what takes the step back; for a loop that of any item.
    fn undo(&mut self, step: &model::Step) -> Result<ToldText, String> {
        let Some(ix) = self.node().undo else { return Ok(ToldText::default()) };
        let (renderer, known) = (self.renderer, self.known);
        let undoing = &renderer.plan.at(ix).step;
        let StepBody::Act(action) = &undoing.body else { return Ok(ToldText::default()) };
        let mut teller = Teller { renderer, ix, known, seen: std::mem::take(&mut self.seen) };
        let text = teller.text(action, &undoing.around, None, step.for_each.is_some());
        self.seen = teller.seen;
        Ok(text?.0)
    }

    /// A condition over what was known before the step.
    fn condition(&mut self, condition: &Condition) -> Result<ToldCondition, String> {
        let (scope, unknown) = self.scope(None)?;
        let value = match &condition.each {
            Some(_) => None,
            None => {
                let covers = |path: &[String]| unknown.covers(path);
                let value = self.renderer.engine.eval_plan(&condition.that, &scope, &covers);
                Some(value.map_err(|e| e.message)?)
            }
        };
        self.saw(&unknown);
        Ok(ToldCondition {
            unknown: !matches!(value, Some(Planned::Known(_))),
            value: value.map(json),
            ..expected(condition)
        })
    }

    /// The text of each item that is known, or the one text of a step that does not loop.
    fn texts(&mut self, step: &model::Step, told: &mut OutlineStep) -> Result<(), String> {
        let mut items = vec![None];
        if let Some(each) = &step.for_each {
            let (scope, unknown) = self.scope(None)?;
            let list = self.renderer.tree_planned(&each.list, &scope, &unknown).map_err(|e| e.message)?;
            self.saw(&unknown);
            let count = match &list {
                Planned::Known(Value::Array(values)) => {
                    if let Some(message) = self.renderer.plan.too_many(self.ix, values.len()) {
                        return Err(message);
                    }
                    items = values.iter().cloned().map(Some).collect();
                    Some(values.len())
                }
                Planned::Known(_) => {
                    items.clear();
                    Some(0)
                }
                Planned::Unknown(_) => None,
            };
            told.items = Some(ToldLoop {
                list: json(list),
                count,
                max_parallel: each.max_parallel,
                stop: each.stop.iter().map(|c| c.that.clone()).collect(),
            });
        }
        let StepBody::Act(action) = &step.body else { return Ok(()) };
        if self.node().body != Body::Act {
            // What a loop over playbooks calls is told in each of its iterations.
            items.truncate(usize::from(step.for_each.is_none()));
        }
        let item_is_open = told.items.as_ref().is_some_and(|each| each.count.is_none());
        for (index, item) in items.iter().enumerate() {
            let item_value = item.as_ref().map(|value| (index as u32, value));
            let (text, system) = self.text(action, &step.around, item_value, item_is_open)?;
            told.text.push(ToldText { item: item.clone(), ..text });
            told.system = system;
        }
        Ok(())
    }

    /// The very text of an action, and what the system adds to it.
    fn text(
        &mut self,
        action: &Action<Templated>,
        around: &Around<Templated>,
        item: Item<'_>,
        item_is_open: bool,
    ) -> Result<(ToldText, Vec<ToldFact>), String> {
        let (scope, mut unknown) = self.scope(item)?;
        if item_is_open {
            unknown.no_item();
        }
        let covers = |path: &[String]| unknown.covers(path);
        let mut stager = Preview::new(self.renderer.engine, &scope, &covers);
        let wrong = |e: StageError| format!("{}: {}", e.path, e.message);
        let around = around.stage(&mut stager).map_err(wrong)?;
        let staged: Action<model::Planned> = action.stage(&mut stager).map_err(wrong)?;
        let frame = &self.renderer.plan.frames[self.node().frame as usize];
        let lacks = stager.lacks();
        let system = tell_system::facts(&staged, &around, frame);
        let text = ToldText {
            item: None,
            lines: lines(&preview(&staged, &around, &frame.system)),
            unknown: lacks,
            parameters: parameters(&staged),
        };
        self.saw(&unknown);
        Ok((text, system))
    }

    /// What only a run can know of all that was asked for, each with what it is made of.
    fn unknown(&self) -> Vec<ToldUnknown> {
        let mut all: Vec<ToldUnknown> = Vec::new();
        for path in &self.seen {
            let name = dotted(path);
            if !all.iter().any(|u| u.name == name) {
                let from = self.made_of(path);
                all.push(ToldUnknown { name, from, differs: path.first().is_some_and(|p| p == "run") });
            }
        }
        all
    }

    /// The text of a variable, or of what a caller gives for an input.
    fn made_of(&self, path: &[String]) -> Option<String> {
        let plan = self.renderer.plan;
        let frame = &plan.frames[self.node().frame as usize];
        let (tree, ix) = match (path.first()?.as_str(), path.get(1)?) {
            ("vars", name) => (frame.vars.get(name)?, self.ix),
            ("inputs", name) => (frame.given.get(name)?, frame.caller?.1),
            _ => return None,
        };
        let (scope, unknown) = self.renderer.planned_scope(ix, None, self.known).ok()?;
        self.renderer.tree_planned(tree, &scope, &unknown).ok().map(json_or_text)
    }
}

/// A condition as it is written.
fn expected(condition: &Condition) -> ToldCondition {
    ToldCondition {
        that: condition.that.clone(),
        value: None,
        unknown: true,
        otherwise: condition.otherwise,
        message: condition.message.as_ref().map(Slot::show),
        each: condition.each.as_ref().and_then(|each| serde_json::to_value(each).ok()),
    }
}

/// The values bound into the SQL of an action. A text that is not yet known as a whole holds them as `⟦…⟧`.
fn parameters(action: &Action<model::Planned>) -> Vec<String> {
    let sql = match action {
        Action::Sql(sql) => sql,
        Action::Wait(wait) => match &wait.sql {
            Some(sql) => sql,
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let text = [&sql.query, &sql.script].into_iter().flatten().next();
    match text.map(|slot| &slot.0) {
        Some(model::Known::Yes(SqlText { binds, .. })) => binds.iter().map(model::Bind::shown).collect(),
        Some(model::Known::No(text)) => marked(text),
        None => Vec::new(),
    }
}

/// Every `⟦…⟧` of a text.
fn marked(text: &str) -> Vec<String> {
    let parts = text.split('⟦').skip(1);
    parts.filter_map(|part| part.split_once('⟧')).map(|(value, _)| value.to_string()).collect()
}

/// A text as its lines; one that is empty says so.
fn lines(text: &str) -> Vec<String> {
    match text.trim_end_matches('\n') {
        "" => vec!["(empty)".to_string()],
        text => text.split('\n').map(str::to_string).collect(),
    }
}

fn json(value: Planned) -> String {
    match value {
        Planned::Known(value) => value.to_string(),
        Planned::Unknown(text) => text,
    }
}

fn json_or_text(value: Planned) -> String {
    match value {
        Planned::Known(Value::String(text)) if !text.is_empty() => text,
        other => json(other),
    }
}

/// A path as a template writes it: `steps.count.rows[0].total`.
fn dotted(path: &[String]) -> String {
    let mut text = String::new();
    for part in path {
        match part.parse::<usize>() {
            Ok(index) if !text.is_empty() => text.push_str(&format!("[{index}]")),
            _ if text.is_empty() => text.push_str(part),
            _ => text.push_str(&format!(".{part}")),
        }
    }
    text
}
