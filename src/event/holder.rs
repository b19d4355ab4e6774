//! Who holds a lock, as it stands in the lock's file for whoever waits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A run that holds a lock. What a file says that other users may write to: to be shown, not to be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// The run's id.
    pub run: String,
    /// Its playbook.
    pub playbook: String,
    /// Who runs it.
    pub operator: String,
    /// The engine's process.
    pub pid: u32,
    /// The id of the boot of its machine.
    pub boot: String,
    /// Since when.
    pub since: Timestamp,
}
