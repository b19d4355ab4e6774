//! What is known before a run: the inputs of every playbook in it as far as they can be, and no step. It tells nothing.

use serde_json::{Map, Value};

use super::node::NodeIx;
use super::renderer::{Facts, Renderer};
use crate::event::{Gives, Outcome};
use crate::model::check_input;
use crate::template::Planned;

/// What is known before a run: inputs, and no step.
pub struct Before<'a> {
    known: &'a dyn Facts,
    frames: Vec<Option<Map<String, Value>>>,
}

impl<'a> Before<'a> {
    /// What follows from the inputs of the playbook itself.
    pub fn of(renderer: &Renderer<'_>, known: &'a dyn Facts) -> Before<'a> {
        Before { known, frames: frame_inputs(renderer, known) }
    }
}

impl Facts for Before<'_> {
    fn outcome(&self, node: NodeIx) -> Option<Outcome> {
        self.known.outcome(node)
    }
    fn gives(&self, node: NodeIx) -> Option<&Gives> {
        self.known.gives(node)
    }
    fn seconds(&self, node: NodeIx) -> f64 {
        self.known.seconds(node)
    }
    fn inputs(&self, frame: u32) -> Option<&Map<String, Value>> {
        self.frames.get(frame as usize).and_then(Option::as_ref)
    }
    fn findings(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// What is known of the inputs of each frame before a run.
fn frame_inputs(renderer: &Renderer<'_>, known: &dyn Facts) -> Vec<Option<Map<String, Value>>> {
    let mut frames: Vec<Option<Map<String, Value>>> = vec![known.inputs(0).cloned()];
    for frame in &renderer.plan.frames[1..] {
        if frame.outer.is_some() {
            // An iteration has the inputs of its playbook.
            frames.push(None);
            continue;
        }
        let mut values = Map::new();
        if let Some((_, open)) = frame.caller {
            let so_far = Before { known, frames: std::mem::take(&mut frames) };
            if let Ok((scope, unknown)) = renderer.planned_scope(open, None, &so_far) {
                for (name, tree) in frame.given.iter() {
                    if let Ok(Planned::Known(value)) = renderer.tree_planned(tree, &scope, &unknown) {
                        values.insert(name.clone(), value);
                    }
                }
            }
            frames = so_far.frames;
        }
        for (name, decl) in frame.inputs.iter() {
            if !frame.given.contains_key(name) && !values.contains_key(name) {
                values.insert(name.clone(), decl.default.clone().unwrap_or(Value::Null));
            }
        }
        // As the run takes them: `1KiB` of a size is 1024. What is not of its type, the run refuses.
        for (name, value) in values.iter_mut().filter(|(_, value)| !value.is_null()) {
            if let Some(Ok(taken)) = frame.inputs.get(name).map(|decl| check_input(decl, value)) {
                *value = taken;
            }
        }
        frames.push(Some(values));
    }
    frames
}
