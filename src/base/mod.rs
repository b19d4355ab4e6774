//! The ground floor: ids, time, lengths and sizes, secret text and its masker, the two languages.
//! It knows nothing of playbooks.

mod duration;
mod forms;
mod id;
mod lang;
mod masker;
#[cfg(test)]
mod masker_tests;
mod random;
mod secret;
mod size;
pub mod sql;
mod time;

pub use duration::Span as Duration;
pub use id::{PlanId, RunId, StepId};
pub use lang::{Lang, counted, current_lang, set_lang, speaking};
pub use masker::{MASK, MaskedStream, Masker};
pub use random::Alphabet;
pub use secret::{Confidential, Secret, travelling};
pub use size::Size;
pub use time::{Clock, FixedClock, SystemClock, local_zone, stamp};
