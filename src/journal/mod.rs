//! What a run leaves on disk: its folder, its journal of facts, its logs; and how that is read again. It decides
//! nothing and shows nothing.

mod cancel;
mod chain;
#[cfg(test)]
mod crash_tests;
mod error;
mod estimate;
mod evidence;
mod export;
mod head;
mod index;
mod lane;
mod last_told;
mod ledger;
mod log;
#[cfg(test)]
mod log_tests;
mod prune;
mod reader;
mod stamp;
mod state_dir;
mod summary;
#[cfg(test)]
mod tests;
mod unpack;
mod used;
mod verify;
mod walk;
mod writer;

pub use cancel::CancelRequest;
pub use error::JournalError;
pub use estimate::estimate;
pub use evidence::Evidence;
pub use export::export;
pub use head::Head;
pub use index::{Filter, Row, note, select};
pub use last_told::last_told;
pub use ledger::Ledger;
pub use log::{LogSetup, StepLog};
pub use prune::{Kept, Old, Pruned, Rule, choose, prune, sweep};
pub use reader::{Recovered, length, read, recover, written_since};
pub use state_dir::{RunFolder, StateDir};
pub use summary::{Liveness, Summary, liveness, summary};
pub use used::{Claim, Taken, used_by};
pub use verify::{Ending, Fault, Verdict, verify};
pub use writer::Journal;
