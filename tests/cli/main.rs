//! The real binary as its users meet it: what it says, how it ends, and what it leaves behind.

mod approvals;
mod bad_places;
mod closing;
mod deadlines;
mod diff;
mod export;
mod flow;
mod mail;
mod notifications;
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
mod smtp;
mod terminal;
mod transcripts;
mod verify;
