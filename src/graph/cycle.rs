//! Finds a cycle worth showing: a real one, and a short one. It does not know how to word it.

use std::collections::VecDeque;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Why;

/// How many edges a search looks at before it is content with the shortest cycle found so far.
const EFFORT: usize = 4_000_000;

/// Nodes that come before each other in a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// Along the edges; the first is also the last. It starts at the smallest node of the ring.
    pub path: Vec<u32>,
}

/// A shortest cycle of a graph that has one (in a huge tangle: the shortest that was found with fair effort).
pub(super) fn shortest(graph: &DiGraph<(), Why, u32>) -> Cycle {
    let mut group = vec![usize::MAX; graph.node_count()];
    let mut tangled = Vec::new();
    // Not tarjan_scc: it recurses, and a ring of ten thousand overflows the stack.
    for (number, nodes) in kosaraju_scc(graph).into_iter().enumerate() {
        let ring = nodes.len() > 1 || nodes.iter().any(|n| graph.contains_edge(*n, *n));
        for node in nodes {
            group[node.index()] = number;
            if ring {
                tangled.push(node);
            }
        }
    }
    tangled.sort_unstable();
    let mut search = Search { graph, group, came: vec![None; graph.node_count()], effort: EFFORT };
    let mut best: Vec<u32> = Vec::new();
    for start in tangled {
        if let Some(path) = search.from(start, best.len()) {
            best = path;
        }
        if search.effort == 0 {
            break;
        }
    }
    Cycle { path: from_smallest(best) }
}

struct Search<'g> {
    graph: &'g DiGraph<(), Why, u32>,
    group: Vec<usize>,
    came: Vec<Option<NodeIndex<u32>>>,
    effort: usize,
}

impl Search<'_> {
    /// The shortest way from `start` back to it, if it is shorter than `limit` nodes (0: no limit).
    fn from(&mut self, start: NodeIndex<u32>, limit: usize) -> Option<Vec<u32>> {
        let mut seen = vec![start];
        let mut queue = VecDeque::from([(start, 1usize)]);
        let mut found = None;
        'search: while let Some((node, length)) = queue.pop_front() {
            if limit > 0 && length + 1 >= limit {
                break;
            }
            for next in self.graph.neighbors(node) {
                self.effort = self.effort.saturating_sub(1);
                if next == start {
                    found = Some(node);
                    break 'search;
                }
                let inside = self.group[next.index()] == self.group[start.index()];
                if inside && self.came[next.index()].is_none() {
                    self.came[next.index()] = Some(node);
                    seen.push(next);
                    queue.push_back((next, length + 1));
                }
            }
        }
        let path = found.map(|last| self.back(start, last));
        for node in seen {
            self.came[node.index()] = None;
        }
        path
    }

    fn back(&self, start: NodeIndex<u32>, last: NodeIndex<u32>) -> Vec<u32> {
        let mut path = vec![start.index() as u32];
        let mut node = last;
        while node != start {
            path.push(node.index() as u32);
            match self.came[node.index()] {
                Some(before) => node = before,
                None => break,
            }
        }
        path.push(start.index() as u32);
        path.reverse();
        path
    }
}

fn from_smallest(mut path: Vec<u32>) -> Vec<u32> {
    path.pop();
    if let Some((at, _)) = path.iter().enumerate().min_by_key(|(_, n)| **n) {
        path.rotate_left(at);
    }
    path.extend(path.first().copied());
    path
}
