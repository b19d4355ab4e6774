//! Everything a run needs, brought together by whoever starts it.

use std::rc::Rc;
use std::sync::Arc;

use crate::action::Site;
use crate::base::Clock;
use crate::event::{Messenger, Operator, Reporter};
use crate::inputs::Vault;
use crate::journal::Journal;
use crate::plan::RunFacts;
use crate::plan::saved::Foreseen;
use crate::state::Machine;
use crate::template::Engine;

/// Everything a run needs.
pub struct Session {
    /// Its state; the first fact is folded and written already.
    pub machine: Machine,
    /// What it begins with.
    pub begin: crate::state::Input,
    /// What is known of it from its beginning.
    pub run: Rc<RunFacts>,
    /// What renders templates.
    pub engine: Arc<Engine>,
    /// Where its facts are written.
    pub journal: Journal,
    /// Who shows it.
    pub reporters: Vec<Box<dyn Reporter>>,
    /// Who answers.
    pub operator: Rc<dyn Operator>,
    /// Who tells people who are not there, where anybody is told.
    pub messenger: Option<Rc<dyn Messenger>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The place of each frame of the plan.
    pub sites: Vec<Rc<Site>>,
    /// Its secrets.
    pub vault: Rc<Vault>,
    /// What the saved plan says of its steps, where it is one.
    pub foreseen: Option<Foreseen>,
    /// The zone of the times in logs.
    pub zone: jiff::tz::TimeZone,
}
