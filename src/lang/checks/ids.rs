//! Ids that stand twice, and ids that nobody has. It knows no order.

use super::loops::{Loops, hidden};
use super::site::{Site, near};
use crate::base::StepId;
use crate::lang::yaml::Seg;
use crate::model::{Needs, Playbook, Step};

/// Checks every id of a playbook.
pub fn check(playbook: &Playbook, site: &mut Site<'_>) {
    duplicates(site);
    let loops = Loops::of(playbook);
    playbook.all_lists().for_each(|(_, list)| steps(list, &loops, site));
    for (i, item) in playbook.checklist.iter().enumerate() {
        let path = |_: &Site<'_>| vec![Seg::name("checklist"), Seg::Index(i), Seg::name("from")];
        known(&item.from, None, path, &loops, site);
    }
}

fn duplicates(site: &mut Site<'_>) {
    for (id, path) in site.placed.duplicates() {
        let here = site.doc.value(&[path.as_slice(), &[Seg::name("id")]].concat());
        let first = site.value(id, &["id"]);
        let title = crate::t!("the id `{id}` is taken twice", "id `{id}` が 2 回使われています");
        let d = crate::diag::Diagnostic::error("duplicate-id", here, title)
            .other(first, crate::t!("first here", "最初はここ"))
            .help(crate::t!("give one of the two another id", "どちらかの id を変えてください"));
        site.doc.note(d);
    }
}

fn steps(steps: &[Step], loops: &Loops<'_>, site: &mut Site<'_>) {
    for step in steps {
        if let Needs::Steps(ids) = &step.needs {
            listed(&step.id, "needs", ids, loops, site);
        }
        listed(&step.id, "after", &step.after, loops, site);
        step.lists().into_iter().for_each(|(_, list)| self::steps(list, loops, site));
    }
}

fn listed(step: &StepId, key: &str, ids: &[StepId], loops: &Loops<'_>, site: &mut Site<'_>) {
    for (i, id) in ids.iter().enumerate() {
        let path = |site: &Site<'_>| site.path(step, &[key, &i.to_string()]);
        if id == step {
            let title = crate::t!("`{step}` waits for itself", "`{step}` が自分自身を待っています");
            site.error("cycle", site.doc.value(&path(site)), title, None);
        } else {
            known(id, Some(step), path, loops, site);
        }
    }
}

/// `path` says where the id stands; it is asked only when that matters, which in a good file is never.
fn known(
    id: &StepId,
    from: Option<&StepId>,
    path: impl FnOnce(&Site<'_>) -> Vec<Seg>,
    loops: &Loops<'_>,
    site: &mut Site<'_>,
) {
    if let Some(looped) = loops.hides(id.as_str(), from) {
        let (title, help) = hidden(id.as_str(), looped);
        return site.error("inside-a-loop", site.doc.value(&path(site)), title, Some(help));
    }
    if site.placed.has(id.as_str()) || site.placed.has_unnamed() {
        return;
    }
    let title = crate::t!("no step has the id `{id}`", "id が `{id}` のステップはありません");
    let help = near(id.as_str(), site.placed.ids());
    site.error("unknown-id", site.doc.value(&path(site)), title, help);
}
