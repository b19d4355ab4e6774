//! What only looking can tell of a plan, still changing nothing: reading steps are run, every other is asked whether
//! it could start. What was read is known to what follows. It has no permit, so it cannot act; it asks nobody, and
//! writes nothing down.

mod facts;
mod order;
mod secrets;
mod summary;
mod unit;
mod walk;

pub use facts::{Found, Shown};
pub use walk::{Setup, probe};
