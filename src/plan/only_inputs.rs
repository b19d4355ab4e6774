//! What is known where nothing has been done yet: the inputs of one playbook.

use serde_json::{Map, Value};

use super::node::NodeIx;
use super::renderer::Facts;
use crate::event::{Gives, Outcome};

/// The facts of a run that has not begun, or of a playbook that is about to be called.
pub struct OnlyInputs {
    frame: u32,
    inputs: Map<String, Value>,
}

impl OnlyInputs {
    /// Of a run.
    pub fn of_run(inputs: Map<String, Value>) -> OnlyInputs {
        OnlyInputs::of(0, inputs)
    }

    /// Of the playbook with this frame.
    pub fn of(frame: u32, inputs: Map<String, Value>) -> OnlyInputs {
        OnlyInputs { frame, inputs }
    }
}

impl Facts for OnlyInputs {
    fn outcome(&self, _: NodeIx) -> Option<Outcome> {
        None
    }
    fn gives(&self, _: NodeIx) -> Option<&Gives> {
        None
    }
    fn seconds(&self, _: NodeIx) -> f64 {
        0.0
    }
    fn inputs(&self, frame: u32) -> Option<&Map<String, Value>> {
        (frame == self.frame).then_some(&self.inputs)
    }
    fn findings(&self) -> Vec<Value> {
        Vec::new()
    }
}
