//! What stands in a saved plan, key by key. No secret stands in it: secrets are there by name and source.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Lang, PlanId};
use crate::model::{Known, SecretDecl};
use crate::plan::{Chosen, Outline};

/// The version of the form that this engine writes and reads.
pub const FORMAT: u32 = 1;

/// A saved plan. Its first three keys are in this order in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The version of the form; the key by which a file is known to be a saved plan.
    pub toban_plan: u32,
    /// Its own id.
    pub id: PlanId,
    /// SHA-256 of the file's text in hexadecimal, with 64 zeros in place of this digest.
    pub digest: String,
    /// By whom, where and when it was made, and until when it can be run.
    pub made: Made,
    /// The playbook's file, absolute.
    pub playbook: String,
    /// The playbook folder in which called playbooks are looked up, absolute.
    pub library: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// The zone of its times.
    pub zone: Option<String>,
    /// The language of its texts; none in the plans of older engines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// The steps that were chosen; all where there is nothing.
    #[serde(default, skip_serializing_if = "Chosen::is_all")]
    pub chosen: Chosen,
    /// The values of the inputs; those of secrets and of missing ones left out.
    pub inputs: Map<String, Value>,
    /// Required inputs that were not given: the run must be given them.
    pub missing: Vec<String>,
    /// Every secret with its source, as `secrets.NAME` and `inputs.NAME`.
    pub secrets: IndexMap<String, SecretDecl>,
    /// The playbooks and system files it was made from.
    pub sources: Vec<SourceFile>,
    /// The systems in their environments.
    pub systems: Vec<SavedSystem>,
    /// The files that its steps read as part of what they do.
    pub files: Vec<ReadFile>,
    /// Every step as it is told.
    pub outline: Outline,
    /// Every step that acts as it is performed, as far as it is known.
    pub steps: Vec<SavedStep>,
}

/// What a saved plan says of its steps, as the record of its run keeps it: the run does just that, also once it goes on
/// after a crash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Every step that acts.
    pub steps: Vec<SavedStep>,
    /// The files that belong to what they do.
    pub files: Vec<ReadFile>,
}

impl Planned {
    /// What a plan says.
    pub fn of(saved: &Saved) -> Planned {
        Planned { steps: saved.steps.clone(), files: saved.files.clone() }
    }
}

/// Where a saved plan comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// Who made it.
    pub by: String,
    /// On which machine.
    pub host: String,
    /// When.
    pub at: Timestamp,
    /// Until when it can be run.
    pub until: Timestamp,
    /// The engine's version.
    pub engine: String,
}

/// A file that the plan was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its path, absolute.
    pub path: String,
    /// SHA-256 of its text.
    pub sha256: String,
}

/// A system in an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedSystem {
    /// Its file, absolute; there may be none.
    pub path: String,
    /// The environment.
    pub environment: Option<String>,
    /// Its facts, passwords in addresses masked.
    pub values: Value,
}

/// A file that a step reads as part of what it does: SQL, standard input, certificates, compose files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadFile {
    /// The step.
    pub step: String,
    /// Its path, absolute.
    pub path: String,
    /// SHA-256 of its bytes; none for a file that was not there, of which nothing is known.
    pub sha256: Option<String>,
}

/// A step that acts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedStep {
    /// Its id.
    pub id: String,
    /// What it does: once, or for each item of a loop.
    pub units: Vec<SavedUnit>,
}

/// What a step does, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedUnit {
    /// The place in the loop, from 0; none for a step that does not loop, and where only the run knows the items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Each value of the action and of what surrounds it, by its keys: known, or text with `⟨…⟩` where only the run
    /// can know. None where all of it is unknown.
    pub does: Option<IndexMap<String, Known<Value>>>,
    /// Why it could not be rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
