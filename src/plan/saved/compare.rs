//! What differs between two saved plans: which file, which key, which value, old and new. It reads no file.

use std::path::Path;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use super::form::{Saved, SavedUnit};
use super::make::shown;
use crate::model::Known;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file, or the part of the plan: `system.yaml`, `step swap`, `engine`.
    pub place: String,
    /// The keys of the value there: `vars.backup_dir`; empty for the whole.
    pub field: String,
    /// What it was, as JSON; none where it was not there.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Difference { place, field, .. } = self;
        let nothing = || crate::t!("nothing", "なし");
        let old = self.old.clone().unwrap_or_else(nothing);
        let new = self.new.clone().unwrap_or_else(nothing);
        match field.is_empty() {
            true => write!(f, "{place}: {old} → {new}"),
            false => write!(f, "{place}: {field}: {old} → {new}"),
        }
    }
}

/// Everything that differs between what two plans were made from and what they do; who made them and when does not
/// count. Paths are shown from `cwd`.
pub fn differences(old: &Saved, new: &Saved, cwd: &Path) -> Vec<Difference> {
    let mut all = All { cwd, found: Vec::new() };
    all.json("engine", "", &old.made.engine, &new.made.engine);
    all.json("environment", "", &old.environment, &new.environment);
    all.json("timezone", "", &old.zone, &new.zone);
    all.sources(old, new);
    all.json("inputs", "", &old.inputs, &new.inputs);
    all.json("secrets", "", &old.secrets, &new.secrets);
    all.systems(old, new);
    all.files(old, new);
    all.outline(old, new);
    all.found
}

struct All<'a> {
    cwd: &'a Path,
    found: Vec<Difference>,
}

