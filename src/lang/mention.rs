//! Where a step of a file mentions something. It knows no key but `id`.

use std::sync::Arc;

use super::yaml::{Index, Kind};
use crate::diag::{At, Source};

/// The first place of some words within the step of an id; none where the file has no such step or it does not say so.
pub fn mention(source: &Arc<Source>, step: &str, words: &str) -> Option<At> {
    let (index, _) = Index::of(&source.text).ok()?;
    let mut open = vec![index.root()?];
    while let Some(id) = open.pop() {
        match &index.written(id).kind {
            Kind::Map(keys) => {
                let text = &source.text;
                let of_step = keys.iter().any(|key| {
                    let span = index.written(key.value).span.clone();
                    key.text(text) == "id" && text.get(span.start as usize..span.end as usize) == Some(step)
                });
                let span = index.written(id).span.clone();
                let found = text.get(span.start as usize..span.end as usize).and_then(|raw| raw.find(words));
                if let (true, Some(found)) = (of_step, found) {
                    let start = span.start as usize + found;
                    return Some(At { source: Arc::clone(source), span: start..start + words.len() });
                }
                open.extend(keys.iter().rev().map(|key| key.value));
            }
            Kind::Seq(items) => open.extend(items.iter().rev()),
            Kind::Scalar | Kind::Alias(_) => {}
        }
    }
    None
}
