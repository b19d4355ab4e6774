//! Everything a run needs, brought together by whoever starts it.

use std::rc::Rc;
use std::sync::Arc;

use crate::action::Site;
use crate::base::{Clock, Masker};
use crate::event::{Operator, Record, Reporter, Unit};
use crate::inputs::Vault;
use crate::journal::StepLog;
use crate::plan::RunFacts;
use crate::state::Machine;
use crate::template::Engine;

/// Makes the log of an attempt.
pub type LogMaker = Box<dyn Fn(&Unit, u32, Masker) -> StepLog>;

/// Everything a run needs.
pub struct Session {
    /// Its state; the first fact is folded and written already.
    pub machine: Machine,
    /// What is known of it from its beginning.
    pub run: Rc<RunFacts>,
    /// What renders templates.
    pub engine: Arc<Engine>,
    /// Where its facts are written.
    pub record: Box<dyn Record>,
    /// Who shows it.
    pub reporters: Vec<Box<dyn Reporter>>,
    /// Who answers.
    pub operator: Rc<dyn Operator>,
    /// The time.
    pub clock: Rc<dyn Clock>,
    /// The place of each frame of the plan.
    pub sites: Vec<Rc<Site>>,
    /// Its secrets.
    pub vault: Rc<Vault>,
    /// Makes the logs of attempts.
    pub logs: LogMaker,
}
