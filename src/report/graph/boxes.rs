//! A graph in the terminal: boxes and lines where the screen has room for them, else a list with rails.

use super::art::{Art, Paint, Stroke};
use super::diagram::{Diagram, Part};
use super::rails::rails;
use crate::drawing::{Drawing, Metrics, Place, draw};
use crate::graph::Why;
use crate::report::width::{fit, width, wrap};
use crate::report::{Look, safe_line};
use crate::t;

const METRICS: Metrics = Metrics { gap: 2, track: 2, channel: 2, lead: 0, tail: 1, pad_x: 2, pad_y: 1 };
/// Columns of a line of a title.
const TITLE: usize = 26;
/// More rows than this are told better by a list.
const ROWS: i32 = 64;

/// The graph for a screen of so many columns.
pub fn graph_text(diagram: &Diagram, columns: usize, look: Look) -> String {
    let head = format!("{}\n\n", look.bold(&safe_line(&diagram.title)));
    let (shapes, links) = diagram.sheet(size);
    let drawing = draw(&shapes, &links, &METRICS);
    if drawing.width as usize > columns || drawing.height > ROWS {
        return head + &rails(diagram, columns, look);
    }
    let mut art = Art::new(drawing.width, drawing.height, look);
    lines(diagram, &drawing, &mut art);
    for (part, place) in diagram.parts.iter().zip(&drawing.boxes) {
        fill(part, place, &mut art);
    }
    let dashed = diagram.edges.iter().any(|e| is_dashed(e.why));
    let legend = if dashed { legend(look) } else { String::new() };
    head + &art.text() + &legend
}

fn legend(look: Look) -> String {
    let sign = if look.unicode { "┆" } else { ":" };
    let text = t!(
        "\n{sign} uses a result of the step above, or waits for its end\n",
        "\n{sign} 上のステップの結果を参照、または終了を待つ\n"
    );
    look.dim(&text)
}

fn is_dashed(why: Why) -> bool {
    matches!(why, Why::Reference | Why::After)
}

fn lines(diagram: &Diagram, drawing: &Drawing, art: &mut Art) {
    for (edge, line) in diagram.edges.iter().zip(&drawing.lines) {
        let stroke = Stroke { from: edge.from, to: (edge.to, edge.why as u8), dashed: is_dashed(edge.why) };
        let upwards = line.first().map(|p| p.1) > line.last().map(|p| p.1);
        let mut line = line.clone();
        if upwards {
            line.reverse();
        }
        art.line(&line, stroke, upwards);
    }
}

fn body(part: &Part) -> Vec<String> {
    let mut lines = vec![part.name.clone()];
    lines.extend(part.title.as_deref().map(|title| wrap(title, TITLE, 2)).unwrap_or_default());
    lines.push(part.remark());
    lines
}

/// What stands in the upper border of a group.
fn head(part: &Part) -> String {
    let title = part.title.as_deref().map(|title| format!(" {}", fit(title, TITLE))).unwrap_or_default();
    format!(" {}{title} ", part.name)
}

fn size(part: &Part) -> (i32, i32) {
    if part.holds {
        return (width(&head(part)) as i32 + 4, 1);
    }
    let body = body(part);
    let columns = body.iter().map(|line| width(line)).max().unwrap_or(0);
    (columns as i32 + 4, body.len() as i32 + 2)
}

fn fill(part: &Part, at: &Place, art: &mut Art) {
    let tint = Paint::Of(part.effect);
    art.frame(at.x, at.y, at.width, at.height, tint);
    if part.holds {
        art.write(at.x + 2, at.y, &head(part), Paint::Bold);
        return;
    }
    let body = body(part);
    for (row, line) in body.iter().enumerate() {
        let y = at.y + 1 + row as i32;
        match row {
            0 => art.write(at.x + 2, y, line, Paint::Bold),
            row if row + 1 == body.len() => art.write(at.x + 2, y, line, tint),
            _ => art.write(at.x + 2, y, line, Paint::Plain),
        }
    }
}
