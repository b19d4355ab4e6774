//! What the report of a run says, in no form yet. As JSON it is what `toban report --format json` prints.

use std::path::PathBuf;

use indexmap::IndexMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use crate::base::{RunId, StepId};
use crate::event::{Counts, Outcome, Reply, RunOutcome};
use crate::model::Effect;
use crate::plan::PlanOrigin;
use crate::report::Section;

/// What is known of a run beside its heading and its facts.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Whether an engine is at it.
    pub is_running: bool,
    /// The saved plan that it did.
    pub saved: Option<PlanOrigin>,
    /// The folder that the report goes to, for links to the logs; none where it is not known.
    pub near: Option<PathBuf>,
}

/// The report of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// The playbook's name.
    pub playbook: String,
    /// Its title.
    pub title: String,
    /// The environment.
    pub environment: Option<String>,
    /// What the environment calls itself.
    pub target: Option<String>,
    /// Who ran it.
    pub operator: String,
    /// The engine's version.
    pub engine: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; none where it has not.
    pub ended: Option<Timestamp>,
    /// How it ended; none where it has not.
    pub outcome: Option<RunOutcome>,
    /// Whether an engine is at it.
    pub is_running: bool,
    /// From its start to its end, or to its last fact.
    pub seconds: f64,
    /// How many steps ended how.
    pub counts: Counts,
    /// What made it stop before its end.
    pub stopped_by: Option<String>,
    /// Locks that were waited for, a window it began outside of and why, who cancelled it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The saved plan it did, with its approvals.
    pub plan: Option<PlanOrigin>,
    /// What went otherwise than a good run without people would, the worst first.
    pub deviations: Vec<Deviation>,
    /// The boxes of the playbook.
    pub checklist: Option<Checklist>,
    /// Every step, in plan order.
    pub steps: Vec<StepEntry>,
    /// The zone in which times are shown.
    #[serde(skip)]
    pub zone: TimeZone,
}

/// How something went otherwise; in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deviance {
    /// It failed.
    Failed,
    /// Nobody knows how far it came.
    Unknown,
    /// A person or the lack of one said no.
    Refused,
    /// Something it needs did not succeed.
    Blocked,
    /// The run ended before it.
    NotBegun,
    /// A deadline passed.
    Late,
    /// People could not be told of it.
    NotTold,
    /// There is something to look at.
    Warned,
    /// It took more than one attempt.
    Retried,
    /// Its condition did not hold.
    Skipped,
    /// A person did it.
    ByHand,
    /// A person chose.
    Decided,
    /// A person agreed to it.
    Confirmed,
}

/// Something that went otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Deviation {
    /// How.
    pub kind: Deviance,
    /// Where; none where it is about the run as a whole.
    pub step: Option<StepId>,
    /// In which item of a loop.
    pub item: Option<u32>,
    /// Why, or what was said; may have several lines, may be empty.
    pub text: String,
    /// Who said it.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// The log that tells more.
    pub log: Option<Log>,
    /// The end of that log.
    pub tail: Vec<String>,
}

/// A log of an attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Log {
    /// Its path.
    pub path: PathBuf,
    /// How the report links to it.
    #[serde(skip)]
    pub link: String,
}

/// A checklist with its ticks, and what paper has below it.
#[derive(Clone, Debug, Serialize)]
pub struct Checklist {
    /// 実施日: the day on which the run began, in its zone.
    pub date: String,
    /// 実施者: who ran it.
    pub operator: String,
    /// The boxes.
    pub boxes: Vec<Checked>,
}

/// One box.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// What it says.
    pub item: String,
    /// The step that ticks it.
    pub step: StepId,
    /// Whether it is ticked.
    pub is_ticked: bool,
    /// How its step ended.
    pub outcome: Option<Outcome>,
    /// For a step done by a person: what was said, by whom, when.
    pub answer: Option<AnswerEntry>,
}

/// A step.
#[derive(Clone, Debug, Serialize)]
pub struct StepEntry {
    /// Its id.
    pub id: StepId,
    /// Its title, where it has one of its own.
    pub title: Option<String>,
    /// The part of the run it belongs to, where it is none of its steps proper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<Section>,
    /// The kind of its action.
    pub kind: &'static str,
    /// What it does to the world.
    pub effect: Effect,
    /// How it ended; none where it did not begin or has not ended.
    pub outcome: Option<Outcome>,
    /// How long it took.
    pub seconds: f64,
    /// Why it ended so, in one line; may be empty.
    pub note: String,
    /// For a loop: how many items ended how.
    pub items: Option<Counts>,
    /// Its attempts, in the order in which they began.
    pub attempts: Vec<AttemptEntry>,
    /// What people answered.
    pub answers: Vec<AnswerEntry>,
}

impl Deviation {
    /// Where it is, as people write it; none where it is about the run as a whole.
    pub fn unit(&self) -> Option<String> {
        let item = self.item.map(|item| format!("[{item}]")).unwrap_or_default();
        self.step.as_ref().map(|step| format!("{step}{item}"))
    }
}

impl Report {
    /// Every step, with the section that begins with it, if one does.
    pub fn steps_by_section(&self) -> impl Iterator<Item = (&StepEntry, Option<&Section>)> {
        let before = std::iter::once(None).chain(self.steps.iter().map(|step| step.section.as_ref()));
        self.steps.iter().zip(before).map(|(step, before)| {
            let section = step.section.as_ref();
            (step, section.filter(|_| section != before))
        })
    }
}

impl StepEntry {
    /// Whether it only holds other steps.
    pub fn is_group(&self) -> bool {
        matches!(self.kind, "steps" | "playbook")
    }
}

/// One attempt at a step, or at an item of it.
#[derive(Clone, Debug, Serialize)]
pub struct AttemptEntry {
    /// The item.
    pub item: Option<u32>,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How.
    pub outcome: Option<Outcome>,
    /// Why; may be empty.
    pub reason: String,
    /// Its log, where it wrote one.
    pub log: Option<Log>,
}

/// What a person answered.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerEntry {
    /// The item.
    pub item: Option<u32>,
    /// What was asked.
    pub question: String,
    /// When; none where it was answered before it was asked.
    pub asked: Option<Timestamp>,
    /// When it was answered.
    pub at: Timestamp,
    /// The answer.
    pub reply: Reply,
    /// The answer in words.
    pub said: String,
    /// Who gave it.
    pub by: String,
}

impl AnswerEntry {
    /// What was brought back by a person who did something.
    pub fn evidence(&self) -> Option<&IndexMap<String, Value>> {
        match &self.reply {
            Reply::Manual { evidence, .. } if !evidence.is_empty() => Some(evidence),
            _ => None,
        }
    }
}
