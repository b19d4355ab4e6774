//! How the steps of a run stand, from its journal alone. Of a line it reads only what it needs, and it follows no
//! chain: whether the lines are those that were written is for `verify` to say.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;

use crate::base::StepId;
use crate::event::{Outcome, Unit};
use crate::journal::{JournalError, Liveness, RunFolder};

/// A fact that a step stands otherwise; none of the others, of which there are more.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Change {
    AttemptStarted { unit: Unit },
    StepEnded { step: StepId, outcome: Outcome },
    Skipped { step: StepId },
    Blocked { step: StepId },
}

/// What a line is about.
#[derive(Deserialize)]
struct About<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

/// How each step stands, without the items of loops. A step that was under way when its engine died is unknown.
///
/// # Errors
/// When the journal cannot be read, or a whole line is none of a journal.
pub(super) fn of(
    folder: &RunFolder,
    liveness: Liveness,
) -> Result<BTreeSet<(String, &'static str)>, JournalError> {
    let path = folder.journal();
    let text = std::fs::read(&path).map_err(JournalError::unreadable(&path))?;
    // A torn last line was never a fact.
    let whole = memchr::memrchr(b'\n', &text).map_or(0, |i| i + 1);
    let (mut states, mut under_way) = (BTreeSet::new(), BTreeSet::new());
    for (line, at) in text[..whole].split_inclusive(|b| *b == b'\n').zip(1..) {
        let fail = |e: serde_json::Error| JournalError::BadLine {
            path: path.clone(),
            line: at,
            reason: e.to_string(),
        };
        let (step, outcome) = match change(line).map_err(fail)? {
            None => continue,
            Some(Change::AttemptStarted { unit }) => {
                under_way.insert(unit.step);
                continue;
            }
            Some(Change::StepEnded { step, outcome }) => (step, outcome),
            Some(Change::Skipped { step }) => (step, Outcome::Skipped),
            Some(Change::Blocked { step }) => (step, Outcome::Blocked),
        };
        under_way.remove(&step);
        if !step.is_beginning() {
            states.insert((name(&step), outcome.word()));
        }
    }
    let left = if liveness == Liveness::Running { "running" } else { "unknown" };
    states.extend(under_way.iter().map(|step| (name(step), left)));
    Ok(states)
}

fn name(step: &StepId) -> String {
    step.without_items().as_str().to_string()
}

fn change(line: &[u8]) -> serde_json::Result<Option<Change>> {
    let about: About<'_> = serde_json::from_slice(line)?;
    match &*about.kind {
        "attempt_started" | "step_ended" | "skipped" | "blocked" => serde_json::from_slice(line).map(Some),
        _ => Ok(None),
    }
}
