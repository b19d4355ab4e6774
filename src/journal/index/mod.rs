//! The index over all runs: `<state>/index.db`, made from the journals alone, brought up to date when it is asked, and made
//! anew when it is missing, damaged or of another version. Nothing is decided by it.

mod filter;
mod row;
mod states;
mod store;
mod sync;
#[cfg(test)]
mod tests;

pub use filter::Filter;
pub use row::Row;
pub use store::{note, select};
