//! The pure machine of a run: from inputs to facts, from facts to state, from facts to commands. It waits for
//! nothing, reads no clock and touches no disk.

mod closing;
#[cfg(test)]
mod closing_tests;
mod deadlines;
mod decide;
mod effects;
mod fold;
mod history;
mod iterations;
#[cfg(test)]
mod loop_tests;
mod machine;
mod message;
mod notices;
mod open;
mod permit;
mod pickup;
#[cfg(test)]
mod random_tests;
mod reserve;
#[cfg(test)]
mod reserve_tests;
pub mod resume;
mod settle;
#[cfg(test)]
mod tests;

pub use history::{History, UnderWay};
pub use machine::{Machine, NodeState, Phase, UnitState};
pub use message::{Command, Input, UnitRef};
pub use permit::Permit;
pub use pickup::Resumption;
