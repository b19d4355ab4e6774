//! Which step stands where in its file. It knows nothing else of steps.

use std::collections::HashMap;

use super::document::Document;
use super::yaml::Seg;
use crate::base::StepId;

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
}