impl All<'_> {
    fn add(&mut self, place: &str, field: &str, old: Option<String>, new: Option<String>) {
        self.found.push(Difference { place: place.to_string(), field: field.to_string(), old, new });
    }

    /// Compares two values key by key.
    fn json<T: Serialize>(&mut self, place: &str, field: &str, old: &T, new: &T) {
        let value = |v: &T| serde_json::to_value(v).unwrap_or_default();
        self.value(place, field, Some(&value(old)), Some(&value(new)));
    }

    fn value(&mut self, place: &str, field: &str, old: Option<&Value>, new: Option<&Value>) {
        let inner = |key: &str| if field.is_empty() { key.to_string() } else { format!("{field}.{key}") };
        match (old, new) {
            (Some(a), Some(b)) if a == b => {}
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                for (key, value) in a {
                    self.value(place, &inner(key), Some(value), b.get(key));
                }
                for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                    self.value(place, &inner(key), None, Some(value));
                }
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) if a.len() == b.len() => {
                for (i, (a, b)) in a.iter().zip(b).enumerate() {
                    self.value(place, &inner(&i.to_string()), Some(a), Some(b));
                }
            }
            _ => self.add(place, field, old.map(Value::to_string), new.map(Value::to_string)),
        }
    }

    fn sources(&mut self, old: &Saved, new: &Saved) {
        let sums = |s: &Saved| -> IndexMap<String, String> {
            s.sources.iter().map(|f| (f.path.clone(), format!("SHA-256 {}", short(&f.sha256)))).collect()
        };
        self.sums(&sums(old), &sums(new));
    }

    fn files(&mut self, old: &Saved, new: &Saved) {
        // Nothing was known of a file that was not there.
        let sums = |s: &Saved| -> IndexMap<String, String> {
            let known = s.files.iter().filter(|f| {
                old.files.iter().any(|o| o.path == f.path && o.sha256.is_some())
                    || !old.files.iter().any(|o| o.path == f.path)
            });
            known
                .map(|f| {
                    let sum = f.sha256.as_ref().map(|sum| format!("SHA-256 {}", short(sum)));
                    (f.path.clone(), sum.unwrap_or_else(|| crate::t!("nothing", "なし")))
                })
                .collect()
        };
        self.sums(&sums(old), &sums(new));
    }

    fn sums(&mut self, old: &IndexMap<String, String>, new: &IndexMap<String, String>) {
        for (path, sum) in old {
            if new.get(path) != Some(sum) {
                self.add(&shown(path, self.cwd), "", Some(sum.clone()), new.get(path).cloned());
            }
        }
        for (path, sum) in new.iter().filter(|(path, _)| !old.contains_key(*path)) {
            self.add(&shown(path, self.cwd), "", None, Some(sum.clone()));
        }
    }

    fn systems(&mut self, old: &Saved, new: &Saved) {
        for a in &old.systems {
            let b = new.systems.iter().find(|b| b.path == a.path && b.environment == a.environment);
            let place = shown(&a.path, self.cwd);
            self.value(&place, "", Some(&a.values), Some(b.map_or(&Value::Null, |b| &b.values)));
        }
    }

    /// What is told of the plan as a whole, and of each step.
    fn outline(&mut self, old: &Saved, new: &Saved) {
        let told = |s: &Saved| serde_json::to_value(&s.outline).unwrap_or_default();
        let (mut a, mut b) = (told(old), told(new));
        let steps = |v: &mut Value| -> IndexMap<String, Value> {
            let list = v.as_object_mut().and_then(|m| m.shift_remove("steps"));
            let list = list.and_then(|l| l.as_array().cloned()).unwrap_or_default();
            list.into_iter().map(|s| (s["id"].as_str().unwrap_or_default().to_string(), s)).collect()
        };
        let (steps_a, steps_b) = (steps(&mut a), steps(&mut b));
        // Inputs were compared; how long runs took before is no part of a plan.
        for whole in [&mut a, &mut b] {
            if let Some(map) = whole.as_object_mut() {
                map.retain(|key, _| {
                    !["inputs", "environment", "estimate", "now", "playbook"].contains(&key.as_str())
                });
            }
        }
        self.value(&shown(&old.playbook, self.cwd), "", Some(&a), Some(&b));
        let ids = |steps: &IndexMap<String, Value>| Value::from(steps.keys().cloned().collect::<Vec<_>>());
        if ids(&steps_a) != ids(&steps_b) {
            let (a, b) = (ids(&steps_a).to_string(), ids(&steps_b).to_string());
            self.add(&shown(&old.playbook, self.cwd), "steps", Some(a), Some(b));
        }
        for (id, a) in &steps_a {
            let Some(b) = steps_b.get(id) else { continue };
            let (mut a, mut b) = (a.clone(), b.clone());
            if self.does(old, new, id) {
                // What is performed was told value by value.
                [&mut a, &mut b]
                    .into_iter()
                    .filter_map(Value::as_object_mut)
                    .for_each(|m| drop(m.shift_remove("text")));
            }
            self.value(&step(id), "", Some(&a), Some(&b));
        }
    }

    /// What a step performs, value by value. True when something differs.
    fn does(&mut self, old: &Saved, new: &Saved, id: &str) -> bool {
        let before = self.found.len();
        let units =
            |s: &Saved| s.steps.iter().find(|s| s.id == id).map(|s| s.units.clone()).unwrap_or_default();
        let (a, b) = (units(old), units(new));
        if a.len() != b.len() {
            let items = |units: &[SavedUnit]| Some(units.len().to_string());
            self.add(&step(id), "items", items(&a), items(&b));
        }
        for (a, b) in a.iter().zip(&b) {
            let place = a.item.map_or_else(|| step(id), |n| step(&format!("{id}[{n}]")));
            self.value(&place, "", Some(&flat(a)), Some(&flat(b)));
        }
        self.found.len() > before
    }
}

fn step(id: &str) -> String {
    crate::t!("step {id}", "ステップ {id}")
}

/// What is performed, by its keys, known and unknown alike as a person reads it.
fn flat(unit: &SavedUnit) -> Value {
    let told = |value: &Known<Value>| match value {
        Known::Yes(value) => value.clone(),
        Known::No(text) => Value::from(text.clone()),
    };
    let values = unit.does.iter().flatten().map(|(key, value)| (key.clone(), told(value)));
    let error = unit.error.iter().map(|e| ("error".to_string(), Value::from(e.clone())));
    Value::Object(values.chain(error).collect())
}

/// So much of a digest as tells it from another.
pub fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
