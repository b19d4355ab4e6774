//! What differs between two plans as they are told: inputs, steps that came, went, moved or changed. It reads no file
//! and has no words for people.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use similar::{Algorithm, ChangeTag, DiffOp, TextDiff, capture_diff_slices};

use super::told::{Outline, OutlineStep};

/// Everything that differs from one plan to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// Inputs whose values differ.
    pub inputs: Vec<ValueChange>,
    /// What differs of the plan as a whole, by its key: `environment`, `locks`.
    pub whole: Vec<ValueChange>,
    /// Steps that differ: in the order of the new plan, those that went where they stood.
    pub steps: Vec<StepChange>,
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueChange {
    /// Its name.
    pub name: String,
    /// What it was; none where it was not there.
    pub old: Option<Value>,
    /// What it is.
    pub new: Option<Value>,
}

/// A step that differs: added without an old one, removed without a new one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepChange {
    /// Its id.
    pub id: String,
    /// The step as it was told before.
    pub old: Option<OutlineStep>,
    /// The step as it is told now.
    pub new: Option<OutlineStep>,
    /// Whether it comes at another place among the steps that both plans have.
    pub moved: bool,
    /// Which of its keys differ: `text`, `needs`; none for one that only moved.
    pub fields: Vec<String>,
    /// The lines of its text, those that are the same included.
    pub text: Vec<DiffLine>,
}

/// A line of one text or of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Where it stands.
    pub side: Side,
    /// The line.
    pub line: String,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// In the old text only.
    Old,
    /// In the new text only.
    New,
    /// In both.
    Both,
}

impl Changes {
    /// Whether the plans are the same.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.whole.is_empty() && self.steps.is_empty()
    }
}

/// What differs from `old` to `new`. How long runs took before, and what a probe found, is no part of a plan.
pub fn changes(old: &Outline, new: &Outline) -> Changes {
    let keyed = |o: &Outline| o.inputs.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    Changes {
        inputs: values(keyed(old), keyed(new)),
        whole: values(whole(old), whole(new)),
        steps: steps(old, new),
    }
}

/// What is said of a plan besides its name, its inputs and its steps. Its counts follow from the steps.
fn whole(outline: &Outline) -> Vec<(String, Value)> {
    let Value::Object(map) = serde_json::to_value(outline).unwrap_or_default() else { return Vec::new() };
    let apart = [
        "playbook", "inputs", "steps", "estimate", "now", "probe", "read", "change", "destroy", "differs",
        "secrets",
    ];
    map.into_iter().filter(|(key, _)| !apart.contains(&key.as_str())).collect()
}

fn values(old: Vec<(String, Value)>, new: Vec<(String, Value)>) -> Vec<ValueChange> {
    let find =
        |all: &[(String, Value)], name: &str| all.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    let added = new.iter().filter(|(name, _)| find(&old, name).is_none());
    let names = old.iter().chain(added).map(|(name, _)| name);
    names
        .map(|name| ValueChange { name: name.clone(), old: find(&old, name), new: find(&new, name) })
        .filter(|change| change.old != change.new)
        .collect()
}

fn steps(old: &Outline, new: &Outline) -> Vec<StepChange> {
    let find = |outline: &Outline, id: &str| outline.steps.iter().find(|s| s.id == id).cloned();
    let ids = |outline: &Outline| outline.steps.iter().map(|s| s.id.clone()).collect::<Vec<_>>();
    let (old_ids, new_ids) = (ids(old), ids(new));
    let mut changes = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, &old_ids, &new_ids) {
        let (gone, come) = (&old_ids[op.old_range()], &new_ids[op.new_range()]);
        let stays = matches!(op, DiffOp::Equal { .. });
        // A step that is in both plans is told once, where it stands now.
        let gone = gone.iter().filter(|id| !new_ids.contains(id));
        changes.extend(gone.filter_map(|id| change(find(old, id), None, false)));
        changes.extend(come.iter().filter_map(|id| change(find(old, id), find(new, id), !stays)));
    }
    changes
}

/// The change of one step; none where nothing differs.
fn change(old: Option<OutlineStep>, new: Option<OutlineStep>, elsewhere: bool) -> Option<StepChange> {
    let id = old.as_ref().or(new.as_ref())?.id.clone();
    let both = old.is_some() && new.is_some();
    let fields = if both { fields(old.as_ref(), new.as_ref()) } else { Vec::new() };
    let moved = both && elsewhere;
    (!both || moved || !fields.is_empty()).then(|| StepChange {
        id,
        text: line_diff(&text(old.as_ref()), &text(new.as_ref())),
        old,
        new,
        moved,
        fields,
    })
}

fn fields(old: Option<&OutlineStep>, new: Option<&OutlineStep>) -> Vec<String> {
    let keyed = |step: Option<&OutlineStep>| match serde_json::to_value(step) {
        Ok(Value::Object(map)) => map.into_iter().filter(|(key, _)| key != "probe").collect(),
        _ => Vec::new(),
    };
    values(keyed(old), keyed(new)).into_iter().map(|change| change.name).collect()
}

fn text(step: Option<&OutlineStep>) -> String {
    let lines = step.into_iter().flat_map(|s| &s.text).flat_map(|t| &t.lines);
    lines.map(|line| format!("{line}\n")).collect()
}

/// Two texts line by line.
pub fn line_diff(old: &str, new: &str) -> Vec<DiffLine> {
    let diff = TextDiff::from_lines(old, new);
    diff.iter_all_changes()
        .map(|change| DiffLine {
            side: match change.tag() {
                ChangeTag::Delete => Side::Old,
                ChangeTag::Insert => Side::New,
                ChangeTag::Equal => Side::Both,
            },
            line: change.value().trim_end_matches('\n').to_string(),
        })
        .collect()
}
