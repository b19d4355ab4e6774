//! By when something has to be over, and what is done where it is not. It measures no time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, StepId};

/// By when something has to be over, and what is done where it is not. The time counts from the playbook's `clock`, or
/// else from its beginning: of the run, or of the step that calls it; also while nobody runs it: a run that goes on after a crash has the same
/// deadlines. A question that is open stays open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// How long it may take.
    pub within: Duration,
    /// The step that has to have succeeded by then, or to have been skipped. Default: all steps, those of handlers
    /// aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<StepId>,
    /// The step from whose beginning the time counts, instead of from the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StepId>,
    /// The name of one of the `handlers`, whose steps are then run beside all others; or `stop`, which ends what runs and
    /// starts nothing more, so that the run is undone and closed as after Ctrl-C.
    pub otherwise: String,
}

/// The word that stops a run in place of a handler's name.
pub const STOP: &str = "stop";

impl Deadline {
    /// The handler that is begun where it passes; none where the run is stopped.
    pub fn handler(&self) -> Option<&str> {
        (self.otherwise != STOP).then_some(self.otherwise.as_str())
    }
}
