//! What a run leaves on disk: its folder, its journal of facts, its logs; and how that is read again. It decides
//! nothing and shows nothing.

mod chain;
#[cfg(test)]
mod crash_tests;
mod error;
mod estimate;
mod lane;
mod lock;
mod log;
#[cfg(test)]
mod log_tests;
mod reader;
mod stamp;
mod state_dir;
mod summary;
#[cfg(test)]
mod tests;
mod used;
mod writer;

pub use error::JournalError;
pub use estimate::estimate;
pub use log::{LogSetup, StepLog};
pub use reader::{Recovered, read, recover};
pub use state_dir::{RunFolder, StateDir};
pub use summary::{Liveness, Summary, liveness, summary};
pub use used::{Claim, Taken, used_by};
pub use writer::Journal;
