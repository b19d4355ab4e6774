//! Drives the machine of a run on this machine: what happens goes in, facts are written, then shown, and only then
//! acted upon.

mod driver;
mod gate;
mod hush;
mod left;
mod notices;
mod pace;
mod pending;
mod prepare;
mod session;
mod short;
mod signal;
mod tell;
mod unit;
mod verify;
mod world;

pub use driver::{End, drive};
pub use gate::{Passed, cancelled, drive_locked, pass, say};
pub use left::left_elsewhere;
pub use session::Session;
pub use signal::{Signal, Signals};
pub use verify::verify;
