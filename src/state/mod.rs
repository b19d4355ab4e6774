//! The pure machine of a run: from inputs to facts, from facts to state, from facts to commands. It waits for
//! nothing, reads no clock and touches no disk.

mod permit;

pub use permit::Permit;
