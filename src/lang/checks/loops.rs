//! Loops over steps: what stands in one has a result for each iteration, and none outside it. It knows no order.

use std::collections::HashMap;

use crate::base::StepId;
use crate::model::{Playbook, Step};

/// The loops over steps that each step stands in, outermost first.
#[derive(Default)]
pub struct Loops<'a>(HashMap<&'a str, Vec<&'a StepId>>);

impl<'a> Loops<'a> {
    /// The loops of a playbook.
    pub fn of(playbook: &'a Playbook) -> Loops<'a> {
        let mut loops = Loops::default();
        playbook.all_lists().for_each(|(_, steps)| loops.add(steps, &[]));
        loops
    }

    fn add(&mut self, steps: &'a [Step], around: &[&'a StepId]) {
        for step in steps {
            if !around.is_empty() {
                self.0.insert(step.id.as_str(), around.to_vec());
            }
            for (_, inner) in step.lists() {
                match step.for_each {
                    Some(_) => self.add(inner, &[around, &[&step.id]].concat()),
                    None => self.add(inner, around),
                }
            }
        }
    }

    /// Whether a step stands in a loop over steps.
    pub fn holds(&self, looped: &StepId, step: &str) -> bool {
        self.0.get(step).is_some_and(|around| around.contains(&looped))
    }

    /// The loop that hides a step from another one, or from the playbook as a whole.
    pub fn hides(&self, step: &str, from: Option<&StepId>) -> Option<&'a StepId> {
        let seen = from.and_then(|from| self.0.get(from.as_str())).map_or(&[][..], Vec::as_slice);
        self.0.get(step)?.iter().find(|looped| !seen.contains(looped)).copied()
    }
}

/// What is wrong with naming a step that a loop hides, and the way out.
pub fn hidden(step: &str, looped: &StepId) -> (String, String) {
    let title = crate::t!(
        "`{step}` stands in the loop `{looped}` and has a result for each iteration",
        "`{step}` は繰り返し `{looped}` の中にあり、結果は繰り返しごとに分かれます"
    );
    let help = crate::t!(
        "outside the loop name `{looped}`; its iterations are steps.{looped}.items",
        "繰り返しの外では `{looped}` を使ってください。各回の結果は steps.{looped}.items です"
    );
    (title, help)
}
