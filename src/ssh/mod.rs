//! Other hosts, over the system's `ssh`: one shared connection to each, a command with all it starts, a way to a port.
//! It knows no steps.
//!
//! The far end needs `/bin/sh`, `awk`, `grep` and a Linux `/proc`, and no Toban of its own. A command and everything it is given
//! (arguments, variables, standard input) come by the standard input of `ssh`, so that no process list shows them;
//! the same pipe, held open, is the lifeline: when it ends, the far end ends what runs there. What is more than a
//! command is done there by a copy of this program, put there when it is first needed.

mod address;
mod call;
mod command;
mod connection;
mod hosts;
mod listen;
mod program;
mod program_said;
mod quote;
mod talk;
mod trouble;

pub use address::Address;
pub use call::Answer;
pub use command::{Command, Feed, OutFile};
pub use connection::Connection;
pub use hosts::Hosts;
pub use program::{FAR_END, HELLO, hello};
