//! From fitted values to keys: each step is decoded alone, so that one that cannot be read hides no other.
//! It checks no name.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::document::Document;
use super::shape::{Broken, playbook_shapes};
use super::source::{PlaybookSource, StepSource};
use super::yaml::Seg;
use crate::diag::Diagnostic;

/// Reads the keys of a playbook, those of its steps left out; what is wrong is noted in the document.
///
/// # Errors
/// When nothing is left to check.
pub fn playbook(doc: &mut Document, mut value: Value) -> Result<PlaybookSource, Broken> {
    let fitted = doc.fit(&mut value, playbook_shapes(), false);
    let Value::Object(mut map) = value else { return Err(Broken) };
    if fitted.is_err() {
        complete(&mut map);
    }
    let steps = match map.insert("steps".into(), Value::Array(Vec::new())) {
        Some(Value::Array(steps)) => steps,
        _ => Vec::new(),
    };
    let source: PlaybookSource = decode(doc, Value::Object(map), &[])?;
    Ok(PlaybookSource { steps, ..source })
}

/// Reads the keys of one step; none when it cannot be read, which is noted.
pub fn step(doc: &mut Document, value: Value, at: &[Seg]) -> Option<StepSource> {
    decode(doc, value, at).unwrap_or_default()
}

/// What is missing was noted; the rest can be checked all the same.
fn complete(map: &mut Map<String, Value>) {
    map.entry("title").or_insert_with(|| Value::String(String::new()));
}

/// Decodes a value that fits its shape.
///
/// # Errors
/// When it cannot be read after all; noted at its place.
pub fn decode<T: DeserializeOwned>(doc: &mut Document, value: Value, at: &[Seg]) -> Result<T, Broken> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut path = at.to_vec();
        path.extend(error.path().iter().filter_map(segment));
        let place = doc.value(&path);
        let title = crate::t!("this value cannot be used here", "この値はここでは使えません");
        let help = crate::t!(
            "compare it with the language reference (`toban schema --reference`)",
            "言語リファレンス（`toban schema --reference`）と見比べてください"
        );
        doc.note(Diagnostic::error("wrong-value", place, title).help(help));
        Broken
    })
}

fn segment(segment: &Segment) -> Option<Seg> {
    match segment {
        Segment::Seq { index } => Some(Seg::Index(*index)),
        Segment::Map { key } => Some(Seg::name(key)),
        Segment::Enum { variant } => Some(Seg::name(variant)),
        Segment::Unknown => None,
    }
}
