//! The real binary as its users meet it: what it says, how it ends, and what it leaves behind.

mod approvals;
mod bad_places;
mod chosen;
mod closing;
mod diff;
mod export;
mod flow;
mod notify;
mod own_names;
mod pipes;
mod place;
mod prune;
mod report;
mod resumed;
mod runs;
mod saved;
mod saved_crash;
mod secrets;
mod signals;
mod sink;
mod terminal;
mod transcripts;
mod verify;
