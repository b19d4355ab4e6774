//! What surrounds the work of a step: order, effect, repetition, questions. It decides nothing.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::at;
use super::stage::{Slot, Templated};
use super::{Condition, Tree};
use crate::base::{Duration, StepId};

/// What a step does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It only looks.
    Read,
    /// It changes something that can be changed back.
    Change,
    /// Something is lost for good; it always asks.
    Destroy,
}

/// What a step waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// The step above it.
    #[default]
    Previous,
    /// All steps above it.
    Above,
    /// These steps; none means at once.
    #[serde(untagged)]
    Steps(Vec<StepId>),
}

/// What a failure of the step means for the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// What needs the step is blocked; the run fails.
    #[default]
    Fail,
    /// What follows goes on; the run ends with warnings.
    Continue,
}

/// What `resume` does with a step that was under way when the engine died.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterCrash {
    /// It may be run again without a question.
    Rerun,
    /// Its `verify` says whether it was done.
    Verify,
    /// A person decides.
    #[default]
    Ask,
    /// It is never run again.
    Never,
}

/// When a step is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UndoWhen {
    /// Once the group that holds it, or the run, has failed or was stopped.
    #[default]
    Failed,
    /// At the end of the group that holds it, or of the run, whatever happened: for what is scratch, and for what was
    /// only held still.
    Always,
}

/// How often and when a failed attempt is made again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all, the first included; 1 to 100.
    pub attempts: u32,
    /// The pause before the second attempt. Default: 5s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Duration>,
    /// By how much each further pause grows. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<f64>,
    /// The longest pause. Default: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_delay: Option<Duration>,
    /// Only after these exit codes; any failure when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_codes: Vec<i32>,
}

/// One step for each item of a list. A step that holds steps, or calls a playbook, makes them anew for each item: those
/// of the third are `restore[2]/swap`, and `steps.restore.items[2]` is what that call gave. Each of them that asks is
/// asked about in every iteration; `--confirm restore/swap` answers them all, `--confirm 'restore[2]/swap'` one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    /// The list, or a template that gives one.
    pub list: Tree<Templated>,
    /// How many items run side by side. Default: as many as `--jobs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<u32>,
    /// Tested after each item with its outputs: when it holds, the items that have not begun are skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<Condition>,
}

/// A question before a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The question.
    #[schemars(with = "crate::model::LocalizedText")]
    pub question: Slot<Templated>,
    /// Facts shown with it: each a label and its value; rows become a table.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "crate::model::LabelledFacts")]
    pub facts: IndexMap<String, Slot<Templated, serde_json::Value, { at::VALUE }>>,
    /// The text that has to be typed instead of `y`.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "type")]
    pub typed: Option<Slot<Templated>>,
    /// How many people have to agree. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u32>,
}
