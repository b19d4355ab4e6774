//! Whether what is about to be performed is what was planned: known values are equal, and `⟨…⟩` stands for anything.

use std::collections::HashMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::Value;

use super::files::{self, Digested};
use super::form::{Planned, SavedUnit};
use super::slots::{self, Seen};
use crate::base::{MASK, StepId};
use crate::model::{Action, Around, Known, Rendered};

/// What a saved plan says of each step, for the run that does it.
#[derive(Debug)]
pub struct Foreseen {
    steps: HashMap<String, Vec<SavedUnit>>,
    files: HashMap<String, Vec<(PathBuf, Digested)>>,
}

/// Where something differs from the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// The keys of the value in the step, or the file.
    pub field: String,
    /// What was planned.
    pub planned: String,
    /// What it would be now.
    pub now: String,
}

impl Foreseen {
    /// What a plan says. Its files are read.
    pub fn of(planned: &Planned) -> Foreseen {
        let mut files: HashMap<String, Vec<(PathBuf, Digested)>> = HashMap::new();
        for file in planned.files.iter().filter(|f| !is_written(planned, &f.path)) {
            if let Some(sha256) = &file.sha256 {
                let path = PathBuf::from(&file.path);
                let found = files::planned(&path, sha256);
                files.entry(file.step.clone()).or_default().push((path, found));
            }
        }
        let steps = planned.steps.iter().map(|s| (s.id.clone(), s.units.clone())).collect();
        Foreseen { steps, files }
    }

    /// The first difference between a step as it is about to be performed and the plan; none when there is none.
    pub fn unlike(
        &self,
        step: &str,
        item: Option<u32>,
        action: &Action<Rendered>,
        around: &Around<Rendered>,
    ) -> Option<Unlike> {
        let Some(unit) = self.unit(step, item) else {
            let now = crate::t!("it is there", "あります");
            let planned = crate::t!("it is not in the plan", "計画にありません");
            let field = item.map_or_else(|| step.to_string(), |n| format!("{step}[{n}]"));
            return Some(Unlike { field, planned, now });
        };
        if let Some(error) = &unit.error {
            let planned = crate::t!("it could not be told: {error}", "計画では表示できませんでした: {error}");
            let now = crate::t!("it can be rendered", "展開できます");
            return Some(Unlike { field: step.to_string(), planned, now });
        }
        let values = unit.does.as_ref();
        values
            .and_then(|planned| values_unlike(planned, &slots::rendered(action, around)))
            .or_else(|| self.file_unlike(step))
    }

    fn unit(&self, step: &str, item: Option<u32>) -> Option<&SavedUnit> {
        // A step of a loop was planned as what it is in any iteration.
        let in_any = || self.steps.get(StepId::new(step).in_any_iteration().as_str());
        let units = self.steps.get(step).or_else(in_any)?;
        units.iter().find(|u| u.item == item).or_else(|| units.iter().find(|u| u.item.is_none()))
    }

    /// A file that has changed since the run began.
    fn file_unlike(&self, step: &str) -> Option<Unlike> {
        self.files.get(step)?.iter().find_map(|(path, then)| {
            let now = match files::again(path, then) {
                Ok(now) if now.sha256 == then.sha256 => return None,
                Ok(now) => format!("SHA-256 {}", now.sha256),
                Err(e) => e.to_string(),
            };
            let planned = format!("SHA-256 {}", then.sha256);
            Some(Unlike { field: path.display().to_string(), planned, now })
        })
    }
}

/// Whether a step of the plan names the file beside the one that reads it: its content is that step's to change.
fn is_written(planned: &Planned, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let readers: Vec<&str> =
        planned.files.iter().filter(|f| f.path == path).map(|f| f.step.as_str()).collect();
    planned
        .steps
        .iter()
        .filter(|s| !readers.contains(&s.id.as_str()))
        .flat_map(|s| s.units.iter().filter_map(|u| u.does.as_ref()))
        .flat_map(IndexMap::values)
        .any(|value| match value {
            Known::Yes(value) => value.to_string().contains(name),
            Known::No(text) => text.contains(name),
        })
}

