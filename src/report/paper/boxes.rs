//! The checklist of a run: boxes that its steps tick, with the day and the name that paper asks for below them.

use std::collections::HashMap;

use super::document::{AnswerEntry, Checked, Checklist, Report, StepEntry};
use crate::base::StepId;
use crate::event::{Outcome, Reply};
use crate::report::outcome_word;
use crate::t;

/// The boxes of a playbook, ticked by what its steps came to; none where it has none.
pub fn checklist(report: &Report, items: &[(String, StepId)]) -> Option<Checklist> {
    if items.is_empty() {
        return None;
    }
    let steps: HashMap<&StepId, &StepEntry> = report.steps.iter().map(|step| (&step.id, step)).collect();
    let ticked = |(item, step): &(String, StepId)| {
        let entry = steps.get(step);
        let outcome = entry.and_then(|entry| entry.outcome);
        let answer = entry.and_then(|entry| entry.answers.iter().rfind(by_hand)).cloned();
        Checked {
            item: item.clone(),
            step: step.clone(),
            is_ticked: is_ticked(outcome, answer.as_ref()),
            outcome,
            answer,
        }
    };
    Some(Checklist {
        date: report.started.to_zoned(report.zone.clone()).strftime("%Y-%m-%d").to_string(),
        operator: report.operator.clone(),
        boxes: items.iter().map(ticked).collect(),
    })
}

fn by_hand(answer: &&AnswerEntry) -> bool {
    matches!(answer.reply, Reply::Manual { .. })
}

fn is_ticked(outcome: Option<Outcome>, answer: Option<&AnswerEntry>) -> bool {
    let was_done =
        answer.is_none_or(|a| matches!(&a.reply, Reply::Manual { answer, .. } if answer == "done"));
    let done = matches!(outcome, Some(Outcome::Ok | Outcome::Warned | Outcome::Unchanged | Outcome::ByHand));
    done && was_done
}

impl Checked {
    /// What is said behind a box: how its step ended where it is not simply ticked, and who did it by hand.
    pub fn remark(&self, time: impl Fn(jiff::Timestamp) -> String) -> Option<String> {
        let mut parts = Vec::new();
        match (self.outcome, &self.answer) {
            (Some(Outcome::Ok | Outcome::ByHand), Some(_)) | (Some(Outcome::Ok), None) => {}
            (Some(outcome), _) => parts.push(outcome_word(outcome)),
            (None, _) => parts.push(t!("not begun", "未開始")),
        }
        if let Some(AnswerEntry { said, by, at, .. }) = &self.answer {
            let at = time(*at);
            parts.push(t!("{said}, {by}, {at}", "{said}、{by}、{at}"));
        }
        let step = &self.step;
        (!parts.is_empty()).then(|| format!("({step}: {})", parts.join(", ")))
    }
}
