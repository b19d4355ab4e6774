//! A plan as a file: one UTF-8 JSON text with an id and a digest over all else in it, from which a run can prove that it
//! does what was planned. It reads files to digest them, and writes none.

mod alike;
mod approval;
mod compare;
mod files;
mod form;
mod make;
mod seal;
mod slots;
mod system;

pub use alike::{Foreseen, Unlike};
pub use approval::{Approval, Broken, Need, Unapproved, Verdict, chain, head};
pub use compare::{Difference, differences, short};
pub use files::{Digested, digest_of};
pub use form::{FORMAT, Made, Planned, ReadFile, Saved, SavedStep, SavedSystem, SavedUnit, SourceFile};
pub use make::{About, save};
pub use seal::{LARGEST, Unreadable, is_saved, parse, seal};
