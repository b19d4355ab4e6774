//! What comes before what: which steps have to be looked at first, and which changes may come between now and a step.
//! It looks at nothing.

use std::collections::HashSet;

use crate::model::{Action, Effect, Part, StepBody};
use crate::plan::{Body, Node, NodeIx, Plan};

/// The nodes that have to be looked at before this one: those whose results its templates name, those of what holds
/// it, and all that a group holds before its end.
pub(super) fn first(plan: &Plan, ix: NodeIx) -> Vec<NodeIx> {
    let node = plan.at(ix);
    let local = &plan.frames[node.frame as usize].local;
    let mut before: Vec<NodeIx> = match node.uses.any_step {
        true => plan.graph.needs(ix).map(|(n, _)| n).collect(),
        false => {
            let named = node.uses.steps.iter().filter_map(|path| path.first());
            named.filter_map(|id| local.get(id).copied()).collect()
        }
    };
    before.extend(node.inside);
    if let Body::Close { open, .. } = node.body {
        let held = plan.nodes.iter().enumerate().filter(|(_, n)| n.inside == Some(open));
        before.extend(held.map(|(i, _)| i as NodeIx).filter(|i| *i != ix));
    }
    // A step may look at the group that holds it; that has not ended by then.
    before.retain(|other| {
        *other != ix && !matches!(plan.at(*other).body, Body::Close { open, .. } if holds(plan, open, ix))
    });
    before
}

fn holds(plan: &Plan, open: NodeIx, inner: NodeIx) -> bool {
    std::iter::successors(plan.at(inner).inside, |ix| plan.at(*ix).inside).any(|ix| ix == open)
}

/// The steps before this one that change something.
pub(super) fn changes_before(plan: &Plan, ix: NodeIx) -> Vec<NodeIx> {
    let (mut seen, mut open) = (HashSet::new(), vec![ix]);
    while let Some(at) = open.pop() {
        open.extend(plan.graph.needs(at).map(|(n, _)| n).filter(|n| seen.insert(*n)));
    }
    let acts = |node: &Node| node.body == Body::Act && !node.left_out;
    let changes = |n: &NodeIx| acts(plan.at(*n)) && plan.at(*n).step.effect != Effect::Read;
    let mut found: Vec<NodeIx> = seen.into_iter().filter(|n| *n != ix).filter(changes).collect();
    found.sort_unstable();
    found
}

/// What a step works on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sphere {
    Files,
    Database,
    Web,
    /// A command, or a container: anything.
    All,
    Nothing,
}

fn sphere(node: &Node) -> Sphere {
    let StepBody::Act(action) = &node.step.body else { return Sphere::Nothing };
    match &**action {
        Action::File(_) | Action::SecretGenerate(_) => Sphere::Files,
        Action::Sql(_) => Sphere::Database,
        Action::Http(_) => Sphere::Web,
        Action::Shell(_) | Action::Docker(_) | Action::Probe(_) | Action::Wait(_) | Action::Named(_) => {
            Sphere::All
        }
        Action::Manual(_) | Action::Decide(_) | Action::Playbook(_) => Sphere::Nothing,
        Action::Assert(_) | Action::Fail(_) | Action::Notify(_) | Action::Escalate(_) => Sphere::Nothing,
    }
}

/// Whether a change may alter what a later step reads: a statement changes no file, a file no database.
pub(super) fn may_alter(change: &Node, read: &Node) -> bool {
    match (sphere(change), sphere(read)) {
        (Sphere::Nothing, _) | (_, Sphere::Nothing) => false,
        (Sphere::All, _) | (_, Sphere::All) | (Sphere::Web, _) => true,
        (Sphere::Database, other) => other != Sphere::Files,
        (Sphere::Files, other) => other == Sphere::Files,
    }
}

/// Whether a step brings containers up, and with them servers.
pub(super) fn brings_up(node: &Node) -> bool {
    use crate::model::Docker;
    let StepBody::Act(action) = &node.step.body else { return false };
    let Action::Docker(docker) = &**action else { return false };
    match &**docker {
        Docker::Run(_) | Docker::Start(_) | Docker::Restart(_) => true,
        Docker::Compose(c) => c.up.is_some() || c.start.is_some() || c.restart.is_some(),
        _ => false,
    }
}

/// Whether a step needs containers or servers.
pub(super) fn needs_servers(node: &Node) -> bool {
    let StepBody::Act(action) = &node.step.body else { return false };
    matches!(&**action, Action::Docker(_) | Action::Sql(_) | Action::Http(_))
}

/// Whether a step is only done when something failed, or was not over in time: it, or what holds it, stands in a
/// `rescue` or a handler.
pub(super) fn after_failure(plan: &Plan, ix: NodeIx) -> bool {
    let mut above = std::iter::successors(Some(ix), |at| plan.at(*at).inside);
    above.any(|at| matches!(plan.at(at).part, Part::Rescue | Part::Handler))
}

/// Whether a step does nothing but say whether something holds.
pub(super) fn tells(node: &Node) -> bool {
    let StepBody::Act(action) = &node.step.body else { return false };
    matches!(&**action, Action::Assert(_) | Action::Fail(_))
}
