//! Where the cells of each layer stand from left to right: near those they are joined to, lines straight where
//! there is room, never one over another.

use super::Metrics;
use super::layers::Layers;

/// How often all layers are gone through.
const SWEEPS: usize = 12;
/// How much more a passing line wants to be straight than a box wants to stand over its neighbours.
const STRAIGHT: f64 = 4.0;

/// Places the cells from left to right, the first at 0.
pub(super) fn place(layers: &mut Layers, metrics: &Metrics) {
    for row in 0..layers.rows.len() {
        let mut x = 0;
        for at in 0..layers.rows[row].len() {
            let cell = layers.rows[row][at];
            layers.cells[cell].x = x;
            x += layers.cells[cell].width + distance(layers, metrics, row, at);
        }
    }
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        for step in 0..layers.rows.len() {
            let row = if down { step } else { layers.rows.len() - 1 - step };
            level(layers, metrics, row, down, sweep + 2 >= SWEEPS);
        }
    }
    straighten(layers, metrics);
    let left = layers.cells.iter().map(|c| c.x).min().unwrap_or(0);
    layers.cells.iter_mut().for_each(|c| c.x -= left);
}

/// The distance between a cell of a row and the next.
fn distance(layers: &Layers, metrics: &Metrics, row: usize, at: usize) -> i32 {
    let thin = |at: usize| layers.rows[row].get(at).is_none_or(|c| layers.cells[*c].thin);
    if thin(at) || thin(at + 1) { metrics.track } else { metrics.gap }
}

/// Brings each cell of a row as near to its neighbours as its row allows: least squares in a fixed order, which
/// joining those that would overlap solves exactly (pool adjacent violators).
fn level(layers: &mut Layers, metrics: &Metrics, row: usize, down: bool, both: bool) {
    // (sum of weighted wishes, weight, cells), each wish less the room of the cells before it.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    let mut room = 0i32;
    for at in 0..layers.rows[row].len() {
        let cell = layers.rows[row][at];
        let (wish, weight) = wish(layers, cell, down, both);
        blocks.push(((wish - f64::from(room)) * weight, weight, 1));
        room += layers.cells[cell].width + distance(layers, metrics, row, at);
        while let [.., a, b] = blocks.as_slice()
            && a.0 / a.1 > b.0 / b.1
        {
            let joined = (a.0 + b.0, a.1 + b.1, a.2 + b.2);
            blocks.truncate(blocks.len() - 2);
            blocks.push(joined);
        }
    }
    let starts = blocks.iter().flat_map(|b| std::iter::repeat_n((b.0 / b.1).round() as i32, b.2));
    let starts: Vec<i32> = starts.collect();
    let mut room = 0;
    for (at, start) in starts.into_iter().enumerate() {
        let cell = layers.rows[row][at];
        layers.cells[cell].x = start + room;
        room += layers.cells[cell].width + distance(layers, metrics, row, at);
    }
}

/// Where the left end of a cell wants to be, and how much.
fn wish(layers: &Layers, cell: usize, down: bool, both: bool) -> (f64, f64) {
    let own = layers.cells[cell];
    let (first, second) = if down { (&layers.above, &layers.below) } else { (&layers.below, &layers.above) };
    // Boxes stand over boxes and lines go on as lines; what is of the other sort counts where there is nothing else.
    let alike = |cells: &[usize]| -> Vec<usize> {
        cells.iter().copied().filter(|n| layers.cells[*n].thin == own.thin).collect()
    };
    let mut near = alike(&first[cell]);
    if both || near.is_empty() {
        near.extend(alike(&second[cell]));
    }
    for others in [first, second] {
        if near.is_empty() {
            near.clone_from(&others[cell]);
        }
    }
    let weight = if own.thin { STRAIGHT } else { 1.0 + near.len() as f64 };
    if near.is_empty() {
        return (f64::from(own.x), 0.1);
    }
    let mean = near.iter().map(|n| f64::from(layers.cells[*n].middle())).sum::<f64>() / near.len() as f64;
    (mean - f64::from(own.width / 2), weight)
}

/// Moves a cell right below or above a neighbour of its own where the row has room: a small bend says nothing.
fn straighten(layers: &mut Layers, metrics: &Metrics) {
    for down in [true, false, true] {
        for step in 0..layers.rows.len() {
            let row = if down { step } else { layers.rows.len() - 1 - step };
            for at in 0..layers.rows[row].len() {
                let cell = layers.rows[row][at];
                let near = if down { &layers.above[cell] } else { &layers.below[cell] };
                let alike = near.iter().filter(|n| layers.cells[**n].thin == layers.cells[cell].thin);
                if let [only] = alike.collect::<Vec<_>>().as_slice() {
                    let wanted = layers.cells[**only].middle() - layers.cells[cell].width / 2;
                    if fits(layers, metrics, row, at, wanted) {
                        layers.cells[cell].x = wanted;
                    }
                }
            }
        }
    }
}

fn fits(layers: &Layers, metrics: &Metrics, row: usize, at: usize, x: i32) -> bool {
    let cells = &layers.rows[row];
    let after_left = at == 0 || {
        let left = layers.cells[cells[at - 1]];
        left.x + left.width + distance(layers, metrics, row, at - 1) <= x
    };
    let before_right = cells.get(at + 1).is_none_or(|right| {
        x + layers.cells[cells[at]].width + distance(layers, metrics, row, at) <= layers.cells[*right].x
    });
    after_left && before_right
}
