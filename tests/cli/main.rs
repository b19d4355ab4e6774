//! The real binary as its users meet it: what it says, how it ends, and what it leaves behind.

mod approvals;
mod bad_places;
mod closing;
mod diff;
mod flow;
mod pipes;
mod place;
mod saved;
mod saved_crash;
mod secrets;
mod signals;
mod terminal;
mod transcripts;
