//! What a run's folder keeps of its plan. No secret stands in it.

use std::path::PathBuf;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::chosen::Chosen;
use super::node::{Node, Plan, RunFacts};
use super::saved::{Approval, Planned};
use super::told::Outline;
use crate::base::{Lang, PlanId, StepId};
use crate::event::RunOutcome;
use crate::model::{ChecklistItem, Effect, Part, SecretSource};

/// `plan.json` in the folder of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanRecord {
    /// The version of this form.
    pub format: u32,
    /// The playbook's name.
    pub playbook: String,
    /// Its title.
    pub title: String,
    /// The environment.
    pub environment: Option<String>,
    /// What the environment calls itself; none in the folders of older engines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The zone of shown times.
    pub zone: Option<String>,
    /// The inputs; secrets left out.
    pub inputs: Map<String, Value>,
    /// Every file it was made from, with the SHA-256 of its text.
    pub sources: Vec<(String, String)>,
    /// The steps, in the order of the plan.
    pub steps: Vec<StepRecord>,
    /// What the steps are like that are made once the items of a loop are known: `restore[*]/swap`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<StepRecord>,
    /// Boxes to tick.
    pub checklist: Vec<ChecklistItem>,
    /// The plan as it was told before the run; none in the folders of older engines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outline: Option<Outline>,
    /// The saved plan it is, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<PlanOrigin>,
    /// What that plan says of each step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Planned>,
    /// How the playbook was found; none in the folders of older engines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// Where its secret inputs come from.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub secret_inputs: IndexMap<String, SecretSource>,
    /// The steps that the operator chose.
    #[serde(default, skip_serializing_if = "Chosen::is_all")]
    pub chosen: Chosen,
    /// The moment from which its deadlines count, where that is not its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Timestamp>,
    /// How the run before it ended, where its steps ask for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// What its steps that tell only what is new were last heard to say before it; none where it has no such step, and in
    /// the folders of older engines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_told: Option<LastTold>,
}

/// How the run stood that people were last told of, by the step that told them; none where it is not known whether it
/// reached them. A step that is not named has never told anybody anything.
pub type LastTold = IndexMap<StepId, Option<RunOutcome>>;

/// How a playbook was found, so that it is found again from anywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The name or path it was asked for by.
    pub name: String,
    /// The folder that paths are relative to.
    pub cwd: PathBuf,
    /// The playbook folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<PathBuf>,
    /// The language of its texts, which is also that of the plan; none in the folders of older engines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
}

/// The saved plan that a run does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanOrigin {
    /// Its id.
    pub id: PlanId,
    /// Its digest.
    pub digest: String,
    /// Who made it; the operator of the run may be another.
    pub author: String,
    /// When it was made.
    pub made: Timestamp,
    /// On which machine.
    pub host: String,
    /// The file it was read from.
    pub file: String,
    /// The approvals that counted.
    pub approvals: Vec<Approval>,
}

/// One step of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its id.
    pub id: StepId,
    /// Its title.
    pub title: String,
    /// The kind of its action.
    pub kind: String,
    /// What it does to the world.
    pub effect: Effect,
    /// The group or playbook that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<StepId>,
    /// The list of its group or playbook that it stands in.
    #[serde(default, skip_serializing_if = "is_steps")]
    pub part: Part,
}

fn is_steps(part: &Part) -> bool {
    *part == Part::Steps
}

/// What a run's folder keeps of its plan, and of what was told of it before.
pub fn record(plan: &Plan, run: &RunFacts, outline: Outline) -> PlanRecord {
    let told = |node: &Node| StepRecord {
        id: node.id.clone(),
        title: node.title.clone(),
        kind: node.kind().to_string(),
        effect: node.step.effect,
        inside: node.inside.map(|open| plan.at(open).id.ended()),
        part: node.part,
    };
    PlanRecord {
        format: 1,
        playbook: plan.playbook.clone(),
        title: plan.title.clone(),
        environment: plan.environment.clone(),
        target: plan.frames[0].system.target.clone(),
        zone: plan.zone.iana_name().map(str::to_string),
        inputs: run.inputs.clone(),
        sources: plan.sources.clone(),
        steps: plan.steps().map(told).collect(),
        patterns: plan.patterns().map(told).collect(),
        checklist: plan.checklist.clone(),
        outline: Some(outline),
        saved: None,
        planned: None,
        found: None,
        secret_inputs: IndexMap::new(),
        chosen: plan.chosen.clone(),
        clock: None,
        previous: run.previous.clone(),
        last_told: plan.tells_changes().then(|| run.last_told.clone()),
    }
}
