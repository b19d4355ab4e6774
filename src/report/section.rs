//! The parts of a run that are not its steps proper: what is taken back, what is done after a failure, what is done at
//! the end. It says which a step belongs to, and their names; it draws nothing.

use std::collections::HashMap;

use serde::Serialize;

use super::StepInfo;
use crate::base::StepId;
use crate::model::Part;
use crate::t;

/// The kind of a step that takes another back, on a board.
pub const UNDO: &str = "undo";

/// A part of a run with a heading of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "part", content = "of", rename_all = "snake_case")]
pub enum Section {
    /// What was done is taken back.
    Undo,
    /// The `rescue` of a step; of the run where there is none.
    Rescue(Option<StepId>),
    /// The `always` of a step; of the run where there is none.
    Always(Option<StepId>),
    /// The `handlers` of the run.
    Handler,
}

impl Section {
    /// Its name, in a word or two.
    pub fn word(&self) -> String {
        match self {
            Section::Undo => t!("undo", "取り消し"),
            Section::Rescue(_) => t!("rescue", "復旧"),
            Section::Always(_) => t!("always", "後始末"),
            Section::Handler => t!("handler", "期限超過"),
        }
    }

    /// What it is for.
    pub fn meaning(&self) -> String {
        let of =
            |step: &Option<StepId>| step.as_ref().map(|step| t!("{step}: ", "{step}: ")).unwrap_or_default();
        match self {
            Section::Undo => t!("what was done is taken back", "行ったことを元に戻す"),
            Section::Rescue(step) => t!("{}after a failure", "{}失敗後の処理", of(step)),
            Section::Always(step) => {
                t!("{}at the end, whatever happened", "{}何が起きても最後に実行", of(step))
            }
            Section::Handler => t!("a deadline passed", "期限を過ぎたときの処理"),
        }
    }

    /// Its heading, on one line.
    pub fn heading(&self) -> String {
        format!("{} ({})", self.word(), self.meaning())
    }
}

/// Which section each step belongs to.
#[derive(Clone, Debug, Default)]
pub struct Sections(HashMap<StepId, (Part, Option<StepId>)>);

impl Sections {
    /// Those of the steps of a run.
    pub fn of(steps: &[StepInfo]) -> Sections {
        let mut sections = Sections::default();
        steps.iter().for_each(|info| sections.add(info));
        sections
    }

    /// A step that the plan did not name.
    pub fn add(&mut self, info: &StepInfo) {
        if info.part != Part::Steps || info.inside.is_some() {
            self.0.insert(info.id.clone(), (info.part, info.inside.clone()));
        }
    }

    /// The section of a step: that of the outermost list that is not `steps`.
    pub fn section(&self, info: &StepInfo) -> Option<Section> {
        if info.kind == UNDO {
            return Some(Section::Undo);
        }
        let mut found = None;
        let mut at = Some(&info.id);
        while let Some((part, inside)) = at.and_then(|id| self.0.get(id)) {
            found = match part {
                Part::Steps => found,
                Part::Rescue => Some(Section::Rescue(inside.clone())),
                Part::Always => Some(Section::Always(inside.clone())),
                Part::Handler => Some(Section::Handler),
            };
            at = inside.as_ref();
        }
        found
    }
}
