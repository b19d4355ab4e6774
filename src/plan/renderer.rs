//! The names that a step's templates see, put together from the plan, the run and what is known so far. The run and
//! a dry run both render through it.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::node::{NodeIx, Plan, RunFacts};
use super::uses::Uses;
use crate::base::{Confidential, stamp};
use crate::event::{Gives, Outcome};
use crate::model::{Place, Template, Templated, Tree};
use crate::template::{Engine, Ready, Scope, TemplateError};

/// What is known of the nodes of a plan at a moment.
pub trait Facts {
    /// How a node ended; none while it has not.
    fn outcome(&self, node: NodeIx) -> Option<Outcome>;
    /// What a node gave.
    fn gives(&self, node: NodeIx) -> Option<&Gives>;
    /// How long a node took.
    fn seconds(&self, node: NodeIx) -> f64;
    /// The inputs of a frame that has begun.
    fn inputs(&self, frame: u32) -> Option<&Map<String, Value>>;
    /// What went wrong or should be looked at so far.
    fn findings(&self) -> Vec<Value>;
}

/// What stands for an output of a step that did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: using it is an error.
    Error,
    /// `null`, as in a condition.
    Null,
}

/// The values of secrets, by `secrets.NAME` or `inputs.NAME`.
pub type Secrets = IndexMap<String, Confidential>;

/// The secrets a node needs, as keys of [`Secrets`].
pub type SecretNames = Vec<String>;

/// Renders the steps of one plan in one run.
#[derive(Clone, Copy)]
pub struct Renderer<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The run.
    pub run: &'a RunFacts,
    /// The template engine.
    pub engine: &'a Engine,
}

/// One item of a loop, as its templates see it.
pub type Item<'a> = Option<(u32, &'a Value)>;

impl<'a> Renderer<'a> {
    /// The secrets that the templates of a node need.
    pub fn secret_names(&self, ix: NodeIx) -> SecretNames {
        let node = self.plan.at(ix);
        let mut names: SecretNames = node.uses.secrets.iter().map(|n| format!("secrets.{n}")).collect();
        if self.plan.frames[node.frame as usize].base == 0 {
            let inputs = node.uses.inputs.iter().filter(|n| self.run.secret_inputs.contains(n));
            names.extend(inputs.map(|n| format!("inputs.{n}")));
        }
        names
    }

    /// What stands for an output of a step that did not run in a node's texts.
    pub fn missing(&self, ix: NodeIx) -> Missing {
        if self.plan.at(ix).closing.lenient { Missing::Null } else { Missing::Error }
    }

    /// Everything a node's templates may name. A variable that cannot be rendered is an error for who uses it.
    pub fn scope(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        facts: &dyn Facts,
        missing: Missing,
        secrets: &Secrets,
    ) -> Scope {
        let node = self.plan.at(ix);
        let mut scope = self.base_scope(node.frame, facts, &node.uses, missing, secrets);
        if let Some((index, value)) = item {
            scope.set("item", value.clone());
            scope.set("index", json!(index));
        }
        self.add_vars(&mut scope, node.frame, &node.uses);
        scope
    }

    /// The names of a playbook's own outputs: what did not run is `null`.
    pub(super) fn frame_scope(&self, frame_ix: u32, facts: &dyn Facts, uses: &Uses) -> Scope {
        let mut scope = self.base_scope(frame_ix, facts, uses, Missing::Null, &Secrets::default());
        self.add_vars(&mut scope, frame_ix, uses);
        scope
    }

    pub(super) fn base_scope(
        &self,
        frame_ix: u32,
        facts: &dyn Facts,
        uses: &Uses,
        missing: Missing,
        secrets: &Secrets,
    ) -> Scope {
        let frame = &self.plan.frames[frame_ix as usize];
        let mut scope = Scope::new();
        match facts.inputs(frame.base) {
            Some(inputs) => scope.set_map("inputs", inputs),
            None => scope.set_map("inputs", &Map::new()),
        }
        scope.set_ready("system", &frame.system_names);
        if let Some((index, item)) = &frame.item {
            scope.set("item", item.clone());
            scope.set("index", json!(index));
        }
        let without = || Ready::new(&self.run_value(Vec::new()));
        match uses.findings {
            true => scope.set("run", self.run_value(facts.findings())),
            false => scope.set_ready("run", self.run.names.get_or_init(without)),
        }
        scope.set("steps", self.steps_value(frame_ix, facts, uses, missing));
        for (name, value) in secrets {
            if let Some((root, key)) = name.split_once('.') {
                scope.secret(root, key, value.clone());
            }
        }
        scope
    }

