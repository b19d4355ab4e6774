//! A playbook as it is written, key by key, with every short form written out. It holds no rule beyond types.

mod playbook;
mod step;

pub use playbook::PlaybookSource;
pub use step::{ACTION_KEYS, StepSource, UndoSource};
