//! Where the parts of a playbook stand while it is checked. It checks nothing.

use std::ops::Range;

use crate::base::StepId;
use crate::diag::{At, Diagnostic};
use crate::lang::document::Document;
use crate::lang::placed::Placed;
use crate::lang::yaml::Seg;

/// A document under check, and its steps.
pub struct Site<'a> {
    /// The file.
    pub doc: &'a mut Document,
    /// Its steps.
    pub placed: &'a Placed,
}

impl Site<'_> {
    /// The path of a value of a step.
    pub fn path(&self, id: &StepId, keys: &[&str]) -> Vec<Seg> {
        let mut path = self.placed.path(id).map(<[Seg]>::to_vec).unwrap_or_default();
        path.extend(segs(keys));
        path
    }

    /// The place of a value of a step.
    pub fn value(&self, id: &StepId, keys: &[&str]) -> At {
        self.doc.value(&self.path(id, keys))
    }

    /// Notes an error with a way out.
    pub fn error(&mut self, code: &'static str, at: At, title: String, help: Option<String>) {
        let mut d = Diagnostic::error(code, at, title);
        d.help = help;
        self.doc.note(d);
    }
}

/// Keys and places in lists as the parts of a path.
pub fn segs(keys: &[&str]) -> Vec<Seg> {
    keys.iter().map(|k| k.parse().map_or_else(|_| Seg::name(k), Seg::Index)).collect()
}

/// `did you mean …?`, where a name is near enough.
pub fn near<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // Among very many names a search for each of very many mistakes would take minutes.
    crate::diag::did_you_mean(given, names.into_iter().take(2000))
        .map(|n| crate::t!("did you mean `{n}`?", "`{n}` の間違いではありませんか？"))
}

/// The place of a part of a text that stands in the file, perhaps folded, indented or escaped: the same part is
/// looked for there, as often as it comes before.
pub fn within(doc: &Document, path: &[Seg], text: &str, part: Range<usize>) -> At {
    let node = doc.value_span(path);
    let raw = doc.source.text.get(node.clone()).unwrap_or_default();
    let wanted = text.get(part.clone()).and_then(|p| p.lines().next()).unwrap_or_default();
    if wanted.is_empty() {
        return doc.at(node);
    }
    let before = text[..part.start].matches(wanted).count();
    match raw.match_indices(wanted).nth(before) {
        Some((i, _)) => doc.at(node.start + i..node.start + i + wanted.len()),
        None => doc.at(node),
    }
}
