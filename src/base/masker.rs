//! Takes secrets out of text, whole or as a stream. It does not know where the text goes.
//!
//! Every byte that belongs to any form of any secret is masked, also where forms overlap, and where a program shows
//! only the beginning of one; what touches becomes one mask. So the result does not depend on how a stream is cut.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::forms::forms;

/// What stands where a secret was.
pub const MASK: &str = "•••";

/// A text that ends with so many bytes of a form was cut there: they are masked as the whole would be.
const CUT: usize = 8;

/// So many bytes at the beginning of a form are no accident: what goes on as the form does is masked with them,
/// however soon it is cut off.
const BEGINNING: usize = 16;

/// So many bytes of forms are many.
const LARGE: usize = 16 * 1024;

/// Finds every form of every known secret in one pass. A copy costs nothing.
#[derive(Clone, Default)]
pub struct Masker {
    known: Option<Arc<Known>>,
}

struct Known {
    /// Finds whole forms and the beginnings of longer ones.
    search: AhoCorasick,
    /// All forms, sorted.
    forms: Vec<String>,
    /// The bytes that a form can begin with.
    first: [bool; 256],
    longest: usize,
}

/// Bytes from here to there.
type Range = std::ops::Range<usize>;

impl Masker {
    /// A masker for these secret values, in each of their forms: as they are, line by line, in base64,
    /// percent-encoded, escaped for JSON and for a shell.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Masker {
        let mut all: Vec<String> = secrets.into_iter().flat_map(forms).collect();
        all.sort_unstable();
        all.dedup();
        let mut first = [false; 256];
        for form in &all {
            first[usize::from(form.as_bytes()[0])] = true;
        }
        let longest = all.iter().map(String::len).max().unwrap_or(0);
        let search = (!all.is_empty()).then(|| search(&all)).flatten();
        Masker { known: search.map(|search| Arc::new(Known { search, forms: all, first, longest })) }
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.known.is_none()
    }

    /// The text with `•••` for each secret, and whether anything was changed.
    pub fn mask(&self, text: &str) -> (String, bool) {
        match &self.known {
            Some(known) if known.search.is_match(text) || known.is_cut(text.as_bytes()) => {
                let mut masked = Vec::with_capacity(text.len());
                let mut stream = MaskedStream::new(self.clone());
                stream.push(text.as_bytes(), &mut masked);
                stream.finish(&mut masked);
                (String::from_utf8_lossy(&masked).into_owned(), true)
            }
            _ => (text.to_string(), false),
        }
    }

    /// The length of the longest form, in bytes: a stream never holds back more.
    pub fn longest(&self) -> usize {
        self.known.as_ref().map_or(0, |k| k.longest)
    }
}

fn search(forms: &[String]) -> Option<AhoCorasick> {
    let beginnings = forms.iter().filter_map(|f| f.as_bytes().get(..BEGINNING));
    let mut patterns: Vec<&[u8]> = forms.iter().map(String::as_bytes).chain(beginnings).collect();
    patterns.sort_unstable();
    patterns.dedup();
    // The fastest automaton takes several hundred bytes for each byte of a form: not for whole key files.
    let large = forms.iter().map(String::len).sum::<usize>() > LARGE;
    AhoCorasick::builder().kind(large.then_some(AhoCorasickKind::ContiguousNFA)).build(patterns).ok()
}

impl Known {
    /// What has to be masked, in order, without what overlaps or touches. `covered` bytes at the beginning belong to
    /// it already.
    fn found(&self, bytes: &[u8], covered: usize) -> Vec<Range> {
        let mut ranges: Vec<Range> = Vec::new();
        if covered > 0 {
            ranges.push(0..covered);
        }
        // Most output holds no secret, and this question is answered faster than the one below.
        if !self.search.is_match(bytes) {
            return ranges;
        }
        for m in self.search.find_overlapping_iter(bytes) {
            let mut new = m.start()..self.end(bytes, m.range());
            while let Some(last) = ranges.pop_if(|last| last.end >= new.start) {
                new = last.start.min(new.start)..last.end.max(new.end);
            }
            ranges.push(new);
        }
        ranges
    }

