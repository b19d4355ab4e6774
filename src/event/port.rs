//! The ports of a run: where facts are recorded, where they are shown, who answers.

use std::future::Future;
use std::pin::Pin;

use super::{Answer, Event, Live, Question, Unit};

/// A journal, or a stand-in for one.
pub trait Record {
    /// Writes facts behind those that stand, in one write. Not yet on disk.
    ///
    /// # Errors
    /// When they could not all be written; the run must not go on.
    fn append(&mut self, events: &[Event]) -> Result<(), RecordError>;

    /// Returns once everything appended is on disk.
    ///
    /// # Errors
    /// When the disk says no; the run must not go on.
    fn sync(&mut self) -> Result<(), RecordError>;
}

/// The journal cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RecordError {
    /// What happened and what to do, with the path.
    pub message: String,
}

/// A screen, a file, a page: whoever shows a run. It cannot fail a run.
pub trait Reporter {
    /// A fact, already written.
    fn event(&mut self, event: &Event);
    /// A fact of before a crash: it counts, and is not told again.
    fn past(&mut self, event: &Event);
    /// News.
    fn live(&mut self, live: &Live);
    /// Whether it wants [`Live::Tick`] about every 100 ms while something runs.
    fn wants_ticks(&self) -> bool {
        false
    }
    /// Whatever is drawn makes room: while questions are open until the last is answered, else until the next
    /// event.
    fn pause(&mut self) {}
}

/// Whoever answers questions: a terminal, flags, nobody.
pub trait Operator {
    /// Asks; resolves with the answer. End of input and no terminal are a no.
    fn ask<'a>(
        &'a self,
        unit: &'a Unit,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Answer> + 'a>>;
}
