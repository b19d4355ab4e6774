//! One playbook.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::stage::{Slot, Templated};
use super::{Allow, Around, Deadline, InputDecl, Notifications, Part, Step, Tree};
use crate::base::{Duration, StepId};

/// A playbook: what to do, in what order.
#[derive(Clone, Debug, PartialEq)]
pub struct Playbook {
    /// Its name, `system/name`, or the path it was read from.
    pub name: String,
    /// What people read.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who keeps it.
    pub owner: Option<String>,
    /// Rules of `check` that do not hold in the whole of it.
    pub allow: Option<Box<Allow>>,
    /// When it runs by itself.
    pub schedule: Vec<Schedule>,
    /// What it holds while it runs.
    pub locks: Vec<Lock>,
    /// The window of its system in which it may begin.
    pub window: Option<String>,
    /// What happens when it is run while a run of it goes on.
    pub runs_at_once: Option<RunsAtOnce>,
    /// What the operator supplies.
    pub inputs: IndexMap<String, InputDecl>,
    /// The author's own names.
    pub vars: IndexMap<String, Tree<Templated>>,
    /// What every step has unless it says otherwise.
    pub defaults: Around<Templated>,
    /// The shell of `defaults`.
    pub default_shell: Option<Vec<String>>,
    /// Its steps, top to bottom.
    pub steps: Vec<Step>,
    /// Steps that run when those failed.
    pub rescue: Vec<Step>,
    /// Steps that run at the end, whatever happened.
    pub always: Vec<Step>,
    /// The moment from which its deadlines count. None: the start of the run.
    pub clock: Option<Slot<Templated>>,
    /// By when what has to be over.
    pub deadlines: Vec<Deadline>,
    /// Steps that run when a deadline has passed, by name.
    pub handlers: IndexMap<String, Vec<Step>>,
    /// Who is told of its runs, where that differs from its system.
    pub notifications: Option<Notifications>,
    /// Boxes ticked from the results of steps.
    pub checklist: Vec<ChecklistItem>,
    /// What it gives to a playbook that calls it.
    pub outputs: IndexMap<String, Tree<Templated>>,
}

impl Playbook {
    /// Its lists of steps, in the order in which they are begun.
    pub fn lists(&self) -> [(Part, &[Step]); 3] {
        [(Part::Steps, &self.steps), (Part::Rescue, &self.rescue), (Part::Always, &self.always)]
    }

    /// Those lists, and the steps of each handler.
    pub fn all_lists(&self) -> impl Iterator<Item = (Part, &[Step])> {
        self.lists().into_iter().chain(self.handlers.values().map(|steps| (Part::Handler, steps.as_slice())))
    }
}

/// A time at which a playbook runs by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// A cron expression of five fields, in the zone of the system; `SUN#1` is the first Sunday.
    pub cron: String,
    /// What happens to a time that was missed. Default: run.
    #[serde(default)]
    pub missed: Missed,
    /// What happens when the last run has not ended. Default: wait.
    #[serde(default)]
    pub overlap: Overlap,
    /// The environment of the scheduled run. Default: the default of its system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Inputs of the scheduled run.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub inputs: IndexMap<String, Value>,
    /// Steps that are agreed to beforehand, since nobody is there to be asked: `restore/swap`, or `restore/swap=TARGET`
    /// where the target has to be typed. As `--confirm` of `toban run`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirm: Vec<String>,
    /// What `decide` steps are answered with. As `--choose` of `toban run`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub choose: IndexMap<String, String>,
    /// What `manual` steps are answered with. As `--answer` of `toban run`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub answer: IndexMap<String, String>,
}

/// A scheduled time that was missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Made up for, once.
    #[default]
    Run,
    /// Left out.
    Skip,
}

/// A scheduled time that comes while the last run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Waits for it.
    #[default]
    Wait,
    /// Left out.
    Skip,
}

/// A lock; written as its name alone, or as a mapping. It is taken before the first step and held until the run has
/// ended, across all playbooks, processes and users of the host; those of the playbooks it calls are taken along. Two
/// runs that want several cannot wait for each other. The kernel gives it back when the engine dies, however that
/// happens; `resume` takes it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Its name: letters, digits, `-`, `_` and `.`, the same in all playbooks that share it.
    pub name: String,
    /// What happens when another holds it. Default: wait.
    #[serde(default)]
    pub busy: LockBusy,
    /// How long to wait; then the run is refused. Default: for as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Duration>,
}

/// A lock that another holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockBusy {
    /// It is waited for; who holds it since when is shown.
    #[default]
    Wait,
    /// The run is refused, with exit code 3, before it begins.
    Fail,
    /// The run is left out, with exit code 0.
    Skip,
}

/// A second run of a playbook in the same environment, by whoever, while one goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunsAtOnce {
    /// It runs beside the first.
    #[default]
    Allow,
    /// It waits for the first to end.
    Wait,
    /// It is refused, with exit code 3.
    Refuse,
}

/// A box of a checklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChecklistItem {
    /// What the box says.
    #[schemars(with = "crate::model::LocalizedText")]
    pub item: String,
    /// The step whose result ticks it.
    pub from: StepId,
}
