//! What a run leaves on disk: its folder, its journal of facts, its logs; and how that is read again. It decides
//! nothing and shows nothing.

mod chain;
#[cfg(test)]
mod crash_tests;
mod error;
mod estimate;
mod evidence;
mod head;
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
mod verify;
mod walk;
mod writer;

pub use error::JournalError;
pub use estimate::estimate;
pub use evidence::Evidence;
pub use log::{LogSetup, StepLog};
pub use reader::{Recovered, read, recover};
pub use state_dir::{RunFolder, StateDir};
pub use summary::{Liveness, Summary, liveness, summary};
pub use head::Head;
pub use used::{Claim, Taken, used_by};
pub use verify::{Ending, Fault, Verdict, verify};
pub use writer::Journal;
