//! Lines between layers: straight down, or down, across and down. Lines that turn in the same room each get a
//! track of their own where they would lie on each other (left-edge channel routing of Hashimoto and Stevens).

use std::collections::HashMap;

use super::Metrics;
use super::flat::Wire;
use super::layers::Layers;

/// The rows of a level, and its lines.
pub(super) struct Routed {
    /// The upper end of each layer.
    pub tops: Vec<i32>,
    pub height: i32,
    pub lines: Vec<Vec<(i32, i32)>>,
}

/// What runs together between two layers: from several cells above to one below.
#[derive(Debug)]
struct Net {
    bundle: usize,
    /// The columns in which it leaves the cells above.
    out: Vec<i32>,
    /// The column in which it reaches the one below.
    into: i32,
    /// Its place among the lines that turn; none for a straight one.
    track: Option<i32>,
}

impl Net {
    fn first(&self) -> i32 {
        self.out.iter().copied().min().unwrap_or(self.into).min(self.into)
    }

    fn last(&self) -> i32 {
        self.out.iter().copied().max().unwrap_or(self.into).max(self.into)
    }
}

/// Routes every wire.
pub(super) fn route(layers: &Layers, wires: &[Wire], metrics: &Metrics) -> Routed {
    let pins = Pins::of(layers, wires, metrics);
    let mut channels = nets(layers, &pins);
    let mut tops = Vec::with_capacity(layers.rows.len());
    let mut bottoms = Vec::with_capacity(layers.rows.len());
    let mut y = 0;
    for (row, channel) in layers.rows.iter().zip(&mut channels) {
        tops.push(y);
        y += row.iter().map(|c| layers.cells[*c].height).max().unwrap_or(0);
        bottoms.push(y);
        if tops.len() < layers.rows.len() {
            let tracks = share_tracks(channel);
            y += metrics.channel.max(metrics.lead + tracks * metrics.track + metrics.tail);
        }
    }
    let line = |(wire, path): (&Wire, &Vec<usize>)| {
        let mut line = Vec::new();
        for pair in path.windows(2) {
            let (upper, lower) = (layers.cells[pair[0]], layers.cells[pair[1]]);
            let net = channels[upper.layer].iter().find(|n| n.bundle == wire.bundle);
            let Some(net) = net else { continue };
            let out = pins.out(layers, pair[0], wire.bundle);
            line.push((out, tops[upper.layer] + upper.height));
            if let Some(track) = net.track {
                let at = bottoms[upper.layer] + metrics.lead + track * metrics.track;
                line.extend([(out, at), (net.into, at)]);
            }
            line.push((net.into, tops[lower.layer]));
        }
        corners(line)
    };
    let lines = wires.iter().zip(&layers.paths).map(line).collect();
    Routed { tops, height: y, lines }
}

