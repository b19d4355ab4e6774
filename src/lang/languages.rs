//! The texts of a file that stand there in several languages: which was taken and where it stands, and what the
//! others say. It chooses none.

use std::collections::HashMap;

use super::yaml::Seg;
use crate::base::Lang;

/// The texts that were not taken, by the path of the whole in the model.
pub type Others = HashMap<Vec<Seg>, Vec<(Lang, String)>>;

/// What was taken and what was not, and where the facts stand that have a label of their own.
#[derive(Default)]
pub struct Languages {
    taken: HashMap<u32, u32>,
    /// What was not taken.
    pub others: Others,
    labelled: HashMap<Vec<Seg>, Vec<Seg>>,
}

impl Languages {
    /// The text at `text` was taken of all those at `whole`.
    pub fn take(&mut self, whole: u32, text: u32) {
        self.taken.insert(whole, text);
    }

    /// What the model has at `path` stands at `written` in the file.
    pub fn label(&mut self, path: Vec<Seg>, written: Vec<Seg>) {
        self.labelled.insert(path, written);
    }

    /// A path of the model as the file has it.
    pub fn written<'p>(&'p self, path: &'p [Seg]) -> &'p [Seg] {
        if self.labelled.is_empty() { path } else { self.labelled.get(path).map_or(path, Vec::as_slice) }
    }

    /// The node that a path means which leads to `node`: where that is a text in several languages, the one taken.
    pub fn meant(&self, node: u32) -> u32 {
        self.taken.get(&node).copied().unwrap_or(node)
    }
}
