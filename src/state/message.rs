//! What comes into the machine and what goes out of it, besides facts.

use jiff::Timestamp;

use super::{Permit, Resumption};
use crate::event::{Failure, Question, Reply, RunOutcome, Told, Unit};
use crate::model::Occasion;
use crate::plan::{NodeIx, Results};

/// A unit of the plan: a node, and the place in its loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitRef {
    /// The node.
    pub node: NodeIx,
    /// The place in its loop.
    pub item: Option<u32>,
}

/// What the world tells the machine.
#[derive(Clone, Debug)]
pub enum Input {
    /// Everything is in place.
    Begin,
    /// Everything is in place again, after the engine before this one died.
    Resume(Box<Resumption>),
    /// A unit was rendered, or could not be.
    Prepared {
        /// Which.
        unit: UnitRef,
        /// Its text, secrets masked; or why not.
        result: Result<String, Failure>,
    },
    /// An attempt's first process has started.
    Child {
        /// Whose.
        unit: UnitRef,
        /// Its process id.
        pid: u32,
        /// Its start in clock ticks since boot.
        start: u64,
    },
    /// An attempt is over.
    Reported {
        /// Whose.
        unit: UnitRef,
        /// What it came to.
        results: Results,
        /// Keys of its results that the masker had to change.
        withheld: Vec<String>,
    },
    /// An attempt was ended half way as its log could not be written: how far it came is not known.
    Cut {
        /// Whose.
        unit: UnitRef,
    },
    /// A person, or a flag in a person's name, answered.
    Answered {
        /// What was asked about.
        unit: UnitRef,
        /// The answer.
        reply: Reply,
        /// Who gave it.
        by: String,
    },
    /// People were told of something, or could not be.
    Notified {
        /// Of what.
        about: Occasion,
        /// What is asked about.
        unit: Option<Unit>,
        /// How each way went.
        told: Vec<Told>,
    },
    /// Time has passed.
    Wake,
    /// Nothing more is to be started, but what is done at the end whatever happened.
    Stop {
        /// Who says so.
        by: String,
        /// Not even that.
        at_once: bool,
    },
}

/// What the machine wants done, once the facts it follows from are on disk.
#[derive(Debug)]
pub enum Command {
    /// Ask a person.
    Ask {
        /// About what.
        unit: UnitRef,
        /// Its name.
        name: Unit,
        /// The question.
        question: Question,
    },
    /// Perform an attempt.
    Start {
        /// Of what.
        unit: UnitRef,
        /// The leave to do so.
        permit: Permit,
    },
    /// Tell people who are not there.
    Notify {
        /// Of what.
        about: Occasion,
        /// What is asked about.
        unit: Option<Unit>,
    },
    /// Come back with [`Input::Wake`] then.
    WakeAt(Timestamp),
    /// End everything that runs and that [`super::Machine::is_stopped`] is true of.
    Terminate,
    /// The run is over.
    Finish(RunOutcome),
}
