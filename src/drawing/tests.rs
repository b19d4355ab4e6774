//! What every layout keeps, whatever is laid out.

use proptest::prelude::*;

use super::ranking::{crossings, order};
use super::{Drawing, Link, Metrics, Place, Shape, draw};
use crate::drawing::flat::{Item, Role, Wire};
use crate::drawing::layers::Layers;

const TERMINAL: Metrics = Metrics { gap: 2, track: 1, channel: 2, lead: 0, tail: 1, pad_x: 2, pad_y: 1 };
const PAGE: Metrics = Metrics { gap: 24, track: 10, channel: 32, lead: 12, tail: 16, pad_x: 14, pad_y: 14 };

fn shape(inside: Option<usize>) -> Shape {
    Shape { inside, width: 9, height: 3 }
}

fn link(from: usize, to: usize) -> Link {
    Link { from, to, kind: 0 }
}

fn holds(shapes: &[Shape], outer: usize, inner: usize) -> bool {
    std::iter::successors(Some(inner), |at| shapes[*at].inside).any(|at| at == outer)
}

fn any_sheet() -> impl Strategy<Value = (Vec<Shape>, Vec<Link>)> {
    let shapes = prop::collection::vec((any::<prop::sample::Index>(), 0..10u8, 5..40i32, 1..6i32), 1..24);
    let links =
        prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3u8), 0..40);
    (shapes, links).prop_map(|(shapes, links)| {
        let placed = shapes.iter().enumerate().map(|(at, (holder, how, width, height))| {
            let inside = (at > 0 && *how < 4).then(|| holder.index(at));
            Shape { inside, width: *width, height: *height }
        });
        let placed: Vec<Shape> = placed.collect();
        let wanted = links.iter().map(|(a, b, kind)| Link {
            from: a.index(placed.len()),
            to: b.index(placed.len()),
            kind: *kind,
        });
        let apart = |l: &Link| !holds(&placed, l.from, l.to) && !holds(&placed, l.to, l.from);
        let links = wanted.filter(apart).collect();
        (placed, links)
    })
}

fn overlap(a: &Place, b: &Place) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn within(inner: &Place, outer: &Place) -> bool {
    inner.x > outer.x && inner.right() < outer.right() && inner.y > outer.y && inner.bottom() < outer.bottom()
}

/// Whether a stretch of a line goes through the inside of a box.
fn cuts(a: (i32, i32), b: (i32, i32), place: &Place) -> bool {
    let (left, right) = (a.0.min(b.0), a.0.max(b.0));
    let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
    left < place.right() && right >= place.x && top < place.bottom() && bottom > place.y
}

fn boxes_stand_apart(shapes: &[Shape], drawing: &Drawing) -> Result<(), TestCaseError> {
    for (a, first) in drawing.boxes.iter().enumerate() {
        prop_assert!(first.x >= 0 && first.y >= 0, "{first:?}");
        prop_assert!(first.right() <= drawing.width && first.bottom() <= drawing.height, "{first:?}");
        prop_assert!(first.width >= shapes[a].width && first.height >= shapes[a].height);
        for (b, second) in drawing.boxes.iter().enumerate().skip(a + 1) {
            if holds(shapes, a, b) {
                prop_assert!(within(second, first), "{b} in {a}: {second:?} {first:?}");
            } else {
                prop_assert!(!overlap(first, second), "{a} {b}: {first:?} {second:?}");
            }
        }
    }
    Ok(())
}

