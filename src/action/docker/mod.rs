//! Docker: one file per kind of call to the engine, and compose. Everything is asked of the Engine API but what only
//! compose can do. It does not decide whether or when something is done.

mod capture;
mod compose;
mod compose_cli;
mod compose_command;
mod compose_inside;
mod compose_read;
mod could;
mod could_compose;
mod engine;
mod exec;
mod feed;
mod gives;
mod inspect;
mod lifecycle;
mod lists;
mod logs;
mod marker;
mod perform;
mod project;
mod prune;
mod pump;
mod reap;
mod refusal;
mod run;
mod stats;
mod sweep;

pub(super) use compose_inside::container_of;
pub use could::could_start;
pub(super) use engine::connect;
pub(super) use marker::entry as mark;
pub use marker::of_attempt;
pub use perform::perform;
