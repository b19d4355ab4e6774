//! One level: boxes side by side in layers, with lines among them and to the border of what holds them.

use super::Metrics;
use super::layers::Layers;
use super::{across, lines, ranking};

/// What an item of a level is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// A box.
    Box(usize),
    /// Where the lines of a bundle come in at the top.
    Entry(usize),
    /// Where the lines of a bundle leave at the bottom.
    Exit(usize),
}

/// Something to be placed in a level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub role: Role,
    pub width: i32,
    pub height: i32,
}

/// Lines between two items, the first before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wire {
    pub from: usize,
    pub to: usize,
    /// Lines of one bundle run together.
    pub bundle: usize,
    /// Where it leaves, from the left end of its box; none where that is free.
    pub out: Option<i32>,
    /// Where it arrives.
    pub into: Option<i32>,
}

/// A level laid out, from its own left upper corner.
#[derive(Debug, Default)]
pub(super) struct Laid {
    pub width: i32,
    pub height: i32,
    /// The left upper corner of each item.
    pub corners: Vec<(i32, i32)>,
    /// The corners of each wire.
    pub lines: Vec<Vec<(i32, i32)>>,
}

/// Lays one level out.
pub(super) fn lay(items: &[Item], wires: &[Wire], metrics: &Metrics) -> Laid {
    let mut layers = Layers::of(items, wires);
    ranking::order(&mut layers);
    across::place(&mut layers, metrics);
    let routed = lines::route(&layers, wires, metrics);
    let corners = layers.cells[..items.len()].iter().map(|c| (c.x, routed.tops[c.layer])).collect();
    let width = layers.cells.iter().map(|c| c.x + c.width).max().unwrap_or(0);
    Laid { width, height: routed.height, corners, lines: routed.lines }
}