/// Points that only lie between their neighbours left out.
pub(super) fn corners(points: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    let mut kept: Vec<(i32, i32)> = Vec::with_capacity(points.len());
    for point in points {
        if kept.last() == Some(&point) {
            continue;
        }
        if let [.., a, b] = kept.as_slice()
            && ((a.0 == b.0 && b.0 == point.0) || (a.1 == b.1 && b.1 == point.1))
        {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

fn nets(layers: &Layers, pins: &Pins) -> Vec<Vec<Net>> {
    let mut channels: Vec<Vec<Net>> = layers.rows.iter().map(|_| Vec::new()).collect();
    for s in &layers.segments {
        let channel = &mut channels[layers.cells[s.upper].layer];
        let out = pins.out(layers, s.upper, s.bundle);
        match channel.iter_mut().find(|n| n.bundle == s.bundle) {
            Some(net) => net.out.push(out),
            None => {
                let into = pins.into(layers, s.lower, s.bundle);
                channel.push(Net { bundle: s.bundle, out: vec![out], into, track: None });
            }
        }
    }
    channels
}

/// Gives each net that turns a track, and says how many there are.
fn share_tracks(nets: &mut [Net]) -> i32 {
    let mut left: Vec<usize> = (0..nets.len()).filter(|n| nets[*n].first() < nets[*n].last()).collect();
    left.sort_by_key(|n| (nets[*n].first(), nets[*n].last()));
    let mut track = 0;
    while !left.is_empty() {
        // A net that leaves a column in which another arrives turns above it, else they would lie on each other.
        let waits = |n: usize| left.iter().any(|m| *m != n && nets[*m].out.contains(&nets[n].into));
        let mut ready: Vec<usize> = left.iter().copied().filter(|n| !waits(*n)).collect();
        if ready.is_empty() {
            ready.push(left[0]);
        }
        let mut end = i32::MIN;
        for n in ready {
            if nets[n].first() > end {
                end = nets[n].last();
                nets[n].track = Some(track);
                left.retain(|m| *m != n);
            }
        }
        track += 1;
    }
    track
}

/// The columns in which lines leave and reach cells.
struct Pins {
    out: HashMap<(usize, usize), i32>,
    into: HashMap<(usize, usize), i32>,
}

impl Pins {
    fn of(layers: &Layers, wires: &[Wire], metrics: &Metrics) -> Pins {
        let mut pins = Pins { out: HashMap::new(), into: HashMap::new() };
        for wire in wires {
            let given = [(&mut pins.out, wire.from, wire.out), (&mut pins.into, wire.to, wire.into)];
            for (map, cell, offset) in given {
                if let Some(offset) = offset {
                    map.insert((cell, wire.bundle), layers.cells[cell].x + offset);
                }
            }
        }
        pins.spread(layers, metrics);
        pins
    }

    fn out(&self, layers: &Layers, cell: usize, bundle: usize) -> i32 {
        self.out.get(&(cell, bundle)).copied().unwrap_or_else(|| layers.cells[cell].middle())
    }

    fn into(&self, layers: &Layers, cell: usize, bundle: usize) -> i32 {
        self.into.get(&(cell, bundle)).copied().unwrap_or_else(|| layers.cells[cell].middle())
    }

    /// Bundles that reach the same box arrive side by side, in the order in which they come from the left, and
    /// not in a column in which something else leaves the layer above.
    fn spread(&mut self, layers: &Layers, metrics: &Metrics) {
        let mut reaching: HashMap<usize, Vec<(f64, usize)>> = HashMap::new();
        let mut leaving: HashMap<(usize, i32), Vec<usize>> = HashMap::new();
        for s in &layers.segments {
            let out = self.out(layers, s.upper, s.bundle);
            leaving.entry((layers.cells[s.upper].layer + 1, out)).or_default().push(s.bundle);
            if !layers.cells[s.lower].thin && !self.into.contains_key(&(s.lower, s.bundle)) {
                let bundles = reaching.entry(s.lower).or_default();
                match bundles.iter_mut().find(|b| b.1 == s.bundle) {
                    Some(bundle) => bundle.0 = (bundle.0 + f64::from(out)) / 2.0,
                    None => bundles.push((f64::from(out), s.bundle)),
                }
            }
        }
        for (cell, mut bundles) in reaching {
            bundles.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let own = layers.cells[cell];
            let step = metrics.track.max(2).min((own.width - 2).max(1) / bundles.len().max(1) as i32).max(1);
            let first = own.middle() - step * (bundles.len() as i32 - 1) / 2;
            // The columns in which lines go on into what a box holds.
            let given: Vec<i32> =
                self.into.iter().filter(|((c, _), _)| *c == cell).map(|(_, x)| *x).collect();
            let mut least = (own.x + 1).min(own.right() - 1);
            for (at, (_, bundle)) in bundles.iter().enumerate() {
                let foreign = |x: i32| {
                    leaving.get(&(own.layer, x)).is_some_and(|there| !there.contains(bundle))
                        || given.contains(&x)
                };
                let wanted = (first + step * at as i32).max(least);
                let free = (0..own.width)
                    .flat_map(|by| [wanted + by, wanted - by])
                    .find(|x| *x >= least && *x < own.right() - 1 && !foreign(*x));
                // Where there is no room for all of them, the last ones share a column.
                let end = (own.right() - 2).max(own.x);
                let x = free.unwrap_or(wanted.min(end));
                self.into.insert((cell, *bundle), x);
                least = (x + 1).min(end);
            }
        }
    }
}
