//! The graph itself: built once, then read. It does not know steps or playbooks.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use petgraph::Direction::{Incoming, Outgoing};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use serde::{Deserialize, Serialize};

use super::Cycle;
use super::cycle::shortest;

/// Why one node comes before another. Where several reasons hold for a pair, the first of this list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// `needs: [a]` says so.
    Written,
    /// A template or condition mentions `steps.a`.
    Reference,
    /// It stands above, and nothing else was said.
    Sequence,
    /// `after: [a]`: it only has to end, however it ends.
    After,
}

/// A directed graph of the nodes `0..count`.
#[derive(Clone, Debug)]
pub struct Graph {
    inner: DiGraph<(), Why, u32>,
}

impl Graph {
    /// A graph of `count` nodes. An edge says that `from` comes before `to`; of several edges between the
    /// same two nodes the strongest reason is kept. An edge to a node that is not there is left out.
    pub fn build(count: usize, edges: impl IntoIterator<Item = (u32, u32, Why)>) -> Graph {
        let mut reasons: HashMap<(u32, u32), Why> = HashMap::new();
        let there = |n: u32| (n as usize) < count;
        for (from, to, why) in edges.into_iter().filter(|(from, to, _)| there(*from) && there(*to)) {
            reasons.entry((from, to)).and_modify(|kept| *kept = why.min(*kept)).or_insert(why);
        }
        let mut edges: Vec<(u32, u32, Why)> = reasons.into_iter().map(|((a, b), why)| (a, b, why)).collect();
        // petgraph lists a node's edges newest first; adding them backwards makes every listing ascend.
        edges.sort_unstable_by(|a, b| b.cmp(a));
        let mut inner = DiGraph::with_capacity(count, edges.len());
        for _ in 0..count {
            inner.add_node(());
        }
        inner.extend_with_edges(edges);
        Graph { inner }
    }

    /// This graph with so many nodes, and these edges besides its own.
    pub fn extended(&self, count: usize, edges: impl IntoIterator<Item = (u32, u32, Why)>) -> Graph {
        let own = self
            .inner
            .edge_references()
            .map(|edge| (edge.source().index() as u32, edge.target().index() as u32, *edge.weight()));
        Graph::build(count, own.chain(edges))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.inner.node_count()
    }

    /// Whether there is no node at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every node after all that come before it; among those that could come next, the smallest first.
    ///
    /// # Errors
    /// A cycle, when there is one.
    pub fn order(&self) -> Result<Vec<u32>, Cycle> {
        let mut open: Vec<usize> = self.nodes().map(|n| self.needs(n).count()).collect();
        let mut ready: BinaryHeap<Reverse<u32>> =
            self.nodes().filter(|n| open[*n as usize] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse(n)) = ready.pop() {
            order.push(n);
            for next in self.followers(n) {
                open[next as usize] -= 1;
                if open[next as usize] == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
        if order.len() == self.len() { Ok(order) } else { Err(shortest(&self.inner)) }
    }

    /// What comes directly before `n`, and why; smallest first.
    pub fn needs(&self, n: u32) -> impl Iterator<Item = (u32, Why)> + '_ {
        self.inner
            .edges_directed(NodeIndex::new(n as usize), Incoming)
            .map(|edge| (edge.source().index() as u32, *edge.weight()))
    }

    /// What comes directly after `n`; smallest first.
    pub fn followers(&self, n: u32) -> impl Iterator<Item = u32> + '_ {
        self.inner.neighbors_directed(NodeIndex::new(n as usize), Outgoing).map(|node| node.index() as u32)
    }

    /// The nodes by depth: a node's layer is one below the deepest that it needs.
    ///
    /// # Errors
    /// A cycle, when there is one.
    pub fn layers(&self) -> Result<Vec<Vec<u32>>, Cycle> {
        let mut depth = vec![0usize; self.len()];
        let mut layers: Vec<Vec<u32>> = Vec::new();
        for n in self.order()? {
            let own = self.needs(n).map(|(before, _)| depth[before as usize] + 1).max().unwrap_or(0);
            depth[n as usize] = own;
            if layers.len() <= own {
                layers.resize_with(own + 1, Vec::new);
            }
            layers[own].push(n);
        }
        for layer in &mut layers {
            layer.sort_unstable();
        }
        Ok(layers)
    }

    fn nodes(&self) -> impl Iterator<Item = u32> + use<> {
        0..self.len() as u32
    }
}
