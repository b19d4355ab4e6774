//! The checks in their order. It checks nothing itself.

use std::collections::HashMap;

use super::gather::Gather;
use super::loops::Loops;
use super::names::{self, Known};
use super::outputs::{Outputs, of_step};
use super::site::Site;
use super::{
    alone, closing, connections, deadlines, destroy, holders, ids, inputs, lint, notices, order, schedule,
    shape_rules, vars,
};
use crate::lang::calls::Calls;
use crate::lang::document::Document;
use crate::lang::guards::Guards;
use crate::lang::placed::Placed;
use crate::model::{Playbook, Step, System};

/// Everything that can be wrong with a playbook that could be read.
pub fn all(
    playbook: &Playbook,
    system: Option<&System>,
    doc: &mut Document,
    placed: &Placed,
    calls: &Calls,
    guards: &Guards,
) {
    let mut site = Site { doc, placed };
    ids::check(playbook, &mut site);
    closing::check(playbook, &mut site);
    inputs::check(playbook, &mut site);
    alone::check(playbook, system, &mut site);
    notices::of_playbook(playbook, system, &mut site);
    deadlines::check(playbook, &mut site);
    schedule::check(playbook, calls, guards, &mut site);
    let undone = |step: &Step, site: &mut Site<'_>| {
        if let (Some(system), Some(undo)) = (system, step.undoing()) {
            connections::check(&undo, system, site);
            connections::environment(&undo, system, calls, site);
        }
    };
    all_steps(playbook, &mut |step| {
        undone(step, &mut site);
        shape_rules::check(step, &mut site);
        holders::check(step, &mut site);
        destroy::check(step, &mut site);
        if let Some(system) = system {
            connections::check(step, system, &mut site);
            connections::environment(step, system, calls, &mut site);
        }
    });
    let mentions = mentioned(playbook, system, &mut site, calls);
    order::check(playbook, &mentions, &mut site);
    lint::playbook(playbook, &mut site);
}

fn all_steps<'a>(playbook: &'a Playbook, look: &mut impl FnMut(&'a Step)) {
    playbook.all_lists().for_each(|(_, steps)| each(steps, look));
}

fn each<'a>(steps: &'a [Step], look: &mut impl FnMut(&'a Step)) {
    for step in steps {
        look(step);
        step.lists().into_iter().for_each(|(_, steps)| each(steps, look));
    }
}

/// Checks every text; gives which step mentions which.
fn mentioned(
    playbook: &Playbook,
    system: Option<&System>,
    site: &mut Site<'_>,
    calls: &Calls,
) -> Vec<order::Mention> {
    let mut steps: HashMap<&str, Outputs> = HashMap::new();
    for id in site.placed.ids() {
        steps.insert(id, Outputs::unknown());
    }
    all_steps(playbook, &mut |step| {
        steps.insert(step.id.as_str(), of_step(step, system, calls));
    });
    let unnamed = site.placed.has_unnamed();
    let loops = Loops::of(playbook);
    let others = std::mem::take(&mut site.doc.languages.others);
    let mut gather = Gather::new(system, calls, &others);
    gather.playbook(playbook, site);
    let vars = vars::steps(playbook, &gather.texts);
    let known = Known { playbook: Some(playbook), system, steps, unnamed, loops, vars };
    let mut mentions = Vec::new();
    for text in &gather.texts {
        names::check(text, &known, site.doc, &mut mentions);
    }
    vars::check(playbook, &gather.texts, site);
    mentions
}
