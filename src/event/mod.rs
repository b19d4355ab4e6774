//! Facts and words that pass between the rooms: events (stored), live news (not stored), and the ports through
//! which a run is recorded, shown and answered. It decides nothing.

mod holder;
mod kind;
mod live;
mod log_seal;
mod notice;
mod outcome;
mod port;
mod question;
mod resolution;
mod unit;
mod verdict;

pub use holder::Holder;
pub use kind::{Counts, Event, Kind};
pub use live::{Live, Stream};
pub use log_seal::LogSeal;
pub use notice::{Messenger, Told};
pub use outcome::{Failure, Gives, Outcome, RunOutcome};
pub use port::{Operator, Record, RecordError, Reporter};
pub use question::{Answer, Choice, Question, Reply};
pub use resolution::Resolution;
pub use unit::Unit;
pub use verdict::Verdict;
