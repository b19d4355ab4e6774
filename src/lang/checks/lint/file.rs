//! A file looked through by all rules, and what it allows. It knows no rule.

use super::allow::{Allowed, all_used, allowed, silence, stale};
use super::{scripts, text};
use crate::lang::checks::site::{Site, segs};
use crate::lang::checks::times;
use crate::lang::system::SystemFile;
use crate::model::{Playbook, Step, System};

/// Looks through a playbook, and silences what it allows.
pub fn playbook(playbook: &Playbook, site: &mut Site<'_>) {
    // What an unreadable step would have shown is not known: nothing is called stale then.
    let whole = site.doc.notes.is_empty() || site.doc.notes.iter().all(|d| d.is_rule);
    let mut permits = Vec::new();
    if let Some(allow) = &playbook.allow {
        permits.extend(allowed(allow, &[], site.doc));
    }
    playbook.all_lists().for_each(|(_, list)| steps(list, site, &mut permits));
    text::look(site.doc);
    silence(&mut site.doc.notes, &mut permits);
    if whole {
        stale(&permits, site.doc);
    }
}

fn steps(all: &[Step], site: &mut Site<'_>, permits: &mut Vec<Allowed>) {
    for step in all {
        let path = site.path(&step.id, &[]);
        if let Some(allow) = &step.allow {
            permits.extend(allowed(allow, &path, site.doc));
        }
        scripts::of_step(step, &path, site.doc);
        step.lists().into_iter().for_each(|(_, list)| steps(list, site, permits));
    }
}

/// Looks through a system file as an environment has it; its windows are judged already. What it allows may
/// occur in another environment only.
pub fn system(system: &System, file: &mut SystemFile, environment: Option<&str>) {
    let whole = file.doc.notes.iter().all(|d| d.is_rule);
    let mut permits = Vec::new();
    for (holder, allow) in file.allows() {
        permits.extend(allowed(&allow, &holder, &mut file.doc));
    }
    actions(system, file, environment);
    text::look(&mut file.doc);
    silence(&mut file.doc.notes, &mut permits);
    for other in file.environments().iter().filter(|e| Some(e.as_str()) != environment) {
        let span = file.doc.value_span(&segs(&["environments", other]));
        file.doc
            .notes
            .retain(|d| !d.is_rule || d.at.as_ref().is_none_or(|at| !span.contains(&at.span.start)));
    }
    if whole && !all_used(&permits) {
        elsewhere(file, environment, &mut permits);
        stale(&permits, &mut file.doc);
    }
}

fn actions(system: &System, file: &mut SystemFile, environment: Option<&str>) {
    for (name, action) in &system.actions {
        let path = file.written_path(&segs(&["actions", name]), environment);
        scripts::of_action(action, &path, &mut file.doc);
    }
}

/// What the other environments show, only to know which permits they use.
fn elsewhere(file: &mut SystemFile, environment: Option<&str>, permits: &mut [Allowed]) {
    let mine = std::mem::take(&mut file.doc.notes);
    for other in file.environments().into_iter().filter(|e| Some(e.as_str()) != environment) {
        if let Some(system) = file.decode(Some(&other)) {
            actions(&system, file, Some(&other));
            for (name, window) in &system.windows {
                let at = file.place(&segs(&["windows", name, "cron"]), Some(&other));
                file.doc.notes.extend(times::cron(&window.cron, at));
            }
        }
        silence(&mut file.doc.notes, permits);
        file.doc.notes.clear();
    }
    file.doc.notes = mine;
}
