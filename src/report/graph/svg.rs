//! A graph as SVG: a file of its own, or part of a page. Nothing in it is fetched or run, and no style is
//! written at an element, so that a strict page can hold it.

use maud::{Markup, PreEscaped, html};

use super::diagram::{Diagram, Part, effect_name, why_name};
use crate::drawing::{Drawing, Metrics, Place, draw};
use crate::report::width::{width, wrap};
use crate::t;

/// Its own style sheet; a page has it in its own.
pub(crate) const STYLE: &str = include_str!("graph.css");

const METRICS: Metrics =
    Metrics { gap: 26, track: 12, channel: 36, lead: 14, tail: 20, pad_x: 18, pad_y: 18 };
/// Around the whole.
const MARGIN: i32 = 12;
/// Columns of a line of a title.
const TITLE: usize = 34;
/// Pixels of a column of each line: the id in a fixed width, title and remark in the sans of the page.
const ID_COLUMN: f64 = 7.9;
const TITLE_COLUMN: f64 = 6.9;
const REMARK_COLUMN: f64 = 6.5;
const LINE: i32 = 18;
/// A page may draw it as small as this part of its size, and is still read.
const LEAST: f64 = 0.72;

/// The graph as a file of its own.
pub fn graph_svg(diagram: &Diagram) -> String {
    let svg = svg(diagram, &drawing(diagram), &|_| None);
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", svg.into_string())
}

/// The graph as a part of a page; each step leads to the address that `to` gives for its place in the plan. Beside it
/// the style that it needs there: how far it may shrink, and where its first step is, which is what is seen first.
pub fn page_svg(diagram: &Diagram, to: &dyn Fn(usize) -> String) -> (Markup, String) {
    let drawing = drawing(diagram);
    let width = drawing.width + 2 * MARGIN;
    let least = (f64::from(width) * LEAST) as i32;
    let first = drawing.boxes.first().map_or(0, |b| b.x + b.width / 2 + MARGIN);
    let at = 100.0 * f64::from(first) / f64::from(width.max(1));
    let style = format!(
        ".sheet{{width:{width}px}}.begin{{left:{at:.1}%}}\n\
         @media screen{{.sheet{{min-width:{least}px}}}}\n\
         @media screen and (max-width:40rem){{.sheet{{min-width:{width}px}}}}\n"
    );
    (svg(diagram, &drawing, &|at| Some(to(at))), style)
}

fn drawing(diagram: &Diagram) -> Drawing {
    let (shapes, links) = diagram.sheet(size);
    draw(&shapes, &links, &METRICS)
}

fn svg(diagram: &Diagram, drawing: &Drawing, to: &dyn Fn(usize) -> Option<String>) -> Markup {
    let (w, h) = (drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN);
    let alone = to(0).is_none();
    let about = t!("Graph of the steps of {}", "{} の手順の図", diagram.title);
    let order = (0..diagram.parts.len()).collect::<Vec<_>>();
    html! {
        svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" aria-label=(about)
            width=(w) height=(h) viewBox=(format!("{} {} {w} {h}", -MARGIN, -MARGIN)) {
            title { (about) }
            @if alone { style { (PreEscaped(STYLE)) } }
            @for at in order.iter().filter(|at| diagram.parts[**at].holds) {
                (frame(&diagram.parts[*at], &drawing.boxes[*at]))
            }
            (lines(diagram, drawing))
            @for at in order {
                @let part = &diagram.parts[at];
                @match to(at) {
                    Some(address) => a href=(address) { (text(part, &drawing.boxes[at])) },
                    None => (text(part, &drawing.boxes[at])),
                }
            }
        }
    }
}

/// The least size of a box: of a step its own, of what holds steps that of its head.
fn size(part: &Part) -> (i32, i32) {
    let titles = titles(part);
    let wide = |text: &str, column: f64| (width(text) as f64 * column).ceil() as i32;
    let title = titles.iter().map(|line| wide(line, TITLE_COLUMN)).max().unwrap_or(0);
    let text = wide(&part.name, ID_COLUMN).max(title).max(wide(&part.remark(), REMARK_COLUMN));
    let lines = titles.len() as i32 + 2;
    let below = if part.holds { 14 } else { 10 };
    (text + 30, lines * LINE + 8 + below)
}

