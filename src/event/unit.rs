//! The smallest thing that is run: a step, or one item of a step that loops.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::StepId;

/// A step, or one item of its loop.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unit {
    /// The step.
    pub step: StepId,
    /// The place in the loop, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
}

impl Unit {
    /// A step that does not loop.
    pub fn step(step: StepId) -> Unit {
        Unit { step, item: None }
    }

    /// One item of a step that loops.
    pub fn item(step: StepId, item: u32) -> Unit {
        Unit { step, item: Some(item) }
    }

    /// The name of its log: `restore.swap.2.1.log` for the first attempt at item 2 of `restore/swap`.
    pub fn log_name(&self, attempt: u32) -> String {
        let step = self.step.as_str().replace(['/', '['], ".").replace(']', "");
        match self.item {
            Some(item) => format!("{step}.{item}.{attempt}.log"),
            None => format!("{step}.{attempt}.log"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            Some(item) => write!(f, "{}[{item}]", self.step),
            None => write!(f, "{}", self.step),
        }
    }
}
