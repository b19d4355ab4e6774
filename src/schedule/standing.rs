//! How a run stands that a scheduler was to start: by its folder, since its program may have been started by another life
//! of the scheduler. It changes nothing.

use crate::base::RunId;
use crate::calendar::Standing;
use crate::journal::{Liveness, StateDir, summary};

/// How a run stands by what is on disk.
pub(super) fn standing(state: &StateDir, run: &RunId) -> Standing {
    let folder = state.run(run);
    if !folder.path().exists() {
        return Standing::NotBegun;
    }
    match summary(&folder) {
        Ok(gist) => match (gist.liveness, gist.outcome) {
            (Liveness::Running, _) => Standing::Alive,
            (_, Some(outcome)) => Standing::Over(outcome.word().to_string()),
            (_, None) => Standing::Over("dead".to_string()),
        },
        Err(_) => Standing::Over("unreadable".to_string()),
    }
}
