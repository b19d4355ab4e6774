//! The order of the cells in each layer, with few crossings: each cell to the mean of its neighbours (barycentre
//! heuristic of Sugiyama, Tagawa and Toda), down and up in turn, and the best of all orders seen is kept.

use super::layers::Layers;

/// How often all layers are gone through.
const SWEEPS: usize = 16;

/// Orders the cells of each layer.
pub(super) fn order(layers: &mut Layers) {
    let mut best = layers.rows.clone();
    let mut least = usize::MAX;
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let count = layers.rows.len();
        let mut position = positions(layers);
        for step in 1..count {
            let row = if down { step } else { count - 1 - step };
            sort_row(layers, row, down, &mut position);
        }
        let crossings = crossings(layers);
        if crossings < least {
            least = crossings;
            best.clone_from(&layers.rows);
        }
        if least == 0 {
            break;
        }
    }
    layers.rows = best;
}

fn positions(layers: &Layers) -> Vec<usize> {
    let mut position = vec![0; layers.cells.len()];
    for row in &layers.rows {
        row.iter().enumerate().for_each(|(at, cell)| position[*cell] = at);
    }
    position
}

fn sort_row(layers: &mut Layers, row: usize, down: bool, position: &mut [usize]) {
    let neighbours = if down { &layers.above } else { &layers.below };
    let key = |cell: usize| match neighbours[cell].as_slice() {
        [] => position[cell] as f64,
        near => near.iter().map(|n| position[*n] as f64).sum::<f64>() / near.len() as f64,
    };
    let mut keyed: Vec<(f64, usize)> = layers.rows[row].iter().map(|cell| (key(*cell), *cell)).collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (at, (_, cell)) in keyed.into_iter().enumerate() {
        layers.rows[row][at] = cell;
        position[cell] = at;
    }
}

/// How many pairs of segments cross (Barth, Jünger, Mutzel: inversions counted in a tree of sums).
pub(super) fn crossings(layers: &Layers) -> usize {
    let position = positions(layers);
    let mut between: Vec<Vec<(usize, usize)>> = vec![Vec::new(); layers.rows.len()];
    for s in &layers.segments {
        between[layers.cells[s.upper].layer].push((position[s.upper], position[s.lower]));
    }
    between.into_iter().map(inversions).sum()
}

fn inversions(mut ends: Vec<(usize, usize)>) -> usize {
    ends.sort_unstable();
    let size = ends.iter().map(|e| e.1 + 1).max().unwrap_or(0);
    let mut sums = vec![0usize; size + 1];
    let mut found = 0;
    for (seen, (_, lower)) in ends.into_iter().enumerate() {
        let mut at = lower + 1;
        let mut not_right = 0;
        while at > 0 {
            not_right += sums[at];
            at &= at - 1;
        }
        found += seen - not_right;
        at = lower + 1;
        while at <= size {
            sums[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    found
}
