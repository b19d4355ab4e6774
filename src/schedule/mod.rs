//! Schedules of playbooks at work: gathered from a folder, followed in the foreground, or handed over to systemd and cron.
//! What is due, and what is done about it, is decided in `calendar`.

mod block;
mod changes;
mod entry;
mod gather;
mod hand_over;
mod scheduler;
mod standing;
mod told;
mod units;
mod watch;

pub use block::crontab_with;
pub use changes::{FileChange, diff};
pub use entry::{Calling, Entry};
pub use gather::{Gathered, gather, this_machine};
pub use hand_over::Handed;
pub use scheduler::{End, Options, Scheduler};
pub use told::told;
pub use units::{Units, installed, unit_files};
