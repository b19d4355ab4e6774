//! Questions to a person: answered by flags, else on the terminal, else by nobody, which is a no. It does not
//! know why a step asks.

mod answers;
mod dialogue;
mod evidence;
mod flags;
mod page;
mod terminal;

pub use answers::Answers;
pub use evidence::read as read_evidence;
pub use flags::FlagOperator;
pub use terminal::TerminalOperator;
