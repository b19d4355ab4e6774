//! A plan as it is told: plain data for the terminal, for files and for comparing. It renders nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::alone::{Now, ToldWindow};
use super::finding::{ProbeCounts, ProbeFinding};
use super::{Allowed, Chosen};
use crate::base::StepId;
use crate::graph::Why;
use crate::model::{
    AfterCrash, ChecklistItem, Deadline, Effect, Lock, Notifications, OnError, Otherwise, Part, Retry,
    RunsAtOnce, Schedule, UndoWhen,
};

/// A whole plan, as it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// The playbook's name.
    pub playbook: String,
    /// Its title.
    pub title: String,
    /// The environment.
    pub environment: Option<String>,
    /// The inputs; a missing one as `⟨inputs.x⟩`, a secret as `•••` with its source.
    pub inputs: Map<String, Value>,
    /// What those inputs are for whose playbook says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub meanings: BTreeMap<String, String>,
    /// Every step in an order in which they could run.
    pub steps: Vec<OutlineStep>,
    /// How many steps only read.
    pub read: usize,
    /// How many change something.
    pub change: usize,
    /// How many destroy something.
    pub destroy: usize,
    /// What is held while it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Lock>,
    /// The windows in which it may begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<ToldWindow>,
    /// What happens when it is run while a run of it goes on, where that is not simply allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_at_once: Option<RunsAtOnce>,
    /// When it runs by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<Schedule>,
    /// The moment from which deadlines count, as it is written; none for the start of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// The same of playbooks that are called, by the step that calls them; none for the beginning of the call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<(StepId, String)>,
    /// By when what has to be over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<Deadline>,
    /// Who is told of its runs without a step that does so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifications: Option<Notifications>,
    /// Boxes ticked from the results of steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<ChecklistItem>,
    /// What the operator chose of its steps; only those are told.
    #[serde(default, skip_serializing_if = "Chosen::is_all")]
    pub chosen: Chosen,
    /// The steps that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Rules of `check` that do not hold in a file as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Allowed>,
    /// Every secret that a step uses, with its source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<ToldSecret>,
    /// What the plan uses that differs in every run: `run.stamp`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
    /// How long it took before; none where no run of it ended well. No part of what is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// How its windows, and with a probe its locks, stand in this moment. No part of what is planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub now: Vec<Now>,
    /// What a probe found, counted; none without one. No part of what is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeCounts>,
}

/// One step of a plan, as it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutlineStep {
    /// Its id.
    pub id: String,
    /// How deep it stands in groups and playbooks.
    pub depth: usize,
    /// The group or playbook that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
    /// Its title.
    pub title: String,
    /// The kind of its action.
    pub kind: String,
    /// What it does to the world.
    pub effect: Effect,
    /// Why a step that looks destructive is none, and why rules of `check` do not hold for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What it waits for.
    pub needs: Vec<ToldNeed>,
    /// It is skipped unless all of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<ToldCondition>,
    /// How it loops; none for a step that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<ToldLoop>,
    /// The very text that would be performed, one for each item that is known; none for what holds steps.
    pub text: Vec<ToldText>,
    /// Why it cannot be rendered, should that be so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its time limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Further attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What is asked before it, or by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<ToldQuestion>,
    /// What must hold of its outputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<ToldCondition>,
    /// Exit codes that mean done, where not only 0 does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ok_codes: Vec<i32>,
    /// Exit codes that mean done, with a warning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warn_codes: Vec<i32>,
    /// What its failure means for the run.
    pub on_error: OnError,
    /// What resume does when it was under way.
    pub after_crash: AfterCrash,
    /// The text of the reading that says, after a crash, whether it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<ToldText>,
    /// How it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<ToldUndo>,
    /// The list of its group or playbook that it stands in.
    #[serde(default, skip_serializing_if = "is_steps")]
    pub part: Part,
    /// The handler whose step it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Whether its output is kept out of logs and the journal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// What the system adds to it: the connection's address, the compose project, the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<ToldFact>,
    /// The secrets it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<ToldSecret>,
    /// Everything it depends on that only a run can know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<ToldUnknown>,
    /// What a probe found out about it; none without one, and for a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeFinding>,
}

/// Most steps stand in `steps`; that need not be said.
fn is_steps(part: &Part) -> bool {
    *part == Part::Steps
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToldUndo {
    /// When.
    pub when: UndoWhen,
    /// The very text that would be performed.
    pub text: ToldText,
}

/// What a step waits for, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToldNeed {
    /// The other step.
    pub step: String,
    /// Why.
    pub why: Why,
}

/// A text that would be performed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToldText {
    /// The item of the loop it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Value>,
    /// Its lines; never none.
    pub lines: Vec<String>,
    /// Whether `⟨…⟩` in it stands for what only a run can know.
    pub unknown: bool,
    /// The values bound into its SQL, in order, as JSON or `⟨…⟩`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToldCondition {
    /// The expression.
    pub that: String,
    /// Its value, or `⟨…⟩`; none for what is said of the step's own outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether only a run can know the value.
    pub unknown: bool,
    /// What it means when it does not hold of outputs.
    pub otherwise: Otherwise,
    /// What the operator is told then, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The list for each of whose items it is tested, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Value>,
}

/// A loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToldLoop {
    /// The list as JSON, or `⟨…⟩`.
    pub list: String,
    /// How many items it has; none where only a run can know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// How many run side by side; none for as many as `--jobs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<u32>,
    /// After an item of which all of these hold, no further one begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToldQuestion {
    /// The question.
    pub text: String,
    /// What is shown with it: a label and a value or `⟨…⟩`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
    /// What has to be typed instead of `y`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed: Option<String>,
    /// How many people have to agree.
    pub people: u32,
    /// The flag that answers it without a terminal.
    pub unattended: String,
}

/// A fact of the system that a step is performed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldFact {
    /// Its name in `system.yaml`: `connections.main`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A secret by name; its value is never known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldSecret {
    /// `secrets.db_password` or `inputs.token`.
    pub name: String,
    /// Where it comes from: `env:NAME`, `file:PATH`, `credential:NAME`, `command: pass show db`, `prompt`, `generated`.
    pub source: String,
}

/// Something that only a run can know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldUnknown {
    /// Its name: `steps.count.rows[0].total`, `run.stamp`, `vars.file`.
    pub name: String,
    /// What it is made of, for a variable or an input of a playbook that is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether it differs in every run, as an id and a time do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub differs: bool,
}

/// How long a playbook took before, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How many runs it is taken from.
    pub runs: usize,
    /// The median of the whole.
    pub seconds: f64,
    /// The median of each step that ran, by its id.
    pub steps: std::collections::BTreeMap<String, f64>,
}
