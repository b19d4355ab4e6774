//! What a screen knows of a run before its first event. It does not know where that comes from.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::base::{RunId, StepId};
use crate::model::Effect;

/// How a run is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Live on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// Live, on a terminal.
    Tty,
    /// One line a fact, without escape codes.
    Plain,
    /// One event a line, as the journal has it.
    Json,
    /// Only failures and the result.
    Quiet,
}

/// One step as a screen needs it.
#[derive(Clone, Debug)]
pub struct StepInfo {
    /// Its id.
    pub id: StepId,
    /// What people read; the id where the author gave none.
    pub title: String,
    /// What it does to the world.
    pub effect: Effect,
    /// The kind of its action, such as `shell`; `steps` for a group.
    pub kind: &'static str,
    /// The group or playbook that holds it.
    pub inside: Option<StepId>,
}

/// The head of a run.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The run.
    pub run: RunId,
    /// The playbook's name, such as `refnet/daily`.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// The environment, where one is named.
    pub environment: Option<String>,
    /// What the environment calls itself.
    pub target: Option<String>,
    /// Whether the environment is protected.
    pub protected: bool,
    /// Who runs it.
    pub operator: String,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// The steps, in plan order.
    pub steps: Vec<StepInfo>,
    /// Boxes, and the step whose result ticks each.
    pub checklist: Vec<(String, StepId)>,
    /// Where the logs of the attempts are.
    pub log_dir: PathBuf,
}
