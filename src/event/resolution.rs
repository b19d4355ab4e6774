//! What can become of a unit that was under way when the engine died.

use serde::{Deserialize, Serialize};

use super::Outcome;

/// What becomes of a unit that was found unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It is run again.
    Rerun,
    /// It is left as it is, and what follows goes on without it.
    Skip,
    /// A person did it, or saw that it was done.
    ByHand,
    /// Its `verify` says that it was done.
    Verified,
}

impl Resolution {
    /// How the unit ended with it; none when it does not.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Resolution::Rerun => None,
            Resolution::Skip => Some(Outcome::Skipped),
            Resolution::ByHand => Some(Outcome::ByHand),
            Resolution::Verified => Some(Outcome::Ok),
        }
    }
}
