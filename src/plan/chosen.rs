//! Which steps of a plan are run: all of them, only some, or those from a step on. What stands in `rescue` and `always`
//! keeps its meaning whatever is chosen, and so does what takes a step back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::node::{Body, NodeIx, Plan};
use crate::base::StepId;
use crate::graph::Why;
use crate::model::Part;

/// What the operator chose; all steps where there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chosen {
    /// Just these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// These and all that comes after them in the order of needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
}

/// What is chosen and cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchosen {
    /// No step has this id.
    Unknown(String),
    /// An item of a loop is not known before the run.
    Item(String),
    /// It stands in `rescue` or `always`.
    Closing(String),
}

/// An output that a step needs of one that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The node whose text needs it.
    pub node: NodeIx,
    /// The id as the text names it, and the keys behind it.
    pub path: Vec<String>,
}

impl Chosen {
    /// Whether all steps are.
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.from.is_empty()
    }

    /// As it is typed.
    pub fn flags(&self) -> String {
        let only = self.only.iter().map(|step| format!("--only {step}"));
        let from = self.from.iter().map(|step| format!("--from {step}"));
        only.chain(from).collect::<Vec<_>>().join(" ")
    }
}

impl Plan {
    /// Leaves out what was not chosen.
    ///
    /// # Errors
    /// The first name that is none of a step that can be chosen.
    pub fn choose(&mut self, chosen: &Chosen) -> Result<(), Unchosen> {
        if chosen.is_all() {
            return Ok(());
        }
        let names = self.choosable();
        let mut picked = vec![false; self.nodes.len()];
        for name in &chosen.only {
            self.find(&names, name)?.iter().for_each(|ix| self.pick(*ix, &mut picked));
        }
        for name in &chosen.from {
            for ix in self.find(&names, name)? {
                self.pick(*ix, &mut picked);
                self.pick_followers(*ix, &mut picked);
            }
        }
        let kept = self.kept(&picked);
        for (node, kept) in self.nodes.iter_mut().zip(kept) {
            node.left_out = !kept;
        }
        self.chosen = chosen.clone();
        Ok(())
    }

    /// Every id that can be chosen: what a loop repeats by one name.
    pub fn choosable(&self) -> BTreeMap<StepId, Vec<NodeIx>> {
        let mut names: BTreeMap<StepId, Vec<NodeIx>> = BTreeMap::new();
        for (ix, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.is_shown()) {
            names.entry(node.id.without_items()).or_default().push(ix as NodeIx);
        }
        names
    }

    fn find<'n>(
        &self,
        names: &'n BTreeMap<StepId, Vec<NodeIx>>,
        name: &str,
    ) -> Result<&'n Vec<NodeIx>, Unchosen> {
        let Some(found) = names.get(&StepId::new(name)) else {
            let known = names.contains_key(&StepId::new(name).without_items());
            return Err(match known && name.contains('[') {
                true => Unchosen::Item(name.to_string()),
                false => Unchosen::Unknown(name.to_string()),
            });
        };
        match found.iter().any(|ix| self.at(*ix).closing.lenient) {
            true => Err(Unchosen::Closing(name.to_string())),
            false => Ok(found),
        }
    }

    /// A step with all it holds.
    fn pick(&self, ix: NodeIx, picked: &mut [bool]) {
        picked[ix as usize] = true;
        if let Body::Close { open, .. } = self.at(ix).body {
            // What a step holds stands between its beginning and its end.
            (open..ix).for_each(|held| picked[held as usize] = true);
        }
    }

    fn pick_followers(&self, ix: NodeIx, picked: &mut [bool]) {
        let mut seen = BTreeSet::new();
        let mut open = vec![ix];
        while let Some(at) = open.pop() {
            for follower in self.graph.followers(at).filter(|follower| seen.insert(*follower)) {
                picked[follower as usize] = true;
                open.push(follower);
            }
        }
    }

    /// The nodes that are run where these are picked: what holds a step is begun with it, and its `rescue` and `always`
    /// belong to it.
    fn kept(&self, picked: &[bool]) -> Vec<bool> {
        let mut kept = vec![false; self.nodes.len()];
        let acting = self.nodes.iter().enumerate().filter(|(ix, node)| picked[*ix] && node.body == Body::Act);
        for (ix, _) in acting.filter(|(_, node)| node.undoes.is_none()) {
            let mut at = Some(ix as NodeIx);
            while let Some(node) = at.filter(|node| self.at(*node).part == Part::Steps) {
                kept[node as usize] = true;
                at = self.at(node).inside;
            }
        }
        let mut belongs = vec![false; self.nodes.len()];
        for (ix, node) in self.nodes.iter().enumerate() {
            let holder = node.inside.map(|open| open as usize);
            belongs[ix] = match node.part {
                Part::Steps => holder.is_some_and(|open| belongs[open]),
                Part::Rescue | Part::Always | Part::Handler => holder.is_none_or(|open| kept[open]),
            };
            kept[ix] |= belongs[ix];
        }
        for (ix, node) in self.nodes.iter().enumerate() {
            let as_well = match node.body {
                Body::Close { open, .. } => Some(open),
                _ => node.undoes,
            };
            if let Some(other) = as_well {
                kept[ix] = kept[other as usize];
            }
        }
        kept
    }

    /// The ids of what is left out, in the order of the plan; of a step that is left out with all it holds only its own.
    pub fn left_out(&self) -> Vec<StepId> {
        let shown = self.order.iter().map(|ix| self.at(*ix)).filter(|node| node.is_shown() && node.left_out);
        let outermost = shown.filter(|node| node.inside.is_none_or(|open| !self.at(open).left_out));
        let mut ids: Vec<StepId> = Vec::new();
        for id in outermost.map(|node| node.id.without_items()) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// What comes before a node, seen through what is left out: a step waits for, and is blocked by, what it would be if
    /// that were there.
    pub fn needs_kept(&self, ix: NodeIx) -> Vec<(NodeIx, Why)> {
        let mut found: Vec<(NodeIx, Why)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<(NodeIx, Why)> = self.needs(ix).collect();
        open.reverse();
        while let Some((need, why)) = open.pop() {
            if !seen.insert((need, why == Why::After)) {
                continue;
            }
            if self.at(need).left_out {
                let further = self.needs(need).map(|(n, w)| (n, if why == Why::After { why } else { w }));
                open.extend(further);
                continue;
            }
            match found.iter_mut().find(|(n, _)| *n == need) {
                Some((_, known)) if *known == Why::After => *known = why,
                Some(_) => {}
                None => found.push((need, why)),
            }
        }
        found
    }

    /// What steps that are run need of those that are left out: it would be an error of theirs in the middle of the run.
    pub fn lacks(&self) -> Vec<Lack> {
        let mut found = Vec::new();
        let run = self.nodes.iter().enumerate().filter(|(_, node)| !node.left_out && !node.closing.lenient);
        for (ix, node) in run {
            for path in node.uses.certain.iter().filter(|path| path.len() > 1) {
                let [id, key, ..] = path.as_slice() else { continue };
                let of = self.named(node.frame, id);
                let is_known = matches!(key.as_str(), "state" | "seconds");
                if !is_known && of.is_some_and(|of| self.at(of).left_out) {
                    found.push(Lack { node: ix as NodeIx, path: path.clone() });
                }
            }
        }
        found
    }
}
