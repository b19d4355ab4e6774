//! `toban resume`: a run whose engine died goes on. What becomes of each unit stands in the table of `state::resume`;
//! here it is asked, answered and told.

mod again;
mod command;
mod flags;
mod orders;
mod settle;
mod words;

pub use command::run;
pub use flags::flags;
