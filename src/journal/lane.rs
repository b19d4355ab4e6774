//! One stream of a log: cuts bytes into lines, so that streams never mix within one. It writes no file.

use memchr::memchr_iter;

use crate::base::{MaskedStream, Masker};

/// A longer line is broken.
const LONGEST: usize = 64 * 1024;

/// The unfinished line of one stream.
pub(super) struct Lane {
    mask: MaskedStream,
    partial: Vec<u8>,
    /// The line has been broken: what comes next goes on with it.
    goes_on: bool,
}

/// Takes a finished line, or a piece of one: its text, and whether it goes on with the piece before.
pub(super) type Emit<'a> = dyn FnMut(&[u8], bool) + 'a;

impl Lane {
    pub fn new(masker: Masker) -> Lane {
        Lane { mask: MaskedStream::new(masker), partial: Vec::new(), goes_on: false }
    }

    /// The line that has not ended yet.
    pub fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// Takes bytes as they come, gives whole lines.
    pub fn push(&mut self, bytes: &[u8], scratch: &mut Vec<u8>, emit: &mut Emit<'_>) {
        if self.mask.is_idle() {
            return self.cut(bytes, emit);
        }
        scratch.clear();
        self.mask.push(bytes, scratch);
        self.cut(scratch, emit);
    }

    /// The stream has ended: gives what is left as a line.
    pub fn finish(&mut self, scratch: &mut Vec<u8>, emit: &mut Emit<'_>) {
        scratch.clear();
        self.mask.finish(scratch);
        self.cut(scratch, emit);
        if !self.partial.is_empty() {
            emit(&self.partial, self.goes_on);
            self.partial.clear();
        }
        self.goes_on = false;
    }

    fn cut(&mut self, bytes: &[u8], emit: &mut Emit<'_>) {
        let mut begin = 0;
        for end in memchr_iter(b'\n', bytes) {
            let line = &bytes[begin..end];
            begin = end + 1;
            if self.partial.is_empty() && !self.goes_on && line.len() <= LONGEST {
                emit(line, false);
            } else {
                self.extend(line, emit);
                emit(&self.partial, self.goes_on);
                self.partial.clear();
                self.goes_on = false;
            }
        }
        self.extend(&bytes[begin..], emit);
    }

    /// Adds to the unfinished line, breaking off what is too long.
    fn extend(&mut self, mut bytes: &[u8], emit: &mut Emit<'_>) {
        while self.partial.len() + bytes.len() > LONGEST {
            let (head, rest) = bytes.split_at(LONGEST - self.partial.len());
            self.partial.extend_from_slice(head);
            let whole = whole_characters(&self.partial);
            emit(&self.partial[..whole], self.goes_on);
            self.partial.drain(..whole);
            self.goes_on = true;
            bytes = rest;
        }
        self.partial.extend_from_slice(bytes);
    }
}

/// The length without a character that is cut in two at the end.
fn whole_characters(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(3);
    match bytes[from..].iter().rposition(|b| *b >= 0xC0) {
        Some(i) if std::str::from_utf8(&bytes[from + i..]).is_err() => from + i,
        _ => bytes.len(),
    }
}
