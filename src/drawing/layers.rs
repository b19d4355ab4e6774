//! From boxes of one level to layers of cells: a line that passes a layer has a cell of its own there, so that
//! room is kept for it. Lines that run together share it.

use std::collections::HashMap;

use super::flat::{Item, Role, Wire};
use crate::graph::{Graph, Why};

/// Something that takes room in a layer: a box, the end of a line at the border, or a line passing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub layer: usize,
    /// Its left end.
    pub x: i32,
    pub width: i32,
    pub height: i32,
    /// A line rather than a box.
    pub thin: bool,
}

impl Cell {
    pub fn right(&self) -> i32 {
        self.x + self.width
    }

    pub fn middle(&self) -> i32 {
        self.x + self.width / 2
    }
}

/// The part of lines that run together between a layer and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Segment {
    pub upper: usize,
    pub lower: usize,
    pub bundle: usize,
}

/// Cells in layers, and what runs between them.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The items first, in their order.
    pub cells: Vec<Cell>,
    /// The cells of each layer from left to right.
    pub rows: Vec<Vec<usize>>,
    pub segments: Vec<Segment>,
    /// The cells that each wire passes, both ends included.
    pub paths: Vec<Vec<usize>>,
    pub above: Vec<Vec<usize>>,
    pub below: Vec<Vec<usize>>,
}

impl Layers {
    pub fn of(items: &[Item], wires: &[Wire]) -> Layers {
        let depth = depths(items, wires);
        let mut layers = Layers::default();
        for (item, layer) in items.iter().zip(&depth) {
            let thin = !matches!(item.role, Role::Box(_));
            layers.cells.push(Cell { layer: *layer, x: 0, width: item.width, height: item.height, thin });
        }
        let mut passing: HashMap<(usize, usize), usize> = HashMap::new();
        for wire in wires {
            let path = layers.path(wire, &mut passing);
            layers.paths.push(path);
        }
        layers.segments.sort_unstable();
        layers.segments.dedup();
        layers.above = vec![Vec::new(); layers.cells.len()];
        layers.below = vec![Vec::new(); layers.cells.len()];
        for s in &layers.segments {
            layers.above[s.lower].push(s.upper);
            layers.below[s.upper].push(s.lower);
        }
        layers.rows = vec![Vec::new(); layers.cells.iter().map(|c| c.layer + 1).max().unwrap_or(0)];
        for (at, cell) in layers.cells.iter().enumerate() {
            layers.rows[cell.layer].push(at);
        }
        layers
    }

    fn path(&mut self, wire: &Wire, passing: &mut HashMap<(usize, usize), usize>) -> Vec<usize> {
        let mut path = vec![wire.from];
        for layer in self.cells[wire.from].layer + 1..self.cells[wire.to].layer {
            let fresh = self.cells.len();
            let cell = *passing.entry((wire.bundle, layer)).or_insert(fresh);
            if cell == fresh {
                self.cells.push(Cell { layer, x: 0, width: 1, height: 0, thin: true });
            }
            path.push(cell);
        }
        path.push(wire.to);
        let pairs = path.windows(2).map(|p| Segment { upper: p[0], lower: p[1], bundle: wire.bundle });
        self.segments.extend(pairs);
        path
    }
}

/// The layer of each item: a box one below the deepest it follows, lines that come in at the very top, lines that
/// leave at the very bottom.
fn depths(items: &[Item], wires: &[Wire]) -> Vec<usize> {
    let is_box = |at: usize| matches!(items[at].role, Role::Box(_));
    let between = wires.iter().filter(|w| is_box(w.from) && is_box(w.to));
    let graph = Graph::build(items.len(), between.map(|w| (w.from as u32, w.to as u32, Why::Written)));
    let top = usize::from(items.iter().any(|i| matches!(i.role, Role::Entry(_))));
    let mut depth = vec![0; items.len()];
    // Every wire runs in the order of the items, so there is no cycle.
    let rows = graph.layers().unwrap_or_default();
    for (layer, row) in rows.iter().enumerate() {
        row.iter().for_each(|at| depth[*at as usize] = layer + top);
    }
    let boxes = (0..items.len()).filter(|at| is_box(*at));
    let bottom = boxes.map(|at| depth[at] + 1).max().unwrap_or(0);
    for (at, item) in items.iter().enumerate() {
        match item.role {
            Role::Box(_) => {}
            Role::Entry(_) => depth[at] = 0,
            Role::Exit(_) => depth[at] = bottom,
        }
    }
    depth
}
