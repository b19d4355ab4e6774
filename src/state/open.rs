//! The beginning of a group, or of a playbook that is called: with what inputs, and from when its deadlines count.

use jiff::Timestamp;

use super::machine::Machine;
use crate::base::StepId;
use crate::event::{Event, Failure, Gives, Kind, Outcome};
use crate::inputs;
use crate::plan::{Body, NodeIx};

impl Machine {
    pub(super) fn settle_open(
        &mut self,
        ix: NodeIx,
        frame: Option<u32>,
        at: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let begins = match frame {
            None => Ok((Gives::new(), None)),
            Some(frame) => self.call(ix, frame, at),
        };
        match begins {
            Ok((inputs, clock)) => {
                let step = self.plan.at(ix).id.clone();
                self.emit(Kind::Opened { step, inputs, withheld: Vec::new(), clock }, at, events);
            }
            Err(failure) => self.fail_node(ix, failure, at, events),
        }
    }

    /// The inputs of a playbook that is called, and its clock where that is not the moment of the call.
    fn call(&self, open: NodeIx, frame: u32, at: Timestamp) -> Result<(Gives, Option<Timestamp>), Failure> {
        let inputs = self.checked_inputs(open, frame)?;
        let called = &self.plan.frames[frame as usize];
        let clock = self
            .renderer()
            .clock(frame, at, &inputs)
            .map_err(|message| Failure::Template { message: format!("{}: {message}", called.playbook) })?;
        Ok((inputs, Some(clock).filter(|clock| *clock != at)))
    }

    fn checked_inputs(&self, open: NodeIx, frame: u32) -> Result<Gives, Failure> {
        let values = self.renderer().call_inputs(open, frame, self)?;
        let called = &self.plan.frames[frame as usize];
        inputs::resolve(&called.inputs, &values)
            .map_err(|mistakes| {
                let list: Vec<String> =
                    mistakes.iter().map(|m| format!("{}: {}", m.input, m.message)).collect();
                list.join("; ")
            })
            .and_then(|given| {
                if given.missing.is_empty() {
                    return Ok(given.values);
                }
                let missing = given.missing.join(", ");
                Err(crate::t!("missing inputs: {missing}", "入力が足りません: {missing}"))
            })
            .map_err(|message| Failure::Template { message: format!("{}: {message}", called.playbook) })
    }

    pub(super) fn fold_opened(
        &mut self,
        step: &StepId,
        inputs: &Gives,
        clock: Option<Timestamp>,
        at: Timestamp,
    ) {
        let Some(ix) = self.plan.node(step) else { return };
        if let Body::Open { frame: Some(frame), .. } = self.plan.at(ix).body {
            self.frames[frame as usize] = Some(inputs.clone());
        }
        self.clocks.extend(clock.map(|clock| (ix, clock)));
        self.fold_end(step, Outcome::Ok, at, 0.0, Gives::new());
    }
}
