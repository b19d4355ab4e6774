//! The real binary as its users meet it: what it says, how it ends, and what it leaves behind.

mod approvals;
mod bad_places;
mod diff;
mod flow;
mod notify;
mod pipes;
mod place;
mod report;
mod saved;
mod saved_crash;
mod secrets;
mod signals;
mod sink;
mod terminal;
mod transcripts;
