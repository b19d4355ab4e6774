//! `system.yaml`: read once, decoded for an environment, its mistakes at their places. It knows no playbook.

use std::sync::Arc;

use serde_json::Value;

use super::document::Document;
use super::environment::{merged, names};
use super::languages::Languages;
use super::shape::{Fit, Mistake, Where, system_shapes};
use super::yaml::{Index, Seg};
use crate::diag::{At, Diagnostic};
use crate::model::{Allow, System};

/// A system file with its environments still apart.
pub struct SystemFile {
    /// The file.
    pub doc: Document,
    value: Value,
}

impl SystemFile {
    /// Takes a file that was read.
    ///
    /// # Errors
    /// When it is no mapping, or its environments are none.
    pub fn new(mut doc: Document, value: Value) -> Result<SystemFile, Vec<Diagnostic>> {
        let wrong = |doc: &Document, path: &[Seg]| {
            let title = crate::t!("expected a mapping (`key: value`)", "マッピング（`キー: 値`）が必要です");
            Diagnostic::error("wrong-type", doc.value(path), title)
        };
        let root = Seg::name("environments");
        let mut found = Vec::new();
        match (&value, value.get("environments")) {
            (Value::Object(_), None | Some(Value::Null)) => {}
            (Value::Object(_), Some(Value::Object(all))) => {
                for (name, one) in all {
                    if !matches!(one, Value::Object(_) | Value::Null) {
                        found.push(wrong(&doc, &[root.clone(), Seg::name(name)]));
                    }
                }
            }
            (Value::Object(_), Some(_)) => found.push(wrong(&doc, &[root])),
            _ => found.push(wrong(&doc, &[])),
        }
        if found.is_empty() {
            return Ok(SystemFile { doc, value });
        }
        doc.notes.extend(found);
        Err(doc.notes)
    }

    /// The names of its environments.
    pub fn environments(&self) -> Vec<String> {
        names(&self.value)
    }

    /// What the file allows, and what each environment does, with the paths of those who allow it.
    pub fn allows(&self) -> Vec<(Vec<Seg>, Allow)> {
        let read = |holder: Option<&Value>| serde_json::from_value(holder?.get("allow")?.clone()).ok();
        let mut all: Vec<_> = read(Some(&self.value)).map(|a| (Vec::new(), a)).into_iter().collect();
        for name in self.environments() {
            let holder = self.value.get("environments").and_then(|e| e.get(&name));
            all.extend(read(holder).map(|a| (vec![Seg::name("environments"), Seg::name(&name)], a)));
        }
        all
    }

    /// The environment when none is named: the default, else the only one.
    pub fn default_environment(&self) -> Option<String> {
        if let Some(Value::String(name)) = self.value.get("default_environment") {
            return Some(name.clone());
        }
        let mut names = self.environments();
        if names.len() == 1 { names.pop() } else { None }
    }

    /// What it says in an environment, as it is written.
    pub fn in_environment(&self, environment: Option<&str>) -> Value {
        merged(&self.value, environment)
    }

    /// The system in an environment; what is wrong is noted in its document, once for all environments.
    pub fn decode(&mut self, environment: Option<&str>) -> Option<Arc<System>> {
        let mut value = self.in_environment(environment);
        let mut fit = Fit::new(system_shapes(), true, self.doc.lang);
        let fitted = fit.root(&mut value);
        self.doc.languages = Languages::default();
        let (index, source) = (self.doc.index.clone(), self.doc.source.clone());
        for choice in std::mem::take(&mut fit.choices) {
            self.doc.chose(choice, |path| written(&index, &source.text, path, environment));
        }
        for mistake in std::mem::take(&mut fit.mistakes) {
            let d = self.of_mistake(&mistake, environment);
            if !self.doc.notes.contains(&d) {
                self.doc.note(d);
            }
        }
        fitted.ok()?;
        let system = serde_path_to_error::deserialize(value).ok()?;
        Some(Arc::new(system))
    }

    fn of_mistake(&self, mistake: &Mistake, environment: Option<&str>) -> Diagnostic {
        let path = self.written_path(&mistake.path, environment);
        let at = match mistake.place {
            Where::Value => self.doc.value(&path),
            Where::Key => self.doc.key(&path),
            Where::Head => self.doc.head(&path),
        };
        let mut d = Diagnostic::error(mistake.code, at, mistake.title.clone());
        d.help = mistake.help.clone();
        d
    }

    /// The path as the file has it: in the environment where that says something, else in the common part.
    pub fn written_path(&self, path: &[Seg], environment: Option<&str>) -> Vec<Seg> {
        written(&self.doc.index, &self.doc.source.text, path, environment)
    }

    /// The place of the value at a path in an environment.
    pub fn place(&self, path: &[Seg], environment: Option<&str>) -> At {
        self.doc.value(&self.written_path(path, environment))
    }
}

fn written(index: &Index, text: &str, path: &[Seg], environment: Option<&str>) -> Vec<Seg> {
    let Some(name) = environment else { return path.to_vec() };
    let prefix = [Seg::name("environments"), Seg::name(name)];
    let inside = [&prefix, path].concat();
    let has = |p: &[Seg]| index.root().is_some_and(|root| index.has(text, root, p));
    // A short form ends the path early: what it can say is told by its longest part that is written.
    let depth = |p: &[Seg]| (0..=p.len()).rev().find(|n| has(&p[..*n])).unwrap_or(0);
    if depth(&inside) >= prefix.len() + depth(path).max(1) { inside } else { path.to_vec() }
}
