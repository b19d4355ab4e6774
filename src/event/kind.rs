//! The facts of a run, in one form: as they happen, as they are stored, as they are shown.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Failure, Gives, Holder, LogSeal, Outcome, Question, Reply, Resolution, RunOutcome, Told, Unit};
use crate::base::{RunId, StepId};
use crate::model::{Deadline, Occasion};

/// One fact of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the run, from 0, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What can happen in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// The first fact of every run.
    RunStarted {
        run: RunId,
        playbook: String,
        title: String,
        environment: Option<String>,
        operator: String,
        /// The engine's version.
        engine: String,
        pid: u32,
        boot: String,
        jobs: u32,
        /// How many steps the plan has.
        steps: u32,
        /// SHA-256 of `plan.json`.
        plan: String,
    },
    /// A step's condition did not hold, or the operator left it out of the run.
    Skipped {
        step: StepId,
        because: String,
        /// The operator chose other steps: `--only`, `--from`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        left_out: bool,
    },
    /// A loop's items are known.
    Expanded {
        step: StepId,
        items: Vec<Value>,
        /// Which of the items, from 0, are not stored as they were: the masker had to change them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withheld: Vec<u32>,
    },
    /// A person is asked.
    Asked { unit: Unit, question: Question },
    /// A person, or a flag in a person's name, answered.
    Answered { unit: Unit, reply: Reply, by: String },
    /// The next attempt at each of these may begin without being on disk itself: this is, before any of them does.
    /// It takes the place of the fact of this kind before it, so that an empty one ends all reservations.
    ///
    /// To whoever reads a journal after a crash, a reserved unit whose attempt has no line has not begun when the
    /// machine has not been started anew since: every line that was written is there. When it has (another boot id
    /// than that of [`Kind::RunStarted`]), lines may be missing at the end, and the unit may have begun.
    Reserved { units: Vec<Unit> },
    /// An attempt is about to act. On disk by then, unless a [`Kind::Reserved`] that names its unit is.
    AttemptStarted {
        unit: Unit,
        attempt: u32,
        /// The very text that is performed, secrets masked; of a very long one the beginning, its length and its hash.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        preview: String,
        /// How the run stood then, of a step that tells people only what is new: what they are told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stands: Option<RunOutcome>,
    },
    /// The attempt's first process.
    ChildStarted {
        unit: Unit,
        attempt: u32,
        pid: u32,
        /// Its start in clock ticks since boot: with the pid and the boot id it names one process for ever.
        start: u64,
    },
    /// An attempt is over.
    AttemptEnded {
        unit: Unit,
        attempt: u32,
        outcome: Outcome,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
        #[serde(default, skip_serializing_if = "Gives::is_empty")]
        gives: Gives,
        /// Keys of `gives` whose values the masker had to change; their values are not stored.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withheld: Vec<String>,
        /// Its log as it was closed; none where it could not be written whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log: Option<LogSeal>,
        seconds: f64,
    },
    /// A failed attempt will be made again.
    RetryPlanned { unit: Unit, attempt: u32, not_before: Timestamp },
    /// A playbook begins inside this one; its inputs are known.
    Opened {
        step: StepId,
        inputs: Gives,
        /// Keys of `inputs` whose values the masker had to change; their values are not stored.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withheld: Vec<String>,
        /// The moment from which its deadlines count; none for this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock: Option<Timestamp>,
    },
    /// A step is over, with all its items; a playbook or group with what it gives.
    StepEnded {
        step: StepId,
        outcome: Outcome,
        seconds: f64,
        #[serde(default, skip_serializing_if = "Gives::is_empty")]
        gives: Gives,
        /// Keys of `gives` whose values the masker had to change; their values are not stored.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withheld: Vec<String>,
    },
    /// A step cannot run because of these.
    Blocked { step: StepId, by: Vec<StepId> },
    /// A step could not be prepared or was said no to, without any attempt.
    NotStarted {
        unit: Unit,
        outcome: Outcome,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// Nothing more is started, but what is done at the end whatever happened.
    Stopping {
        by: String,
        /// Not even that.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        at_once: bool,
    },
    /// After a stop all that ran has ended: what was not begun is given up, and the end of the run begins.
    Closing,
    /// The run waits for a lock that another holds; said again when that other changes.
    LockBusy {
        lock: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Holder>,
    },
    /// The run holds a lock from here on, until it has ended.
    LockTaken {
        lock: String,
        /// How long it was waited for, in seconds.
        #[serde(default, skip_serializing_if = "is_nothing")]
        waited: f64,
        /// Who held it last and never gave it back: its engine died.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        died: Option<Holder>,
        /// What that engine had started and still runs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alive: Vec<String>,
    },
    /// A lock was not given back in time: the run ends before its first step.
    LockRefused {
        lock: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Holder>,
        waited: f64,
    },
    /// The run begins outside a window, because a person says so.
    OutsideWindow {
        window: String,
        /// When it opens next.
        opens: Option<Timestamp>,
        reason: String,
        by: String,
    },
    /// Somebody cancels the run from elsewhere; what follows from it is said by [`Kind::Stopping`].
    CancelAsked {
        by: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        at_once: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Another engine goes on with the run: the one before it died.
    Resumed {
        operator: String,
        /// The engine's version.
        engine: String,
        pid: u32,
        boot: String,
        /// The playbook is not the one that the run began with, and the operator accepts that.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        changed: bool,
    },
    /// The unit was under way when the engine died, or was ended half way: how far it came is not known.
    FoundUnknown { unit: Unit, attempt: u32 },
    /// What becomes of a unit that was found unknown, or whose outputs could not be kept.
    Resolved {
        unit: Unit,
        how: Resolution,
        /// Who decided: a person, `after_crash` or `verify`.
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What later steps need of it.
        #[serde(default, skip_serializing_if = "Gives::is_empty")]
        gives: Gives,
    },
    /// A deadline has passed, and what it waits for has not come.
    Breached {
        /// Its place among the deadlines of the plan, from 0.
        number: u32,
        deadline: Deadline,
    },
    /// People who are not there are to be told: of a question that stands open, or of how the run ended.
    Notifying {
        about: Occasion,
        /// What is asked about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<Unit>,
    },
    /// They were told, or could not be.
    Notified {
        about: Occasion,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<Unit>,
        told: Vec<Told>,
    },
    /// The last fact of a finished run.
    RunEnded { outcome: RunOutcome, counts: Counts, seconds: f64 },
}

fn is_nothing(seconds: &f64) -> bool {
    *seconds == 0.0
}

/// How many steps ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub ok: u32,
    pub warned: u32,
    pub failed: u32,
    pub skipped: u32,
    pub unchanged: u32,
    pub blocked: u32,
    pub refused: u32,
    pub unknown: u32,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Ok | Outcome::ByHand => self.ok += 1,
            Outcome::Warned => self.warned += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Blocked => self.blocked += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Unknown => self.unknown += 1,
        }
    }

    /// All of them.
    pub fn total(&self) -> u32 {
        self.ok
            + self.warned
            + self.failed
            + self.skipped
            + self.unchanged
            + self.blocked
            + self.refused
            + self.unknown
    }
}
