//! Actions that are done on another host by a copy of this program there, with the same code as here: files, readings,
//! requests, compose, SQLite, and whatever is held to reading. The near end sends one action by standard input and
//! hears frames of log lines and one answer; ending what runs there is the business of the connection.

mod call;
mod message;
mod serve;

pub use call::{could, perform, place, place_to_look, read, ready};
pub use serve::serve;