    fn run_value(&self, findings: Vec<Value>) -> Value {
        let run = self.run;
        json!({
            "id": run.id,
            "stamp": stamp(run.started, &self.plan.zone),
            "started": run.started.to_zoned(self.plan.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "operator": run.operator,
            "environment": self.plan.environment,
            "state": "running",
            "dir": run.dir,
            "scratch_dir": run.scratch_dir,
            "findings": findings,
            "previous": { "state": run.previous },
        })
    }

    fn steps_value(&self, frame_ix: u32, facts: &dyn Facts, uses: &Uses, missing: Missing) -> Value {
        let mut steps = Map::new();
        let mut any = uses.any_step.then_some(frame_ix);
        while let Some(frame) = any {
            let frame = &self.plan.frames[frame as usize];
            for (id, ix) in &frame.local {
                steps.entry(id.clone()).or_insert_with(|| step_value(*ix, facts));
            }
            any = frame.outer;
        }
        for path in &uses.steps {
            let Some((id, rest)) = path.split_first() else { continue };
            let Some(ix) = self.plan.named(frame_ix, id) else { continue };
            let value = steps.entry(id.clone()).or_insert_with(|| step_value(ix, facts));
            if missing == Missing::Null {
                fill(value, rest);
            }
        }
        Value::Object(steps)
    }

    /// Renders the variables that a node uses, those first that others use.
    fn add_vars(&self, scope: &mut Scope, frame_ix: u32, uses: &Uses) {
        if uses.vars.is_empty() {
            return;
        }
        let vars = &self.plan.frames[frame_ix as usize].vars;
        let (mut values, mut broken) = (Map::new(), Vec::new());
        for name in in_order(vars, &uses.vars) {
            let Some(tree) = vars.get(name) else { continue };
            match self.tree(tree, scope) {
                Ok(value) => drop(values.insert(name.clone(), value)),
                // It may be made of a step that did not run, and not be needed in what is rendered next.
                Err(e) => broken.push((name.clone(), e)),
            }
            scope.set_partly("vars", &values, &broken);
        }
    }

    /// A value of any shape, rendered.
    ///
    /// # Errors
    /// When one of its templates cannot be rendered.
    pub fn tree(&self, tree: &Tree<Templated>, scope: &Scope) -> Result<Value, TemplateError> {
        Ok(match tree {
            Tree::Leaf(slot) => match &slot.0 {
                Template::Literal(value) => value.clone(),
                Template::Source(source) => self.engine.render(source, Place::Value, scope)?,
            },
            Tree::List(items) => {
                Value::Array(items.iter().map(|i| self.tree(i, scope)).collect::<Result<_, _>>()?)
            }
            Tree::Map(map) => Value::Object(
                map.iter()
                    .map(|(k, v)| Ok((k.clone(), self.tree(v, scope)?)))
                    .collect::<Result<_, TemplateError>>()?,
            ),
        })
    }
}

fn step_value(ix: NodeIx, facts: &dyn Facts) -> Value {
    let mut map = facts.gives(ix).cloned().unwrap_or_default();
    if let Some(outcome) = facts.outcome(ix) {
        map.insert("state".into(), json!(outcome.word()));
        map.insert("seconds".into(), json!(facts.seconds(ix)));
    }
    Value::Object(map)
}

/// Puts `null` where a path of a step that did not run would have led.
fn fill(value: &mut Value, path: &[String]) {
    let Some((key, rest)) = path.split_first() else { return };
    match (&mut *value, key.parse::<usize>()) {
        (Value::Array(list), Ok(index)) => {
            if let Some(next) = list.get_mut(index) {
                fill(next, rest);
            }
        }
        (Value::Object(map), Err(_)) => fill(map.entry(key.clone()).or_insert(Value::Null), rest),
        (Value::Null, Ok(_)) => {
            let mut next = Value::Null;
            fill(&mut next, rest);
            *value = Value::Array(vec![next]);
        }
        (Value::Null, Err(_)) => {
            let mut next = Value::Null;
            fill(&mut next, rest);
            *value = json!({ key: next });
        }
        _ => {}
    }
}

/// The variables used, each behind those it uses itself.
pub(super) fn in_order<'v>(
    vars: &'v IndexMap<String, Tree<Templated>>,
    used: &'v [String],
) -> Vec<&'v String> {
    fn visit<'v>(
        vars: &'v IndexMap<String, Tree<Templated>>,
        name: &str,
        done: &mut Vec<&'v String>,
        depth: usize,
    ) {
        let Some((name, tree)) = vars.get_key_value(name) else { return };
        if depth > vars.len() || done.contains(&name) {
            return;
        }
        for other in &Uses::of_tree(tree).vars {
            visit(vars, other, done, depth + 1);
        }
        if !done.contains(&name) {
            done.push(name);
        }
    }
    let mut done = Vec::new();
    for name in used {
        visit(vars, name, &mut done, 0);
    }
    done
}
