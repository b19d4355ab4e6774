//! The keys of a playbook.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::StepSource;
use crate::base::Confidential;
use crate::base::Duration;
use crate::model::{
    Allow, ChecklistItem, Deadline, InputDecl, Lock, Notifications, RunsAtOnce, Schedule, Slot, Templated,
    Tree, at,
};

/// A playbook: what to do, in what order.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Playbook")]
#[serde(deny_unknown_fields)]
pub struct PlaybookSource {
    /// What people read.
    #[schemars(with = "crate::model::LocalizedText")]
    pub title: String,
    /// What it is for.
    #[serde(default)]
    #[schemars(with = "Option<crate::model::LocalizedText>")]
    pub description: Option<String>,
    /// Who keeps it.
    #[serde(default)]
    #[schemars(with = "Option<crate::model::LocalizedText>")]
    pub owner: Option<String>,
    /// Rules of `check` that do not hold in the whole of it.
    #[serde(default)]
    pub allow: Option<Box<Allow>>,
    /// When it runs by itself.
    #[serde(default)]
    pub schedule: Vec<Schedule>,
    /// What it holds while it runs: names of locks.
    #[serde(default)]
    pub locks: Vec<Lock>,
    /// The window of `system.yaml` in which it may begin, by name. Outside it is refused with exit code 3, unless it is
    /// run with `--outside-window --reason …`, which is recorded. A run that has begun goes on when the window closes;
    /// where the last runs say that it will not end inside, that is told. Holds for a playbook that calls it, too.
    #[serde(default)]
    pub window: Option<String>,
    /// What happens when it is run while a run of it goes on in the same environment, whoever runs it. Default: `refuse`
    /// in an environment that is `protected`, where doing something twice is dearer than being asked to wait; elsewhere
    /// `allow`, as what must not meet is named by `locks`.
    #[serde(default)]
    pub runs_at_once: Option<RunsAtOnce>,
    /// What the operator supplies: `inputs.X`.
    #[serde(default)]
    pub inputs: IndexMap<String, InputDecl>,
    /// The author's own names: `vars.X`; templates allowed. One that is made of `steps.X` makes X a need of whoever uses
    /// the name.
    #[serde(default)]
    pub vars: IndexMap<String, Tree<Templated>>,
    /// What every step has unless it says otherwise.
    #[serde(default)]
    pub defaults: DefaultsSource,
    /// What to do, from top to bottom.
    #[schemars(with = "Vec<StepSource>")]
    pub steps: Vec<Value>,
    /// Steps that run once a step has failed, after what was done has been undone: in list order, each even if the one
    /// before failed. The run has failed all the same. Where another playbook calls this one and these succeed, the call
    /// has recovered and ends with a warning. What a step that did not run would have given is null in them.
    #[serde(default)]
    #[schemars(with = "Vec<StepSource>")]
    pub rescue: Vec<Value>,
    /// Steps that run at the end whatever happened, also after Ctrl-C and after a no: in list order, each even if the
    /// one before failed. A second Ctrl-C leaves them out. What a step that did not run would have given is null in them.
    #[serde(default)]
    #[schemars(with = "Vec<StepSource>")]
    pub always: Vec<Value>,
    /// The moment from which deadlines count: a time such as `2026-03-01T05:00`, or `05:00` for the last one there was, in
    /// the zone of the system. Templates may name inputs and vars: `"{{ inputs.noticed_at }}"`. Default: the start of
    /// the run, or of the step that calls the playbook.
    #[serde(default)]
    pub clock: Option<Slot<Templated>>,
    /// By when what has to be over, and what is done where it is not. Where another playbook calls this one, they hold
    /// from the beginning of the call to its end, and `stop` stops the whole run.
    #[serde(default)]
    pub deadlines: Vec<Deadline>,
    /// Steps that are run when a deadline passes, by name: in list order, each even if the one before failed, beside all
    /// others and also where `--jobs` has no place. What a step that is not over would have given is null in them.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, Vec<StepSource>>")]
    pub handlers: IndexMap<String, Vec<Value>>,
    /// When people are told of its runs without a step that does so, and how: key by key what differs from the
    /// `notifications` of its system. Those of a playbook that this one calls say nothing here.
    #[serde(default)]
    pub notifications: Option<Notifications>,
    /// Boxes ticked from the results of steps.
    #[serde(default)]
    pub checklist: Vec<ChecklistItem>,
    /// What it gives to a playbook that calls it.
    #[serde(default)]
    pub outputs: IndexMap<String, Tree<Templated>>,
}

/// Step keys for every step.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Defaults")]
#[serde(deny_unknown_fields)]
pub struct DefaultsSource {
    /// After which an attempt is ended.
    #[serde(default)]
    pub timeout: Option<Slot<Templated, Duration>>,
    /// The shell that runs scripts, as a list: `[bash, -euo, pipefail]`.
    #[serde(default)]
    pub shell: Option<Vec<String>>,
    /// The folder that steps run in.
    #[serde(default)]
    pub cwd: Option<Slot<Templated, String, { at::PATH }>>,
    /// Variables added to the environment.
    #[serde(default)]
    pub env: IndexMap<String, Slot<Templated, Confidential, { at::ENV }>>,
    /// The host that steps run on.
    #[serde(default)]
    pub host: Option<Slot<Templated>>,
}
