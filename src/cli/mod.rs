//! The command line: one file a command, the errors it prints and the codes it exits with.

mod approve;
mod args;
mod args_record;
mod args_report;
mod check;
mod completions;
mod diff;
mod entry;
mod error;
mod export;
mod globals;
mod graph;
mod help;
mod list;
mod logs;
mod place;
mod plan;
mod probe;
pub mod prompt;
mod prune;
mod report;
mod rerun;
mod resume;
mod rules;
mod run;
mod runs;
mod saved;
mod schedule;
mod schema;
mod show;
mod start;
mod status;
mod told;
mod usage;
mod verify;

pub use entry::main;
