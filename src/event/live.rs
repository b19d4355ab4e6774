//! News that is shown and forgotten.

use super::Unit;

/// Which of a program's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// The engine's own words about the step.
    Note,
}

impl Stream {
    /// The word in a log line.
    pub fn word(self) -> &'static str {
        match self {
            Stream::Out => "out",
            Stream::Err => "err",
            Stream::Note => "---",
        }
    }
}

/// News from a running unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// The latest line of its output, masked.
    Line {
        /// Whose.
        unit: Unit,
        /// The line, without its end.
        line: String,
    },
    /// Time passes.
    Tick,
}
