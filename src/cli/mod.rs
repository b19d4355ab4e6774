//! The command line: one file a command, the errors it prints and the codes it exits with.

mod args;
mod check;
mod completions;
mod entry;
mod error;
mod globals;
mod help;
mod list;
mod logs;
mod place;
mod plan;
mod probe;
pub mod prompt;
mod run;
mod runs;
mod schema;
mod show;
mod start;
mod status;
mod usage;

pub use entry::main;
