//! The real binary as its users meet it: what it says, how it ends, and what it leaves behind.

mod approvals;
mod bad_places;
mod cancel;
mod closing;
mod diff;
mod export;
mod flow;
mod locks;
mod notify;
mod pipes;
mod place;
mod prune;
mod report;
mod runs;
mod saved;
mod saved_crash;
mod secrets;
mod signals;
mod sink;
mod terminal;
mod transcripts;
mod upload;
mod verify;
mod window;
