//! Text of a file and places in it.

use std::ops::Range;
use std::sync::Arc;

/// A file that was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// As the user knows it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A place in a file, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file.
    pub source: Arc<Source>,
    /// From where to where.
    pub span: Range<usize>,
}

impl At {
    /// The line and the column in characters, both from 1.
    pub fn line_column(&self) -> (usize, usize) {
        let text = &self.source.text;
        let mut end = self.span.start.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}