fn lines_reach(shapes: &[Shape], links: &[Link], drawing: &Drawing) -> Result<(), TestCaseError> {
    prop_assert_eq!(drawing.lines.len(), links.len());
    for (link, line) in links.iter().zip(&drawing.lines) {
        let (mut ends, mut line) = ((link.from, link.to), line.clone());
        if line.first().map(|p| p.1) > line.last().map(|p| p.1) {
            ends = (link.to, link.from);
            line.reverse();
        }
        let (from, to) = (drawing.boxes[ends.0], drawing.boxes[ends.1]);
        let (first, last) = (line[0], line[line.len() - 1]);
        prop_assert!(
            first.1 == from.bottom() && (from.x..from.right()).contains(&first.0),
            "{line:?} {from:?}"
        );
        prop_assert!(last.1 == to.y && (to.x..to.right()).contains(&last.0), "{line:?} {to:?}");
        for pair in line.windows(2) {
            prop_assert!((pair[0].0 == pair[1].0) != (pair[0].1 == pair[1].1), "a right angle: {line:?}");
            prop_assert!(pair[0].1 <= pair[1].1, "never up: {line:?}");
            let foreign =
                (0..shapes.len()).filter(|at| !holds(shapes, *at, link.from) && !holds(shapes, *at, link.to));
            for at in foreign {
                prop_assert!(!cuts(pair[0], pair[1], &drawing.boxes[at]), "{link:?} {line:?} cuts {at}");
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn boxes_never_overlap_and_every_line_reaches_its_box_around_all_others((shapes, links) in any_sheet()) {
        for metrics in [TERMINAL, PAGE] {
            let drawing = draw(&shapes, &links, &metrics);
            boxes_stand_apart(&shapes, &drawing)?;
            lines_reach(&shapes, &links, &drawing)?;
            prop_assert_eq!(&drawing, &draw(&shapes, &links, &metrics));
        }
    }
}

#[test]
fn a_chain_stands_in_one_column_with_straight_lines() {
    let shapes: Vec<Shape> = [5, 21, 9, 40].map(|width| Shape { inside: None, width, height: 3 }).to_vec();
    let drawing = draw(&shapes, &[link(0, 1), link(1, 2), link(2, 3)], &TERMINAL);
    assert!(drawing.lines.iter().all(|line| line.len() == 2), "{:?}", drawing.lines);
    assert_eq!((drawing.width, drawing.height), (40, 4 * 3 + 3 * 2));
}

#[test]
fn lines_that_reach_one_box_run_together_and_a_long_one_passes_beside() {
    let shapes = vec![shape(None); 4];
    let drawing = draw(&shapes, &[link(0, 1), link(1, 2), link(2, 3), link(0, 3), link(1, 3)], &TERMINAL);
    let x = |line: usize| drawing.lines[line].last().map(|p| p.0);
    assert_eq!(x(2), x(4), "of one kind");
    assert_eq!(x(3), x(4));
    assert!(drawing.width <= 9 + 2, "one line beside the boxes: {drawing:?}");
}

#[test]
fn a_line_against_the_order_is_drawn_upwards() {
    let drawing = draw(&[shape(None); 2], &[link(1, 0)], &TERMINAL);
    assert_eq!(drawing.boxes[0].y, 0);
    assert!(drawing.lines[0][0].1 > drawing.lines[0][1].1);
}

#[test]
fn crossings_are_counted_and_those_that_need_not_be_are_gone() {
    let item = |at| Item { role: Role::Box(at), width: 3, height: 1 };
    let wire = |from, to| Wire { from, to, bundle: to, out: None, into: None };
    let items: Vec<Item> = (0..6).map(item).collect();
    // Three above, three below, joined the other way round.
    let mut layers = Layers::of(&items, &[wire(0, 5), wire(1, 4), wire(2, 3)]);
    assert_eq!(crossings(&layers), 3);
    order(&mut layers);
    assert_eq!(crossings(&layers), 0);
}

#[test]
fn a_thousand_boxes_are_laid_out() {
    let shapes = vec![shape(None); 1000];
    let links: Vec<Link> = (1..1000).map(|at| link(at / 3, at)).collect();
    let drawing = draw(&shapes, &links, &PAGE);
    assert!(drawing.lines.iter().all(|line| line.len() >= 2));
}