fn titles(part: &Part) -> Vec<String> {
    part.title.as_deref().map(|title| wrap(title, TITLE, 2)).unwrap_or_default()
}

fn frame(part: &Part, at: &Place) -> Markup {
    html! {
        rect class=(format!("frame {}", effect_name(part.effect)))
            x=(at.x) y=(at.y) width=(at.width) height=(at.height) rx="10" {}
    }
}

fn text(part: &Part, at: &Place) -> Markup {
    let line = |number: usize| at.y + 4 + LINE * (number as i32 + 1);
    let titles = titles(part);
    html! {
        g class=(effect_name(part.effect)) {
            @if !part.holds {
                rect class=(if part.asks { "box asks" } else { "box" })
                    x=(at.x) y=(at.y) width=(at.width) height=(at.height) rx="7" {}
                rect class="edge" x=(at.x + 5) y=(at.y + 6) width="4" height=(at.height - 12) rx="2" {}
            }
            text class="id" x=(at.x + 18) y=(line(0)) { (part.name) }
            @for (number, title) in titles.iter().enumerate() {
                text class="title" x=(at.x + 18) y=(line(number + 1)) { (title) }
            }
            text class="remark" x=(at.x + 18) y=(line(titles.len() + 1)) { (part.remark()) }
        }
    }
}

fn lines(diagram: &Diagram, drawing: &Drawing) -> Markup {
    let mut heads: Vec<(i32, i32, bool, &str)> = Vec::new();
    for (edge, line) in diagram.edges.iter().zip(&drawing.lines) {
        if let [.., before, end] = line.as_slice() {
            heads.push((end.0, end.1, before.1 > end.1, why_name(edge.why)));
        }
    }
    heads.sort_unstable();
    heads.dedup();
    html! {
        @for (edge, line) in diagram.edges.iter().zip(&drawing.lines) {
            path class=(format!("line {}", why_name(edge.why))) d=(rounded(line)) {
                title { (diagram.parts[edge.from].id) " → " (diagram.parts[edge.to].id) " (" (super::why_word(edge.why)) ")" }
            }
        }
        @for (x, y, up, why) in heads {
            @let (base, tip) = if up { (y + 8, y + 1) } else { (y - 8, y - 1) };
            path class=(format!("head {why}")) d=(format!("M{} {base}H{}L{x} {tip}Z", x - 4, x + 4)) {}
        }
    }
}

/// A line with its corners rounded.
fn rounded(line: &[(i32, i32)]) -> String {
    let mut path = String::new();
    for (at, point) in line.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).map(|b| line[b]), line.get(at + 1));
        match (before, after) {
            (None, _) => path.push_str(&format!("M{} {}", point.0, point.1)),
            (Some(_), None) => path.push_str(&format!("L{} {}", point.0, point.1)),
            (Some(before), Some(after)) => {
                let (a, b) = (towards(*point, before), towards(*point, *after));
                path.push_str(&format!("L{} {}Q{} {} {} {}", a.0, a.1, point.0, point.1, b.0, b.1));
            }
        }
    }
    path
}

/// A point a little way from a corner towards another, at most half of it.
fn towards(corner: (i32, i32), other: (i32, i32)) -> (i32, i32) {
    let part = |from: i32, to: i32| from + (to - from).signum() * ((to - from).abs() / 2).min(6);
    (part(corner.0, other.0), part(corner.1, other.1))
}

/// What the lines of a graph mean, for a page.
pub(crate) fn legend(diagram: &Diagram) -> Markup {
    let used = super::diagram::REASONS.into_iter().filter(|why| diagram.edges.iter().any(|e| e.why == *why));
    html! {
        ul class="legend" {
            @for why in used {
                li {
                    svg class="graph" width="34" height="10" aria-hidden="true" {
                        path class=(format!("line {}", why_name(why))) d="M1 5H33" {}
                    }
                    (super::why_word(why))
                }
            }
        }
    }
}