    /// Where what was found ends: a beginning goes on for as long as some form does.
    fn end(&self, bytes: &[u8], found: Range) -> usize {
        if found.len() != BEGINNING {
            return found.end;
        }
        let rest = &bytes[found.start..];
        let from = self.forms.partition_point(|form| form.as_bytes() < &rest[..BEGINNING]);
        let alike =
            self.forms[from..].iter().take_while(|form| form.as_bytes().starts_with(&rest[..BEGINNING]));
        let common = |form: &String| form.bytes().zip(rest).take_while(|(a, b)| a == *b).count();
        found.start + alike.map(common).max().unwrap_or(BEGINNING)
    }

    /// From where on the bytes may be the beginning of a form that is not complete yet.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let from = (bytes.len() + 1).saturating_sub(self.longest);
        (from..bytes.len())
            .find(|i| self.first[usize::from(bytes[*i])] && self.begins_a_form(&bytes[*i..]))
            .unwrap_or(bytes.len())
    }

    /// Whether the bytes end within a form.
    fn is_cut(&self, bytes: &[u8]) -> bool {
        bytes.len() - self.open_end(bytes) >= CUT
    }

    fn begins_a_form(&self, bytes: &[u8]) -> bool {
        let next = self.forms.partition_point(|form| form.as_bytes() <= bytes);
        self.forms.get(next).is_some_and(|form| form.as_bytes().starts_with(bytes))
    }
}

/// A stream's end of the masker. It holds back only what may be the beginning of a secret.
pub struct MaskedStream {
    masker: Masker,
    held: Vec<u8>,
    /// So many of the held bytes belong to a mask that has been given already.
    covered: usize,
    /// The last byte that was given belongs to a mask: what touches it needs no mask of its own.
    in_mask: bool,
}

impl MaskedStream {
    /// A stream that has seen nothing yet.
    pub fn new(masker: Masker) -> MaskedStream {
        MaskedStream { masker, held: Vec::new(), covered: 0, in_mask: false }
    }

    /// Whether bytes come out just as they go in, so that [`MaskedStream::push`] may be left out.
    pub fn is_idle(&self) -> bool {
        self.masker.is_empty()
    }

    /// Takes the next bytes, gives those that are safe to show.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(known) = self.masker.known.clone() else { return out.extend_from_slice(bytes) };
        if self.held.is_empty() {
            let until = known.open_end(bytes);
            self.give(&known, bytes, until, out);
            return;
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let until = known.open_end(&all);
        self.give(&known, &all, until, out);
    }

    /// The stream has ended: gives what was held back, unless that is a good piece of a secret.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let Some(known) = self.masker.known.clone() else { return };
        let all = std::mem::take(&mut self.held);
        if all.len() < CUT {
            self.give(&known, &all, all.len(), out);
        } else if !self.in_mask {
            out.extend_from_slice(MASK.as_bytes());
        }
        (self.in_mask, self.covered) = (false, 0);
    }

    /// Gives the first `until` bytes masked and holds the others back.
    fn give(&mut self, known: &Known, bytes: &[u8], until: usize, out: &mut Vec<u8>) {
        self.held.extend_from_slice(&bytes[until..]);
        if until == 0 {
            return;
        }
        let mut done = 0;
        let mut beyond = 0;
        for range in known.found(bytes, self.covered).into_iter().take_while(|r| r.start < until) {
            out.extend_from_slice(&bytes[done..range.start]);
            if range.start > 0 || !self.in_mask {
                out.extend_from_slice(MASK.as_bytes());
            }
            done = range.end.min(until);
            beyond = range.end - done;
        }
        out.extend_from_slice(&bytes[done..until]);
        self.covered = beyond;
        self.in_mask = done == until;
    }
}
