//! What waits for what in a layout: from the order of a file, from what steps say, and from what their texts mention.

use super::layout::{Layout, named};
use super::node::{Body, Node, NodeIx};
use crate::graph::Why;
use crate::model::{Needs, Part};

impl Layout {
    /// Every edge, with its reason.
    pub(super) fn edges(&self) -> Vec<(NodeIx, NodeIx, Why)> {
        let mut edges = Vec::with_capacity(self.nodes.len() * 2);
        for (i, node) in self.nodes.iter().enumerate() {
            let ix = i as NodeIx;
            match node.body {
                Body::Close { open, .. } => {
                    edges.push((open, ix, Why::Sequence));
                    let held =
                        self.nodes.iter().enumerate().skip(open as usize + 1).take(i - open as usize - 1);
                    edges.extend(
                        held.filter(|(_, n)| n.inside == Some(open) && n.is_shown())
                            .map(|(j, _)| (j as NodeIx, ix, Why::After)),
                    );
                }
                Body::Act | Body::Open { .. } => self.needs_of(ix, node, &mut edges),
            }
        }
        edges
    }

    fn needs_of(&self, ix: NodeIx, node: &Node, edges: &mut Vec<(NodeIx, NodeIx, Why)>) {
        if let Some(of) = node.undoes {
            return edges.push((of, ix, Why::After));
        }
        if let Some(open) = node.inside {
            edges.push((open, ix, Why::Sequence));
        }
        let local = |id: &str| named(&self.frames, node.frame, id);
        match &node.step.needs {
            _ if node.part != Part::Steps => {
                edges.extend(self.previous[ix as usize].map(|p| (p, ix, Why::After)));
                edges.extend(self.over.get(&ix).into_iter().flatten().map(|p| (*p, ix, Why::After)));
            }
            Needs::Previous => edges.extend(self.previous[ix as usize].map(|p| (p, ix, Why::Sequence))),
            Needs::Above => edges.extend(self.siblings[ix as usize].iter().map(|p| (*p, ix, Why::Written))),
            Needs::Steps(ids) => {
                edges.extend(ids.iter().filter_map(|id| local(id.as_str())).map(|p| (p, ix, Why::Written)));
            }
        }
        let after: Vec<NodeIx> = node.step.after.iter().filter_map(|id| local(id.as_str())).collect();
        edges.extend(after.iter().map(|p| (*p, ix, Why::After)));
        // What a handler tells of may still be under way.
        if node.handler.is_some() {
            return;
        }
        let mentioned = node.uses.steps.iter().filter_map(|path| path.first()).filter_map(|id| local(id));
        for p in mentioned.filter(|p| *p != ix && !after.contains(p) && !self.holds(*p, ix)) {
            // What ends a run or group goes by what happened, whatever that is.
            edges.push((p, ix, if node.closing.lenient { Why::After } else { Why::Reference }));
        }
    }

    /// Whether the step `outer` holds the node `inner`: a step may look at the group it stands in.
    fn holds(&self, outer: NodeIx, inner: NodeIx) -> bool {
        let mut at = self.nodes[inner as usize].inside;
        while let Some(open) = at {
            if matches!(self.nodes[open as usize].body, Body::Open { close, .. } if close == outer) {
                return true;
            }
            at = self.nodes[open as usize].inside;
        }
        false
    }
}
