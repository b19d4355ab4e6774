//! Where a screen's text goes. A reader that went away is no error: nothing more is written then.

use std::io::Write;

/// A writer that cannot fail a run.
pub struct Sink {
    to: Box<dyn Write + Send>,
    gone: bool,
}

impl Sink {
    /// Writes to `to` until that fails.
    pub fn new(to: Box<dyn Write + Send>) -> Sink {
        Sink { to, gone: false }
    }

    /// Writes a line, in one piece, and hands it on at once.
    pub fn line(&mut self, line: &str) {
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self.bytes(&bytes);
    }

    /// Writes bytes, in one piece, and hands them on at once.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if !self.gone && !bytes.is_empty() {
            self.gone = self.to.write_all(bytes).and_then(|()| self.to.flush()).is_err();
        }
    }
}
