//! Whether something could start, as far as looking can tell.

use serde::{Deserialize, Serialize};

/// Whether something could start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything that was looked at is there.
    Yes,
    /// Looking does not tell.
    CannotKnow,
    /// Something it needs is not there.
    No,
}
