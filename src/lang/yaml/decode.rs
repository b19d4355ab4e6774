//! From text to plain values: serde_yaml decodes, merge keys are applied. It knows no key of the language.

use serde_json::{Map, Value};

use super::index::Index;
use super::limits::MAX_DEPTH;
use super::syntax::Trouble;

/// What both readings of a text came to.
pub type Both = (Result<(Index, Vec<Trouble>), Trouble>, Option<Decoded>);
type Decoded = Result<Value, (usize, String)>;

/// Reads the places, and in a large text that is plainly no depth bomb the values beside them.
pub fn both(text: &str) -> Both {
    const WORTH_A_THREAD: usize = 128 << 10;
    if text.len() < WORTH_A_THREAD || !is_flat(text) {
        return (Index::of(text), None);
    }
    std::thread::scope(|scope| {
        let values = scope.spawn(|| decode(text, &[]));
        let index = Index::of(text);
        (index, values.join().ok())
    })
}

/// Whether no nesting can be deep: counted roughly, so that too much is found rather than too little.
fn is_flat(text: &str) -> bool {
    let mut open = 0usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => continue,
        }
        if open > MAX_DEPTH {
            return false;
        }
    }
    text.lines().all(|l| l.len() - l.trim_start_matches([' ', '-', '?', ':']).len() <= 4 * MAX_DEPTH)
}

/// The values of a document whose index is sound; what troubles blot out is null.
///
/// # Errors
/// The place and nature of what the decoder refuses.
pub fn decode(text: &str, troubles: &[Trouble]) -> Result<Value, (usize, String)> {
    let blotted = blot(text, troubles);
    let text = blotted.as_deref().unwrap_or(text);
    let mut value: Value = serde_yaml::from_str(text).map_err(|e| {
        let at = e.location().map_or(0, |l| l.index()).min(text.len());
        (at, crate::t!("this value cannot be read", "この値は読み取れません"))
    })?;
    if text.contains("<<") {
        merge(&mut value);
    }
    Ok(value)
}

/// The text with `~` and spaces for what would not decode, each place keeping its bytes.
fn blot(text: &str, troubles: &[Trouble]) -> Option<String> {
    if !troubles.iter().any(|t| t.blot) {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    for trouble in troubles.iter().filter(|t| t.blot) {
        for (i, at) in trouble.span.clone().enumerate() {
            if bytes[at] != b'\n' {
                bytes[at] = if i == 0 { b'~' } else { b' ' };
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Applies `<<: {…}` and `<<: [{…}, …]`: what a mapping says itself goes before what is merged into it.
fn merge(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(merge),
        Value::Object(map) => merge_map(map),
        _ => {}
    }
}

fn merge_map(map: &mut Map<String, Value>) {
    map.values_mut().for_each(merge);
    if !map.contains_key("<<") {
        return;
    }
    let sources = match map.shift_remove("<<") {
        Some(Value::Array(items)) => items,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for source in sources {
        if let Value::Object(source) = source {
            for (key, value) in source {
                map.entry(key).or_insert(value);
            }
        }
    }
}
