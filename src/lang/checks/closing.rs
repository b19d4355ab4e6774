//! What is done once something failed, and at the end: where `undo`, `rescue` and `always` may stand. It knows no names.

use super::site::Site;
use crate::model::{Action, Needs, Part, Playbook, Step, StepBody};

/// Checks every list of a playbook.
pub fn check(playbook: &Playbook, site: &mut Site<'_>) {
    for (part, steps) in playbook.all_lists() {
        list(part, steps, site);
    }
}

fn list(part: Part, steps: &[Step], site: &mut Site<'_>) {
    for step in steps {
        if part != Part::Steps {
            in_list_order(part, step, site);
            not_undone(part, step, site);
        }
        undo(step, site);
        lists(step, site);
        for (part, steps) in step.lists() {
            list(part, steps, site);
        }
    }
}

/// Steps of `rescue` and `always` run one after another, so there is nothing to wait for.
fn in_list_order(part: Part, step: &Step, site: &mut Site<'_>) {
    let written = [("needs", step.needs != Needs::Previous), ("after", !step.after.is_empty())];
    for (key, _) in written.into_iter().filter(|(_, written)| *written) {
        let list = part.key();
        let title = crate::t!(
            "`{key}` has no place in `{list}`: its steps run in list order, each even if the one before failed",
            "`{list}` の中では `{key}` は使えません（書いた順に、前が失敗しても実行されます）"
        );
        let help = crate::t!(
            "take `{key}` away, or hold such steps in one step with `steps:`",
            "`{key}` を外すか、`steps:` を持つ 1 ステップにまとめてください"
        );
        site.error("needs-in-list", site.value(&step.id, &[key]), title, Some(help));
    }
}

/// What makes good or clears up is not taken back itself.
fn not_undone(part: Part, step: &Step, site: &mut Site<'_>) {
    if step.undo.is_none() {
        return;
    }
    let list = part.key();
    let title =
        crate::t!("`undo` has no place in a step of `{list}`", "`{list}` のステップに `undo` は使えません");
    let help = crate::t!(
        "what is done at the end stays done; take `undo` away",
        "最後に行うことは取り消されません。`undo` を外してください"
    );
    site.error("undo-at-end", site.value(&step.id, &["undo"]), title, Some(help));
}

/// A step that holds steps is taken back by taking back what it holds.
fn undo(step: &Step, site: &mut Site<'_>) {
    let acts = match &step.body {
        StepBody::Group(_) => false,
        StepBody::Act(action) => !matches!(**action, Action::Playbook(_)),
    };
    if step.undo.is_some() && !acts {
        let title = crate::t!(
            "`{}` holds steps and has no `undo` of its own",
            "`{}` はステップを含むため `undo` を持てません",
            step.id
        );
        let help = crate::t!("give `undo` to the steps in it", "中のステップに `undo` を書いてください");
        site.error("undo-of-steps", site.value(&step.id, &["undo"]), title, Some(help));
    }
}

/// Only a step with `steps:` has lists beside them.
fn lists(step: &Step, site: &mut Site<'_>) {
    if matches!(step.body, StepBody::Group(_)) {
        return;
    }
    for (part, steps) in step.lists() {
        if steps.is_empty() {
            continue;
        }
        let key = part.key();
        let title = crate::t!(
            "`{key}` belongs to a step with `steps:`, or to the playbook",
            "`{key}` は `steps:` を持つステップかプレイブックに書きます"
        );
        let help = crate::t!(
            "to take back what this step does, give it an `undo:`",
            "このステップを元に戻すには `undo:` を使ってください"
        );
        site.error("list-without-steps", site.value(&step.id, &[key]), title, Some(help));
    }
}
