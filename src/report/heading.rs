//! What a screen knows of a run before its first event. It does not know where that comes from.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::base::{RunId, StepId};
use crate::model::{Effect, Part};
use crate::plan::Chosen;

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
    /// The list of its group or playbook that it stands in.
    pub part: Part,
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
    /// What the steps are like that are made once the items of a loop are known, ids as `restore[*]/swap`.
    pub patterns: Vec<StepInfo>,
    /// The steps that the operator chose; the others are left out.
    pub chosen: Chosen,
    /// Boxes, and the step whose result ticks each.
    pub checklist: Vec<(String, StepId)>,
    /// Where the logs of the attempts are.
    pub log_dir: PathBuf,
}

impl Heading {
    /// That only some of the steps are run.
    pub fn chosen_text(&self) -> String {
        crate::t!(
            "chosen: {}; the other steps are left out",
            "選択: {}。ほかのステップは対象外",
            self.chosen.flags()
        )
    }

    /// The steps that a loop over steps has once its items are known; what they hold that loops itself stays a
    /// pattern.
    pub fn iterations(&mut self, looped: &StepId, items: &[Value]) -> Vec<StepInfo> {
        let (own, others) = std::mem::take(&mut self.patterns)
            .into_iter()
            .partition(|info| info.id.in_iteration(looped, 0) != info.id);
        let own: Vec<StepInfo> = own;
        self.patterns = others;
        let all = items.iter().enumerate().flat_map(|(index, item)| {
            own.iter().map(move |info| info.in_iteration(looped, index as u32, item))
        });
        let (patterns, made): (Vec<_>, Vec<_>) = all.partition(|info| info.id.as_str().contains("[*]"));
        self.patterns.extend(patterns);
        made
    }

    /// The heading of a run whose loops over steps have these items, their steps where the loop stands.
    pub fn laid_out<'e>(mut self, loops: impl IntoIterator<Item = (&'e StepId, &'e Vec<Value>)>) -> Heading {
        for (looped, items) in loops {
            let made = self.iterations(looped, items);
            let at = self.steps.iter().position(|info| info.id == *looped).unwrap_or(self.steps.len());
            self.steps.splice(at..at, made);
        }
        self
    }
}

impl StepInfo {
    fn in_iteration(&self, looped: &StepId, index: u32, item: &Value) -> StepInfo {
        let id = self.id.in_iteration(looped, index);
        let is_made = !id.as_str().contains("[*]");
        let item = super::cell(item);
        StepInfo {
            title: if is_made { self.title.replace("⟨item⟩", &item) } else { self.title.clone() },
            inside: self.inside.as_ref().map(|inside| inside.in_iteration(looped, index)),
            id,
            ..self.clone()
        }
    }
}
