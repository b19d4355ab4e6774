//! Keeps the beginning of a child's output, up to a limit. It does not know what it is for.

use crate::event::Stream;

/// The beginning of each of a child's outputs.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// Of standard output.
    pub out: Vec<u8>,
    /// Of standard error.
    pub err: Vec<u8>,
    /// Whether either was longer.
    pub truncated: bool,
    limit: usize,
}

impl Capture {
    /// Keeps at most `limit` bytes of each stream.
    pub fn new(limit: usize) -> Capture {
        Capture { limit, ..Capture::default() }
    }

    /// Takes output as it comes.
    pub fn take(&mut self, stream: Stream, bytes: &[u8]) {
        let kept = match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
            Stream::Note => return,
        };
        let room = self.limit - kept.len();
        self.truncated |= bytes.len() > room;
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Standard output as text, without its last line end, as `$(…)` gives it.
    pub fn out_text(&self) -> String {
        text(self.whole(&self.out))
    }

    /// Standard error as text, without its last line end.
    pub fn err_text(&self) -> String {
        text(self.whole(&self.err))
    }

    /// Without a last character that the limit cut in two.
    fn whole<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        match std::str::from_utf8(bytes) {
            Err(e) if bytes.len() == self.limit && e.error_len().is_none() => &bytes[..e.valid_up_to()],
            _ => bytes,
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    text.truncate(text.trim_end_matches('\n').len());
    text
}
