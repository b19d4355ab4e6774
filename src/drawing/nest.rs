//! Boxes inside boxes: the innermost are laid out first and are then one box each. A line that crosses a border
//! is laid out in pieces, one for each level, that meet at the border.

use std::collections::HashMap;

use super::flat::{Item, Laid, Role, Wire, lay};
use super::lines::corners;
use super::{Drawing, Link, Metrics, Place, Shape};

/// Lays out boxes and the lines between them.
pub fn draw(shapes: &[Shape], links: &[Link], metrics: &Metrics) -> Drawing {
    let mut nest = Nest::of(shapes, links);
    // What a box holds stands behind it, so backwards every box comes after all it holds.
    for holder in (0..shapes.len()).rev() {
        if shapes.iter().any(|s| s.inside == Some(holder)) {
            nest.lay_out(Some(holder), metrics);
        }
    }
    nest.lay_out(None, metrics);
    nest.drawing(metrics)
}

/// One line with the boxes that hold its ends.
struct Route {
    /// From the outermost box to the end itself; the first is where the two part.
    from: Vec<usize>,
    to: Vec<usize>,
    /// What holds both.
    within: Option<usize>,
    bundle: usize,
    /// It runs against the order and is laid out the other way round.
    turned: bool,
}

/// A level, with the item of each of its parts.
#[derive(Default)]
struct Level {
    items: Vec<Item>,
    wires: Vec<Wire>,
    /// The wire of each link that has a piece here.
    wire_of: HashMap<usize, usize>,
    laid: Laid,
    /// From the corner of the holder to that of the level.
    inset: (i32, i32),
}

struct Nest<'a> {
    shapes: &'a [Shape],
    sizes: Vec<(i32, i32)>,
    routes: Vec<Route>,
    levels: HashMap<Option<usize>, Level>,
}

