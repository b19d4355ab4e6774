//! Children: started, read from, and ended with everything they started. It knows nothing of steps.

mod capture;
mod child;
mod engine;
mod error;
mod feed;
mod hold;
mod left;
mod pipes;
mod procfs;
mod program;
mod run;
mod spec;
mod steady;
mod stop;
#[cfg(test)]
mod stop_tests;
mod syscalls;
mod target;
#[cfg(test)]
mod tests;
mod tree;

pub use capture::Capture;
pub use engine::{holder_of, terminate_holder};
pub use error::SpawnError;
pub use hold::{HOLDER, NOT_HELD, can_hold, hold, landlock};
pub use left::{Left, left_marked, left_of, left_unknown};
pub use procfs::{boot_id, find_marked, is_alive, start_ticks};
pub use program::find_program;
pub use run::{run, run_then};
pub use spec::{Ended, Exit, Input, Sink, Spec};
pub use steady::SteadyClock;
pub use stop::{Stop, StopReason, Stopper};
pub use target::{FileTarget, TargetError};
