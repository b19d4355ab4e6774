//! What differs between two plans, as a person reads it. It compares nothing but lines of text.

use super::{Look, outline_step, safe_text};
use crate::event::Outcome;
use crate::plan::{Changes, DiffLine, Side, StepChange, ValueChange, line_diff};

/// Everything that differs, or that nothing does.
pub fn changes_text(changes: &Changes, look: Look) -> String {
    if changes.is_empty() {
        return crate::t!("the plans are the same\n", "計画に違いはありません\n");
    }
    let mut text = String::new();
    for change in &changes.whole {
        text.push_str(&value(&change.name, change, look));
    }
    for change in &changes.inputs {
        let name = &change.name;
        text.push_str(&value(&crate::t!("input {name}", "入力 {name}"), change, look));
    }
    changes.steps.iter().for_each(|change| text.push_str(&step(change, look)));
    let count = |which: &dyn Fn(&StepChange) -> bool| changes.steps.iter().filter(|c| which(c)).count();
    let added = count(&|c| c.old.is_none());
    let removed = count(&|c| c.new.is_none());
    let moved = count(&|c| c.moved);
    let changed = count(&|c| !c.fields.is_empty());
    let inputs = changes.inputs.len();
    text.push_str(&crate::t!(
        "\nsteps: {added} added, {removed} removed, {moved} moved, {changed} changed; inputs: {inputs} changed\n",
        "\nステップ: 追加 {added}、削除 {removed}、移動 {moved}、変更 {changed}。入力: 変更 {inputs}\n"
    ));
    text
}

fn value(name: &str, change: &ValueChange, look: Look) -> String {
    let mut text = format!("{name}\n");
    let sides = [(Side::Old, &change.old), (Side::New, &change.new)];
    for (side, value) in sides {
        if let Some(value) = value {
            text.push_str(&line(&DiffLine { side, line: value.to_string() }, look));
        }
    }
    text
}

fn step(change: &StepChange, look: Look) -> String {
    let what = match (&change.old, &change.new) {
        (None, _) => crate::t!("added", "追加"),
        (_, None) => crate::t!("removed", "削除"),
        _ if change.fields.is_empty() => crate::t!("moved", "移動"),
        _ if change.moved => crate::t!("moved and changed", "移動・変更"),
        _ => crate::t!("changed", "変更"),
    };
    let mut text = format!("\n{}  {what}\n", look.bold(&change.id));
    if change.fields.is_empty() && change.moved {
        return text;
    }
    let told = |step: &Option<crate::plan::OutlineStep>| {
        step.as_ref()
            .map_or_else(String::new, |step| outline_step::body(step, Look { colour: false, ..look }))
    };
    let lines = line_diff(&told(&change.old), &told(&change.new));
    lines.iter().for_each(|l| text.push_str(&line(l, look)));
    text
}

fn line(diff: &DiffLine, look: Look) -> String {
    let shown = safe_text(&diff.line);
    let text = match diff.side {
        Side::Old => look.tinted(Outcome::Failed, &format!("- {shown}")),
        Side::New => look.tinted(Outcome::Ok, &format!("+ {shown}")),
        Side::Both => format!("  {shown}"),
    };
    format!("{text}\n")
}