impl<'a> Nest<'a> {
    fn of(shapes: &'a [Shape], links: &[Link]) -> Nest<'a> {
        let mut bundles = HashMap::new();
        let routes = links.iter().map(|link| route(shapes, link, &mut bundles)).collect();
        let sizes = shapes.iter().map(|s| (s.width, s.height)).collect();
        Nest { shapes, sizes, routes, levels: HashMap::new() }
    }

    fn lay_out(&mut self, holder: Option<usize>, metrics: &Metrics) {
        let mut level = Level::default();
        let mut item_of: HashMap<Role, usize> = HashMap::new();
        let pieces: Vec<(usize, Role, Role)> = (0..self.routes.len())
            .filter_map(|link| self.piece(link, holder).map(|(from, to)| (link, from, to)))
            .collect();
        let of_kind = |entry: bool| {
            let ends = pieces.iter().flat_map(|(_, from, to)| [*from, *to]);
            ends.filter(move |r| if entry { matches!(r, Role::Entry(_)) } else { matches!(r, Role::Exit(_)) })
        };
        let boxes = (0..self.shapes.len()).filter(|at| self.shapes[*at].inside == holder).map(Role::Box);
        for role in of_kind(true).chain(boxes).chain(of_kind(false)) {
            let fresh = level.items.len();
            if *item_of.entry(role).or_insert(fresh) == fresh {
                let (width, height) = match role {
                    Role::Box(at) => self.sizes[at],
                    Role::Entry(_) | Role::Exit(_) => (1, 0),
                };
                level.items.push(Item { role, width, height });
            }
        }
        for (link, from, to) in pieces {
            let bundle = self.routes[link].bundle;
            let wire = Wire {
                from: item_of[&from],
                to: item_of[&to],
                bundle,
                out: self.pin(from, Role::Exit(bundle)),
                into: self.pin(to, Role::Entry(bundle)),
            };
            let known = level.wires.iter().position(|w| *w == wire);
            level.wire_of.insert(link, known.unwrap_or(level.wires.len()));
            if known.is_none() {
                level.wires.push(wire);
            }
        }
        level.laid = lay(&level.items, &level.wires, metrics);
        if let Some(holder) = holder {
            let head = self.shapes[holder];
            let width = head.width.max(level.laid.width + 2 * metrics.pad_x);
            level.inset = ((width - level.laid.width) / 2, head.height);
            self.sizes[holder] = (width, head.height + level.laid.height + metrics.pad_y);
        }
        self.levels.insert(holder, level);
    }

    /// The ends of a line's piece in a level, should it have one there.
    fn piece(&self, link: usize, holder: Option<usize>) -> Option<(Role, Role)> {
        let route = &self.routes[link];
        if route.within == holder {
            return Some((Role::Box(*route.from.first()?), Role::Box(*route.to.first()?)));
        }
        let below = |chain: &[usize]| chain.windows(2).find(|p| Some(p[0]) == holder).map(|p| p[1]);
        let leaving = below(&route.from).map(|inner| (Role::Box(inner), Role::Exit(route.bundle)));
        leaving.or_else(|| below(&route.to).map(|inner| (Role::Entry(route.bundle), Role::Box(inner))))
    }

    /// Where a bundle crosses the border of a box, from the box's left end.
    fn pin(&self, end: Role, port: Role) -> Option<i32> {
        let Role::Box(at) = end else { return None };
        let level = self.levels.get(&Some(at))?;
        let item = level.items.iter().position(|i| i.role == port)?;
        Some(level.laid.corners[item].0 + level.inset.0)
    }

    fn drawing(&self, metrics: &Metrics) -> Drawing {
        let mut drawing = Drawing { boxes: vec![Place::default(); self.shapes.len()], ..Drawing::default() };
        let mut origins: HashMap<Option<usize>, (i32, i32)> = HashMap::from([(None, (0, 0))]);
        for (at, shape) in self.shapes.iter().enumerate() {
            let level = &self.levels[&shape.inside];
            let origin = origins[&shape.inside];
            let item = level.items.iter().position(|i| i.role == Role::Box(at)).unwrap_or_default();
            let corner = level.laid.corners[item];
            let (width, height) = self.sizes[at];
            let place = Place { x: origin.0 + corner.0, y: origin.1 + corner.1, width, height };
            drawing.boxes[at] = place;
            if let Some(inner) = self.levels.get(&Some(at)) {
                origins.insert(Some(at), (place.x + inner.inset.0, place.y + inner.inset.1));
            }
        }
        drawing.lines = (0..self.routes.len()).map(|link| self.line(link, &origins, metrics)).collect();
        let all = &self.levels[&None].laid;
        (drawing.width, drawing.height) = (all.width, all.height);
        drawing
    }

    /// The pieces of a line, joined: out of the boxes that hold its beginning, across, into those that hold its end.
    fn line(
        &self,
        link: usize,
        origins: &HashMap<Option<usize>, (i32, i32)>,
        metrics: &Metrics,
    ) -> Vec<(i32, i32)> {
        let route = &self.routes[link];
        let out = route.from.iter().rev().skip(1).map(|at| (Some(*at), metrics.pad_y));
        let into = route.to[..route.to.len().saturating_sub(1)].iter().map(|at| (Some(*at), 0));
        let mut line = Vec::new();
        for (holder, beyond) in out.chain([(route.within, 0)]).chain(into) {
            let level = &self.levels[&holder];
            let (x, y) = origins[&holder];
            let piece = &level.laid.lines[level.wire_of[&link]];
            line.extend(piece.iter().map(|p| (p.0 + x, p.1 + y)));
            if let (Some(last), true) = (line.last().copied(), beyond > 0) {
                line.push((last.0, last.1 + beyond));
            }
        }
        let mut line = corners(line);
        if route.turned {
            line.reverse();
        }
        line
    }
}

fn route(shapes: &[Shape], link: &Link, bundles: &mut HashMap<(usize, u8, Option<usize>), usize>) -> Route {
    let (from, to) = (chain(shapes, link.from), chain(shapes, link.to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let within = shared.checked_sub(1).map(|at| from[at]);
    let (from, to) = (from[shared..].to_vec(), to[shared..].to_vec());
    let turned = from.first() > to.first();
    let fresh = bundles.len();
    let key = (link.to, link.kind, turned.then_some(link.from));
    let bundle = *bundles.entry(key).or_insert(fresh);
    let (from, to) = if turned { (to, from) } else { (from, to) };
    Route { from, to, within, bundle, turned }
}

/// A box with all that hold it, the outermost first.
fn chain(shapes: &[Shape], at: usize) -> Vec<usize> {
    let mut chain: Vec<usize> = std::iter::successors(Some(at), |at| shapes[*at].inside).collect();
    chain.reverse();
    chain
}
