//! What people were last told by the steps that tell only what is new, from the folder of a run. It sends nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::reader::{bytes, read};
use super::{JournalError, RunFolder};
use crate::base::StepId;
use crate::event::{Event, Kind, Outcome, RunOutcome, Unit};
use crate::plan::{LastTold, StepRecord};

/// What `plan.json` says of it.
#[derive(Deserialize)]
struct Before {
    #[serde(default)]
    last_told: Option<LastTold>,
    steps: Vec<StepRecord>,
}

/// What people had last been told at the end of a run, or have been so far: what it sent itself, else what runs before it
/// had.
///
/// # Errors
/// When its plan or its journal cannot be read.
pub fn last_told(folder: &RunFolder) -> Result<LastTold, JournalError> {
    let path = folder.plan();
    let before: Before = serde_json::from_slice(&bytes(&path)?).map_err(|e| JournalError::BadLine {
        path,
        line: e.line(),
        reason: e.to_string(),
    })?;
    let mut told = match before.last_told {
        Some(told) => told,
        // Nothing was noted down: it may be known of any of them, or of none.
        None => before.steps.into_iter().filter(|s| s.kind == "notify").map(|s| (s.id, None)).collect(),
    };
    told.extend(said(&read(folder)?));
    Ok(told)
}

/// What a run sent itself. Of a loop every item has to have been heard.
fn said(events: &[Event]) -> LastTold {
    let mut steps: BTreeMap<&StepId, BTreeMap<&Unit, (RunOutcome, Option<bool>)>> = BTreeMap::new();
    for event in events {
        let (unit, heard) = match &event.kind {
            Kind::AttemptStarted { unit, stands: Some(stands), .. } => {
                steps.entry(&unit.step).or_default().insert(unit, (*stands, None));
                continue;
            }
            Kind::AttemptEnded { unit, outcome, .. } => (unit, outcome.lets_follow()),
            Kind::Resolved { unit, how, .. } => match how.outcome() {
                Some(outcome) => (unit, outcome == Outcome::ByHand || outcome == Outcome::Ok),
                None => continue,
            },
            _ => continue,
        };
        if let Some(sent) = steps.get_mut(&unit.step).and_then(|units| units.get_mut(unit)) {
            sent.1 = Some(heard);
        }
    }
    steps.into_iter().filter_map(|(step, units)| Some((step.clone(), of_all(units.into_values())?))).collect()
}

/// What all of them have heard; nothing at all where one has not, and nothing that is known where that is not known, or
/// they have heard different things.
fn of_all(sent: impl Iterator<Item = (RunOutcome, Option<bool>)>) -> Option<Option<RunOutcome>> {
    let sent: Vec<_> = sent.collect();
    let (first, _) = *sent.first()?;
    if sent.iter().any(|(_, heard)| *heard == Some(false)) {
        return None;
    }
    Some(sent.iter().all(|one| *one == (first, Some(true))).then_some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_has_told_what_each_of_its_items_has() {
        let (ok, failed) = (RunOutcome::Ok, RunOutcome::Failed);
        let told = |sent: &[(RunOutcome, Option<bool>)]| of_all(sent.iter().copied());
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[(failed, Some(true)), (failed, Some(true))]), Some(Some(failed)));
        assert_eq!(told(&[(failed, Some(true)), (failed, Some(false))]), None, "what was known before holds");
        assert_eq!(told(&[(failed, Some(true)), (failed, None)]), Some(None));
        assert_eq!(told(&[(failed, Some(true)), (ok, Some(true))]), Some(None));
    }
}
