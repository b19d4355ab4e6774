//! Lays a loop over steps out, once its items are known: its pattern is copied for each of them. The same items give
//! the same plan, so that a journal that has them gives the plan that its run had.

use std::ops::Range;

use serde_json::Value;

use super::deadline::PlanDeadline;
use super::node::{Body, Frame, LAID_OUT, Node, NodeIx, Plan};
use crate::base::StepId;
use crate::graph::Why;
use crate::model::Deadline;

/// What is copied, and where the copy for one item goes.
struct Copy {
    looped: StepId,
    index: u32,
    nodes: Range<u32>,
    frames: Range<u32>,
    node_shift: u32,
    frame_shift: u32,
}

impl Plan {
    /// Makes the steps of a loop that ends with the node `close`, one iteration an item. The new nodes stand behind
    /// all others.
    pub fn expand(&mut self, close: NodeIx, items: &[Value]) {
        let Body::Close { open, .. } = self.at(close).body else { return };
        let nodes = open + 1..close;
        if self.nodes[nodes.start as usize].pattern == LAID_OUT {
            return;
        }
        let frames = self.frames_of(&nodes);
        let mut edges = Vec::new();
        let mut order = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let copy = Copy {
                looped: self.at(close).id.clone(),
                index: index as u32,
                node_shift: self.nodes.len() as u32 - nodes.start,
                frame_shift: self.frames.len() as u32 - frames.start,
                nodes: nodes.clone(),
                frames: frames.clone(),
            };
            self.copy(&copy, item, &mut edges);
            let held = self.deadlines.iter().filter(|d| d.call.is_some_and(|call| nodes.contains(&call)));
            let held: Vec<PlanDeadline> = held.map(|d| copy.deadline_of(d)).collect();
            self.deadlines.extend(held);
            edges.push((copy.node(nodes.end - 1), close, Why::After));
            order.extend(self.order.iter().filter(|ix| nodes.contains(ix)).map(|ix| copy.node(*ix)));
        }
        for node in &mut self.nodes[nodes.start as usize..nodes.end as usize] {
            node.pattern = LAID_OUT;
        }
        self.graph = self.graph.extended(self.nodes.len(), edges);
        let at = self.order.iter().position(|ix| *ix == close).unwrap_or(self.order.len());
        self.order.splice(at..at, order);
    }

    /// The frames of a pattern: they were made one after another, the iteration's own first.
    fn frames_of(&self, nodes: &Range<u32>) -> Range<u32> {
        let held = &self.nodes[nodes.start as usize..nodes.end as usize];
        let first = held.first().map_or(0, |node| node.frame);
        let last = held.iter().map(|node| node.called().map_or(node.frame, |called| called.max(node.frame)));
        first..last.max().map_or(first, |last| last + 1)
    }

    fn copy(&mut self, copy: &Copy, item: &Value, edges: &mut Vec<(NodeIx, NodeIx, Why)>) {
        for ix in copy.frames.clone() {
            let mut frame = copy.frame_of(&self.frames[ix as usize]);
            if ix == copy.frames.start {
                frame.item = Some((copy.index, item.clone()));
            }
            self.frames.push(frame);
        }
        for ix in copy.nodes.clone() {
            let needs = self.graph.needs(ix).map(|(need, why)| (copy.node(need), copy.node(ix), why));
            edges.extend(needs);
            let node = copy.node_of(self.at(ix));
            self.ids.insert(node.id.clone(), copy.node(ix));
            self.nodes.push(node);
        }
    }
}

impl Copy {
    fn node(&self, ix: NodeIx) -> NodeIx {
        if self.nodes.contains(&ix) { ix + self.node_shift } else { ix }
    }

    fn frame(&self, ix: u32) -> u32 {
        if self.frames.contains(&ix) { ix + self.frame_shift } else { ix }
    }

    fn id(&self, id: &StepId) -> StepId {
        id.in_iteration(&self.looped, self.index)
    }

    fn deadline_of(&self, deadline: &PlanDeadline) -> PlanDeadline {
        let PlanDeadline { own, told, frame, call } = deadline;
        let id = |id: &Option<StepId>| id.as_ref().map(|id| self.id(id));
        PlanDeadline {
            own: own.clone(),
            told: Deadline { until: id(&told.until), from: id(&told.from), ..told.clone() },
            frame: self.frame(*frame),
            call: call.map(|open| self.node(open)),
        }
    }

    fn frame_of(&self, frame: &Frame) -> Frame {
        Frame {
            caller: frame.caller.map(|(caller, open)| (self.frame(caller), self.node(open))),
            prefix: frame.prefix.as_ref().map(|prefix| self.id(prefix)),
            outer: frame.outer.map(|outer| self.frame(outer)),
            base: self.frame(frame.base),
            local: frame.local.iter().map(|(id, ix)| (id.clone(), self.node(*ix))).collect(),
            ..frame.clone()
        }
    }

    fn node_of(&self, node: &Node) -> Node {
        let called = |frame: Option<u32>| frame.map(|frame| self.frame(frame));
        Node {
            id: self.id(&node.id),
            frame: self.frame(node.frame),
            inside: node.inside.map(|open| self.node(open)),
            body: match node.body {
                Body::Act => Body::Act,
                Body::Open { close, frame } => Body::Open { close: self.node(close), frame: called(frame) },
                Body::Close { open, frame } => Body::Close { open: self.node(open), frame: called(frame) },
            },
            pattern: node.pattern - 1,
            undo: node.undo.map(|undo| self.node(undo)),
            undoes: node.undoes.map(|of| self.node(of)),
            ..node.clone()
        }
    }
}
