//! Which step stands where in its file. It knows nothing else of steps.

use std::collections::HashMap;
use std::sync::Arc;

use super::document::Document;
use super::yaml::{Index, Seg};
use crate::base::StepId;
use crate::diag::{At, Source};

/// The steps of a playbook by id, while it is being read.
#[derive(Default)]
pub struct Placed {
    steps: HashMap<StepId, Vec<Seg>>,
    duplicates: Vec<(StepId, Vec<Seg>)>,
    unnamed: bool,
}

impl Placed {
    /// A step stands at a path.
    pub fn step(&mut self, id: &StepId, path: Vec<Seg>) {
        if self.steps.contains_key(id) {
            self.duplicates.push((id.clone(), path));
            return;
        }
        self.steps.insert(id.clone(), path);
    }

    /// A step that could not be read stands at a path: its id, if it has one, is known all the same.
    pub fn broken(&mut self, doc: &Document, path: &[Seg]) {
        let id_path = [path, &[Seg::name("id")]].concat();
        let text = &doc.source.text[doc.value_span(&id_path)];
        if StepId::is_valid(text) {
            self.steps.entry(StepId::new(text)).or_insert_with(|| path.to_vec());
        } else {
            self.unnamed = true;
        }
    }

    /// Whether a step has this id.
    pub fn has(&self, id: &str) -> bool {
        self.steps.contains_key(&StepId::new(id))
    }

    /// Whether a step without a readable id stands somewhere: then an unknown id may be meant for it.
    pub fn has_unnamed(&self) -> bool {
        self.unnamed
    }

    /// Every id.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.steps.keys().map(StepId::as_str)
    }

    /// The path of a step.
    pub fn path(&self, id: &StepId) -> Option<&[Seg]> {
        self.steps.get(id).map(Vec::as_slice)
    }

    /// Steps whose id another has already.
    pub fn duplicates(&self) -> &[(StepId, Vec<Seg>)] {
        &self.duplicates
    }

    /// The places for those who come after the reading.
    pub fn finish(self, source: Arc<Source>, index: Arc<Index>) -> Places {
        Places { steps: self.steps, source, index }
    }
}

/// Where the steps of a playbook stand.
#[derive(Clone, Debug)]
pub struct Places {
    steps: HashMap<StepId, Vec<Seg>>,
    source: Arc<Source>,
    index: Arc<Index>,
}

impl Places {
    /// The place of a step's id.
    pub fn step(&self, id: &StepId) -> Option<At> {
        self.within(id, &["id"])
    }

    /// The place of a value of a step, by the keys that lead to it: `["shell", "run"]`.
    pub fn within(&self, id: &StepId, keys: &[&str]) -> Option<At> {
        let mut path = self.steps.get(id)?.clone();
        path.extend(keys.iter().map(|k| match k.parse() {
            Ok(i) => Seg::Index(i),
            Err(_) => Seg::name(k),
        }));
        let root = self.index.root()?;
        Some(At { source: self.source.clone(), span: self.index.value_span(&self.source.text, root, &path) })
    }
}
