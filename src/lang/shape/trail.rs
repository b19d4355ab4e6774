//! The path of a walk, in buffers that are used again: a walk over a hundred thousand keys allocates a few.

use crate::lang::yaml::Seg;

/// Where a walk is.
#[derive(Default)]
pub struct Trail {
    steps: Vec<Step>,
    depth: usize,
}

#[derive(Default)]
struct Step {
    name: String,
    index: Option<usize>,
}

impl Trail {
    fn next(&mut self) -> &mut Step {
        if self.depth == self.steps.len() {
            self.steps.push(Step::default());
        }
        self.depth += 1;
        &mut self.steps[self.depth - 1]
    }

    /// Goes to a key.
    pub fn enter(&mut self, key: &str) {
        let step = self.next();
        step.index = None;
        step.name.clear();
        step.name.push_str(key);
    }

    /// Goes to a place in a list.
    pub fn enter_item(&mut self, index: usize) {
        self.next().index = Some(index);
    }

    /// Goes back.
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// The nearest key.
    pub fn key(&self) -> Option<&str> {
        self.steps[..self.depth].iter().rev().find(|s| s.index.is_none()).map(|s| s.name.as_str())
    }

    /// The whole path.
    pub fn path(&self) -> Vec<Seg> {
        self.steps[..self.depth]
            .iter()
            .map(|s| s.index.map_or_else(|| Seg::name(&s.name), Seg::Index))
            .collect()
    }
}