/// The first value that differs, or is only on one side.
fn values_unlike(planned: &IndexMap<String, Known<Value>>, now: &IndexMap<String, Seen>) -> Option<Unlike> {
    let nothing = || crate::t!("nothing", "なし");
    for (field, then) in planned {
        let unlike = |now: String| Some(Unlike { field: field.clone(), planned: told(then), now });
        match now.get(field) {
            None => return unlike(nothing()),
            Some(seen) if !fits(then, seen) => return unlike(seen.shown.clone()),
            Some(_) => {}
        }
    }
    let more = now.iter().find(|(field, _)| !planned.contains_key(*field));
    more.map(|(field, seen)| Unlike { field: field.clone(), planned: nothing(), now: seen.shown.clone() })
}

fn told(planned: &Known<Value>) -> String {
    match planned {
        Known::Yes(Value::String(text)) => text.clone(),
        Known::Yes(value) => value.to_string(),
        Known::No(text) => text.clone(),
    }
}

fn fits(planned: &Known<Value>, now: &Seen) -> bool {
    match planned {
        Known::Yes(value) => nameless(value) == now.value,
        Known::No(text) => matches(&nameless_text(text), &now.shown),
    }
}

/// A secret shows with its name in a plan, and without it in a run.
fn nameless(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(nameless_text(text)),
        Value::Array(items) => Value::Array(items.iter().map(nameless).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), nameless(v))).collect()),
        other => other.clone(),
    }
}

fn nameless_text(text: &str) -> String {
    let mut parts = text.split(MASK);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str(MASK);
        let named = part.strip_prefix("(secrets.").or_else(|| part.strip_prefix("(inputs."));
        out.push_str(named.and_then(|n| n.split_once(')')).map_or(part, |(_, rest)| rest));
    }
    out
}

/// Whether a text is what a plan shows, with anything in place of each `⟨…⟩`.
fn matches(planned: &str, text: &str) -> bool {
    let pieces = pieces(planned);
    let [first, middle @ .., last] = pieces.as_slice() else { return planned == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// What is known of a planned text: what stands before, between and behind its `⟨…⟩`; one piece where there is none.
fn pieces(planned: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut from, mut depth) = (0, 0usize);
    for (at, c) in planned.char_indices() {
        match c {
            '⟨' => {
                if depth == 0 {
                    pieces.push(&planned[from..at]);
                }
                depth += 1;
            }
            '⟩' if depth > 0 => {
                depth -= 1;
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&planned[from.min(planned.len())..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::{matches, nameless_text};

    #[test]
    fn what_is_known_of_a_text_has_to_be_there_in_its_order() {
        assert!(matches("echo ⟨steps.a.stdout⟩ > ⟨run.dir⟩/x", "echo 'a > b' > /state/x"));
        assert!(matches("⟨inputs.n⟩", "5"));
        assert!(matches("{% ⟨{% if a %}x{% endif %}⟩", "{% x"));
        for (planned, now) in [
            ("rm ⟨inputs.x⟩/tmp", "rm /x/tmp /"),
            ("rm ⟨inputs.x⟩", "rmdir x"),
            ("a ⟨x⟩ b ⟨y⟩ c", "a 1 c"),
            ("aa⟨x⟩aa", "aaa"),
            ("plain", "plain "),
        ] {
            assert!(!matches(planned, now), "{planned} | {now}");
        }
    }

    #[test]
    fn a_secret_is_the_same_with_and_without_its_name() {
        assert_eq!(nameless_text("Bearer •••(secrets.token)!"), "Bearer •••!");
        assert_eq!(nameless_text("•••(inputs.a)•••(secrets.b)"), "••••••");
        assert_eq!(nameless_text("•••(other)"), "•••(other)");
    }
}
