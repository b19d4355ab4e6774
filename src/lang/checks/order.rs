//! Cycles: steps that wait for each other, directly or through what they mention. It knows no names but ids.

use std::collections::{HashMap, HashSet};

use super::site::Site;
use crate::base::StepId;
use crate::diag::Diagnostic;
use crate::graph::{Graph, Why};
use crate::model::{Needs, Part, Playbook, Step};

/// A mention of one step in another's text.
pub type Mention = (StepId, StepId);

/// A step has a node for its beginning and one for its end; a list of steps has one for *all above* where it
/// is asked for.
struct Nodes<'a> {
    numbers: HashMap<&'a StepId, u32>,
    ids: Vec<Option<&'a StepId>>,
    edges: Vec<(u32, u32, Why)>,
}

/// Finds every cycle.
pub fn check(playbook: &Playbook, mentions: &[Mention], site: &mut Site<'_>) {
    let mut nodes = Nodes { numbers: HashMap::new(), ids: Vec::new(), edges: Vec::new() };
    playbook.all_lists().for_each(|(_, steps)| nodes.name(steps));
    nodes.lists(playbook.lists(), None);
    playbook.handlers.values().for_each(|steps| nodes.list(steps, None));
    // The steps of a handler wait for nothing that they mention.
    let mut handling = HashSet::new();
    playbook.handlers.values().for_each(|steps| ids_of(steps, &mut handling));
    for (step, other) in mentions.iter().filter(|(step, _)| !handling.contains(step)) {
        nodes.wait(step, other, Why::Reference);
    }
    for _ in 0..20 {
        let graph = Graph::build(nodes.ids.len(), nodes.edges.iter().copied());
        let Err(cycle) = graph.order() else { return };
        let ring = cycle.path.clone();
        tell(&nodes, &ring, mentions, site);
        let Some((first, second)) = ring.first().zip(ring.get(1).or(ring.first())) else { return };
        let (first, second) = (*first, *second);
        let before = nodes.edges.len();
        nodes.edges.retain(|e| (e.0, e.1) != (first, second) && (e.0, e.1) != (second, first));
        if nodes.edges.len() == before {
            return;
        }
    }
}

fn ids_of<'a>(steps: &'a [Step], into: &mut HashSet<&'a StepId>) {
    for step in steps {
        into.insert(&step.id);
        step.lists().into_iter().for_each(|(_, steps)| ids_of(steps, into));
    }
}

impl<'a> Nodes<'a> {
    fn name(&mut self, steps: &'a [Step]) {
        for step in steps {
            self.numbers.entry(&step.id).or_insert(self.ids.len() as u32);
            self.ids.extend([Some(&step.id), Some(&step.id)]);
            step.lists().into_iter().for_each(|(_, steps)| self.name(steps));
        }
    }

    fn start(&self, id: &StepId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// `step` begins after `other` has ended.
    fn wait(&mut self, step: &StepId, other: &StepId, why: Why) {
        if let (Some(step), Some(other)) = (self.start(step), self.start(other))
            && (step != other || why == Why::Reference)
        {
            self.edges.push((other + 1, step, why));
        }
    }

    fn list(&mut self, steps: &'a [Step], group: Option<u32>) {
        let mut above: Option<u32> = None;
        let wants_above = steps.iter().any(|s| s.needs == Needs::Above);
        for (i, step) in steps.iter().enumerate() {
            let Some(start) = self.start(&step.id) else { continue };
            self.edges.push((start, start + 1, Why::Sequence));
            if let Some(group) = group {
                self.edges.push((group, start, Why::Sequence));
                self.edges.push((start + 1, group + 1, Why::Sequence));
            }
            match &step.needs {
                Needs::Previous if i > 0 => self.wait(&step.id, &steps[i - 1].id, Why::Sequence),
                Needs::Previous => {}
                Needs::Above => self.edges.extend(above.map(|a| (a, start, Why::Sequence))),
                Needs::Steps(ids) => ids.iter().for_each(|id| self.wait(&step.id, id, Why::Written)),
            }
            step.after.iter().for_each(|id| self.wait(&step.id, id, Why::After));
            if wants_above {
                let next = self.ids.len() as u32;
                self.ids.push(None);
                self.edges.extend(above.map(|a| (a, next, Why::Sequence)));
                self.edges.push((start + 1, next, Why::Sequence));
                above = Some(next);
            }
            self.lists(step.lists(), Some(start));
        }
    }

    /// The lists of a group or of the playbook: each begins when those before it have ended.
    fn lists(&mut self, lists: [(Part, &'a [Step]); 3], group: Option<u32>) {
        let mut over: Option<u32> = None;
        for (_, steps) in lists.into_iter().filter(|(_, steps)| !steps.is_empty()) {
            self.list(steps, group);
            let next = self.ids.len() as u32;
            self.ids.push(None);
            for start in steps.iter().filter_map(|step| self.start(&step.id)).collect::<Vec<_>>() {
                self.edges.extend(over.map(|over| (over, start, Why::Sequence)));
                self.edges.push((start + 1, next, Why::Sequence));
            }
            over = Some(next);
        }
    }
}

fn tell(nodes: &Nodes<'_>, ring: &[u32], mentions: &[Mention], site: &mut Site<'_>) {
    let mut ids: Vec<&StepId> = ring.iter().filter_map(|n| nodes.ids[*n as usize]).collect();
    ids.dedup();
    if ids.len() > 1 && ids.first() == ids.last() {
        ids.pop();
    }
    let Some(first) = ids.first().copied() else { return };
    let mut names: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    names.push(first.as_str());
    let chain = names.join(" → ");
    let title =
        crate::t!("these steps wait for each other: {chain}", "ステップが互いを待っています: {chain}");
    let mut d = Diagnostic::error("cycle", site.value(first, &["id"]), title);
    for id in &ids[1..] {
        d = d.other(site.value(id, &["id"]), crate::t!("in the cycle", "循環の一部"));
    }
    let mentioned = mentions.iter().any(|(a, b)| ids.contains(&a) && ids.contains(&b));
    let help = if mentioned {
        crate::t!(
            "`steps.X` in a text makes X a need; take one of these mentions or needs away",
            "文中の `steps.X` は X を待つことになります。どれかの参照か needs を外してください"
        )
    } else {
        crate::t!("take one of these needs away", "どれかの needs を外してください")
    };
    site.doc.note(d.help(help));
}
