//! The steps that are done when a deadline has passed, as they stand in a plan. It knows no time.

use indexmap::IndexMap;

use super::compile::CompileError;
use super::layout::Layout;
use super::node::{Closing, NodeIx};
use crate::lang::Loaded;
use crate::model::{Part, Step};

impl Layout {
    /// The steps of each handler, which nothing waits for, and which wait for nothing but a deadline.
    pub(super) fn handlers(
        &mut self,
        loaded: &Loaded,
        handlers: &IndexMap<String, Vec<Step>>,
        frame: u32,
        inside: Option<NodeIx>,
    ) -> Result<(), CompileError> {
        let around = (self.part, self.handler.clone(), self.closing);
        for (name, steps) in handlers {
            (self.part, self.handler) = (Part::Handler, Some(name.clone()));
            self.closing = Closing { sure: around.2.sure, lenient: true };
            let mut above: Vec<NodeIx> = Vec::new();
            for step in steps {
                above.push(self.step(loaded, step, frame, inside, &above)?);
            }
        }
        (self.part, self.handler, self.closing) = around;
        Ok(())
    }
}
