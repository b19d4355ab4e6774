//! What a dry run knows of the names that a step's templates see, and what only a run can know.

use std::cell::RefCell;
use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::node::NodeIx;
use super::renderer::{Facts, Item, Missing, Renderer, Secrets, in_order};
use crate::base::Confidential;
use crate::model::{Place, Template, Templated, Tree};
use crate::template::{Planned, Scope, TemplateError};

impl Renderer<'_> {
    /// A value of any shape as far as it is known before the run.
    ///
    /// # Errors
    /// When one of its templates cannot be rendered.
    pub fn tree_planned(
        &self,
        tree: &Tree<Templated>,
        scope: &Scope,
        unknown: &Unknown,
    ) -> Result<Planned, TemplateError> {
        match tree {
            Tree::Leaf(slot) => match &slot.0 {
                Template::Literal(value) => Ok(Planned::Known(value.clone())),
                Template::Source(source) => {
                    self.engine.plan(source, Place::Value, scope, &|path| unknown.covers(path))
                }
            },
            Tree::List(items) => {
                let parts = items
                    .iter()
                    .map(|i| self.tree_planned(i, scope, unknown))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(join(parts.into_iter().map(|p| (None, p)).collect(), false))
            }
            Tree::Map(map) => {
                let parts = map
                    .iter()
                    .map(|(k, v)| Ok((Some(k.clone()), self.tree_planned(v, scope, unknown)?)))
                    .collect::<Result<Vec<_>, TemplateError>>()?;
                Ok(join(parts, true))
            }
        }
    }

    /// The names of a node in a dry run, and which of them only a run can know.
    ///
    /// # Errors
    /// When a variable cannot be rendered although all it needs is known.
    pub fn planned_scope(
        &self,
        ix: NodeIx,
        item: Item<'_>,
        known: &dyn Facts,
    ) -> Result<(Scope, Unknown), TemplateError> {
        let node = self.plan.at(ix);
        // Where there are no templates at all, nobody asks for names.
        if !node.uses.any {
            return Ok((Scope::new(), Unknown::default()));
        }
        let frame = &self.plan.frames[node.frame as usize];
        let secrets: Secrets = self
            .secret_names(ix)
            .into_iter()
            .map(|name| {
                let shown = format!("{}({name})", crate::base::MASK);
                (name, Confidential::new(shown.clone(), shown))
            })
            .collect();
        let mut unknown = Unknown::of_run();
        for path in &node.uses.steps {
            if let Some(id) = path.first()
                && self.plan.named(node.frame, id).is_none_or(|ix| known.outcome(ix).is_none())
            {
                unknown.add(&["steps", id]);
            }
        }
        if node.uses.any_step {
            unknown.add(&["steps"]);
        }
        match known.inputs(frame.base) {
            None => unknown.add(&["inputs"]),
            Some(values) => {
                let absent = frame.inputs.keys().filter(|n| {
                    !(values.contains_key(*n) || frame.base == 0 && self.run.secret_inputs.contains(n))
                });
                absent.for_each(|n| unknown.add(&["inputs", n]));
            }
        }
        let mut scope = self.base_scope(node.frame, known, &node.uses, Missing::Null, &secrets);
        match item {
            Some((index, value)) => {
                scope.set("item", value.clone());
                scope.set("index", json!(index));
            }
            None if frame.item.is_some() => {}
            None => {
                unknown.no_item();
            }
        }
        let mut values = Map::new();
        for name in in_order(&frame.vars, &node.uses.vars) {
            let Some(tree) = frame.vars.get(name) else { continue };
            match self.tree_planned(tree, &scope, &unknown)? {
                Planned::Known(value) => {
                    values.insert(name.clone(), value);
                    scope.set("vars", Value::Object(values.clone()));
                }
                Planned::Unknown(_) => unknown.add(&["vars", name]),
            }
        }
        Ok((scope, unknown))
    }
}

/// The paths that only a run can know, and which of them were asked for.
#[derive(Clone, Debug, Default)]
pub struct Unknown {
    paths: HashSet<Vec<String>>,
    seen: RefCell<Vec<Vec<String>>>,
}

impl Unknown {
    /// What differs in every run.
    fn of_run() -> Unknown {
        let mut unknown = Unknown::default();
        for name in
            ["id", "stamp", "started", "operator", "state", "dir", "scratch_dir", "findings", "previous"]
        {
            unknown.add(&["run", name]);
        }
        unknown
    }

    fn add(&mut self, path: &[&str]) {
        self.paths.insert(path.iter().map(|p| p.to_string()).collect());
    }

    /// The item of a loop is not known either.
    pub fn no_item(&mut self) {
        self.add(&["item"]);
        self.add(&["index"]);
    }

    /// Whether a path is, or lies below, something unknown.
    pub fn covers(&self, path: &[String]) -> bool {
        let covered = (1..=path.len()).any(|n| self.paths.contains(&path[..n]));
        let mut seen = self.seen.borrow_mut();
        if covered && !seen.iter().any(|p| p == path) {
            seen.push(path.to_vec());
        }
        covered
    }

    /// The unknown paths that something asked for, in the order in which they first were.
    pub fn seen(&self) -> Vec<Vec<String>> {
        self.seen.borrow().clone()
    }
}

fn join(parts: Vec<(Option<String>, Planned)>, map: bool) -> Planned {
    let known = parts.iter().all(|(_, p)| matches!(p, Planned::Known(_)));
    if !known {
        let texts: Vec<String> = parts
            .iter()
            .map(|(key, part)| {
                let text = match part {
                    Planned::Known(value) => value.to_string(),
                    Planned::Unknown(text) => text.clone(),
                };
                key.as_ref().map_or(text.clone(), |k| format!("{k}: {text}"))
            })
            .collect();
        let (open, shut) = if map { ('{', '}') } else { ('[', ']') };
        return Planned::Unknown(format!("{open}{}{shut}", texts.join(", ")));
    }
    let value = |p: Planned| match p {
        Planned::Known(value) => value,
        Planned::Unknown(text) => Value::String(text),
    };
    Planned::Known(if map {
        Value::Object(parts.into_iter().map(|(k, p)| (k.unwrap_or_default(), value(p))).collect())
    } else {
        Value::Array(parts.into_iter().map(|(_, p)| value(p)).collect())
    })
}
