//! Makes the saved form of a plan. It resolves no secret.

use std::path::Path;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;

use super::files::{digest_of, read_by};
use super::form::{FORMAT, Made, ReadFile, Saved, SavedStep, SavedSystem, SavedUnit, SourceFile};
use super::slots;
use super::system::without_passwords;
use crate::base::{Lang, PlanId};
use crate::model::{Action, Known, Planned as PlannedStage, SecretDecl, Staged, StepBody};
use crate::plan::before::Before;
use crate::plan::complete::give_headers;
use crate::plan::renderer::Item;
use crate::plan::{Body, Facts, NodeIx, Plan, Renderer, outline};
use crate::template::{Planned, Preview};

/// What a plan does not know of itself.
pub struct About {
    /// Its id.
    pub id: PlanId,
    /// Who makes it.
    pub by: String,
    /// On which machine.
    pub host: String,
    /// When.
    pub at: Timestamp,
    /// Until when it can be run.
    pub until: Timestamp,
    /// The playbook's file, absolute.
    pub playbook: String,
    /// The playbook folder, absolute.
    pub library: Option<String>,
    /// The language of its texts.
    pub lang: Option<Lang>,
    /// Every secret with its source.
    pub secrets: IndexMap<String, SecretDecl>,
    /// Required inputs that were not given.
    pub missing: Vec<String>,
    /// Where the paths of the plan's sources are shown from.
    pub cwd: std::path::PathBuf,
}

/// A plan as it is saved, without its digest. `known` are the inputs, and nothing else.
pub fn save(renderer: &Renderer<'_>, known: &dyn Facts, about: About) -> Saved {
    let plan = renderer.plan;
    let before = Before::of(renderer, known);
    let acting = plan.order.iter().filter(|ix| plan.at(**ix).body == Body::Act && !plan.at(**ix).left_out);
    let mut files = Vec::new();
    let steps = acting
        .map(|ix| {
            let step = SavedStep { id: plan.at(*ix).id.to_string(), units: units(renderer, *ix, &before) };
            read_files(plan, *ix, &step, &mut files);
            step
        })
        .collect();
    let path = |shown: &str| about.cwd.join(shown).display().to_string();
    let sources = plan.sources.iter().map(|(p, sum)| SourceFile { path: path(p), sha256: sum.clone() });
    Saved {
        toban_plan: FORMAT,
        id: about.id,
        digest: String::new(),
        made: Made {
            by: about.by,
            host: about.host,
            at: about.at,
            until: about.until,
            engine: env!("CARGO_PKG_VERSION").to_string(),
        },
        playbook: about.playbook,
        library: about.library,
        environment: plan.environment.clone(),
        zone: plan.zone.iana_name().map(str::to_string),
        lang: about.lang,
        chosen: plan.chosen.clone(),
        inputs: known.inputs(0).cloned().unwrap_or_default(),
        missing: about.missing,
        secrets: about.secrets,
        sources: sources.collect(),
        systems: systems(plan),
        files,
        outline: outline(renderer, known),
        steps,
    }
}

fn systems(plan: &Plan) -> Vec<SavedSystem> {
    let mut systems: Vec<SavedSystem> = Vec::new();
    for frame in &plan.frames {
        let path = frame.base_dir.join("system.yaml").display().to_string();
        let known = systems.iter().any(|s| s.path == path && s.environment == frame.environment);
        if !known {
            let values = without_passwords(serde_json::to_value(&*frame.system).unwrap_or_default());
            systems.push(SavedSystem { path, environment: frame.environment.clone(), values });
        }
    }
    systems
}

fn read_files(plan: &Plan, ix: NodeIx, step: &SavedStep, files: &mut Vec<ReadFile>) {
    let frame = &plan.frames[plan.at(ix).frame as usize];
    for does in step.units.iter().filter_map(|u| u.does.as_ref()) {
        for path in read_by(does, &frame.base_dir, &frame.system) {
            let shown = path.display().to_string();
            if files.iter().any(|f| f.step == step.id && f.path == shown) {
                continue;
            }
            let sha256 = known_digest(files, &shown).or_else(|| digest_of(&path).ok().map(|d| d.sha256));
            files.push(ReadFile { step: step.id.clone(), path: shown, sha256 });
        }
    }
}

/// A file that several steps read is read once.
fn known_digest(files: &[ReadFile], path: &str) -> Option<String> {
    files.iter().find(|f| f.path == path)?.sha256.clone()
}

fn units(renderer: &Renderer<'_>, ix: NodeIx, known: &dyn Facts) -> Vec<SavedUnit> {
    let one = |item: Item<'_>| {
        let index = item.map(|(index, _)| index);
        match does(renderer, ix, item, known) {
            Ok(does) => SavedUnit { item: index, does, error: None },
            Err(error) => SavedUnit { item: index, does: None, error: Some(error) },
        }
    };
    let Some(each) = &renderer.plan.at(ix).step.for_each else { return vec![one(None)] };
    let list = renderer
        .planned_scope(ix, None, known)
        .and_then(|(scope, unknown)| renderer.tree_planned(&each.list, &scope, &unknown));
    match list {
        Ok(Planned::Known(Value::Array(items))) => {
            items.iter().enumerate().map(|(i, value)| one(Some((i as u32, value)))).collect()
        }
        // Nothing, or a mistake that the run will name.
        Ok(Planned::Known(_)) => Vec::new(),
        Ok(Planned::Unknown(_)) => vec![one(None)],
        Err(e) => vec![SavedUnit { item: None, does: None, error: Some(e.message) }],
    }
}

type Does = Option<IndexMap<String, Known<Value>>>;

/// The values of an action as far as they are known; none where only a run can know which action it is.
fn does(renderer: &Renderer<'_>, ix: NodeIx, item: Item<'_>, known: &dyn Facts) -> Result<Does, String> {
    let node = renderer.plan.at(ix);
    let StepBody::Act(action) = &node.step.body else { return Ok(None) };
    let (scope, unknown) = renderer.planned_scope(ix, item, known).map_err(|e| e.message)?;
    let covers = |path: &[String]| unknown.covers(path);
    let mut stager = Preview::new(renderer.engine, &scope, &covers);
    let told = |e: crate::template::StageError| format!("{}: {}", e.path, e.message);
    let around = node.step.around.stage::<PlannedStage, _>(&mut stager).map_err(told)?;
    let mut action = (**action).stage::<PlannedStage, _>(&mut stager).map_err(told)?;
    if let Action::Named(named) = &action {
        let Known::Yes(name) = &named.name.0 else { return Ok(None) };
        let system = &renderer.plan.frames[node.frame as usize].system;
        let own = system.actions.get(name);
        let mut own = own.cloned().ok_or_else(|| format!("system.yaml: actions.{name}"))?;
        give_headers(&mut own, system);
        action = own.stage(&mut stager).map_err(told)?;
    }
    Ok(Some(slots::planned(&action, &around)))
}

/// Whether a path lies in a folder that is known: shown from there, else whole.
pub(super) fn shown(path: &str, cwd: &Path) -> String {
    Path::new(path).strip_prefix(cwd).map_or_else(|_| path.to_string(), |p| p.display().to_string())
}
