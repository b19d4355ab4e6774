//! The shipped playbooks against the lab's real systems: what a run leaves behind there, and how it fails when they do.
//! It does not bring the lab up: `tests/run` or `tests/lab/up` does.

#[path = "lab/harness.rs"]
mod harness;

#[path = "lab/cafemuji.rs"]
mod cafemuji;
#[path = "lab/refnet_daily.rs"]
mod refnet_daily;
#[path = "lab/refnet_rounds.rs"]
mod refnet_rounds;
