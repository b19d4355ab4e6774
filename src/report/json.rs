//! A run as one event a line, exactly as the journal has it, for programs.

use super::sink::Sink;
use crate::event::{Event, Live, Reporter};

/// Events as JSON lines.
pub struct Json {
    out: Sink,
}

impl Json {
    /// Writes to `out`.
    pub fn new(out: Sink) -> Json {
        Json { out }
    }
}

impl Reporter for Json {
    fn event(&mut self, event: &Event) {
        if let Ok(line) = serde_json::to_string(event) {
            self.out.line(&line);
        }
    }

    fn past(&mut self, _: &Event) {}

    fn live(&mut self, _: &Live) {}
}
