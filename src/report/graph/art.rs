//! A sheet of characters on which boxes, lines and text are drawn. It does not know what they mean.

use std::collections::HashMap;

use crate::model::Effect;
use crate::report::Look;
use crate::report::width::width;

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// A line through a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stroke {
    /// Where it comes from and where it leads: lines that share either may be joined, others only cross.
    pub from: usize,
    pub to: (usize, u8),
    pub dashed: bool,
}

/// How a sign looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Bold,
    Dim,
    Of(Effect),
}

/// The sheet.
pub(super) struct Art {
    columns: usize,
    rows: usize,
    /// Text over everything; an empty one stands behind a wide character.
    text: HashMap<(i32, i32), (String, Paint)>,
    strokes: HashMap<(i32, i32), Vec<(Stroke, u8)>>,
    look: Look,
}

impl Art {
    pub fn new(columns: i32, rows: i32, look: Look) -> Art {
        let (columns, rows) = (columns.max(0) as usize, rows.max(0) as usize);
        Art { columns, rows, text: HashMap::new(), strokes: HashMap::new(), look }
    }

    /// Writes text.
    pub fn write(&mut self, x: i32, y: i32, text: &str, paint: Paint) {
        let mut at = x;
        for c in text.chars() {
            let one = c.to_string();
            match width(&one) as i32 {
                0 => self.text.entry((at - 1, y)).or_insert((String::new(), paint)).0.push(c),
                columns => {
                    self.text.insert((at, y), (one, paint));
                    (1..columns).for_each(|by| drop(self.text.insert((at + by, y), (String::new(), paint))));
                    at += columns;
                }
            }
        }
    }

    /// A box with round corners.
    pub fn frame(&mut self, x: i32, y: i32, w: i32, h: i32, paint: Paint) {
        let [tl, tr, bl, br, across, down] = if self.look.unicode {
            ["╭", "╮", "╰", "╯", "─", "│"]
        } else {
            ["+", "+", "+", "+", "-", "|"]
        };
        for column in x + 1..x + w - 1 {
            self.write(column, y, across, paint);
            self.write(column, y + h - 1, across, paint);
        }
        for row in y + 1..y + h - 1 {
            self.write(x, row, down, paint);
            self.write(x + w - 1, row, down, paint);
        }
        for (column, row, sign) in
            [(x, y, tl), (x + w - 1, y, tr), (x, y + h - 1, bl), (x + w - 1, y + h - 1, br)]
        {
            self.write(column, row, sign, paint);
        }
    }

    /// A line downwards from the first row of the first point to the row before the last point, with an arrow at
    /// its end, or at its beginning when it points upwards.
    pub fn line(&mut self, points: &[(i32, i32)], stroke: Stroke, upwards: bool) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        for pair in points.windows(2) {
            self.stretch(pair[0], pair[1], stroke);
        }
        self.mark(*first, stroke, UP);
        let head = match (self.look.unicode, upwards) {
            (true, false) => "▼",
            (true, true) => "▲",
            (false, false) => "v",
            (false, true) => "^",
        };
        let end = if upwards { *first } else { (last.0, last.1 - 1) };
        self.text.insert(end, (head.to_string(), Paint::Plain));
    }

    fn stretch(&mut self, a: (i32, i32), b: (i32, i32), stroke: Stroke) {
        for y in a.1..b.1 {
            self.mark((a.0, y), stroke, DOWN);
            self.mark((a.0, y + 1), stroke, UP);
        }
        let (left, right) = (a.0.min(b.0), a.0.max(b.0));
        for x in left..right {
            self.mark((x, a.1), stroke, RIGHT);
            self.mark((x + 1, a.1), stroke, LEFT);
        }
    }

    fn mark(&mut self, at: (i32, i32), stroke: Stroke, side: u8) {
        let there = self.strokes.entry(at).or_default();
        match there.iter_mut().find(|(s, _)| *s == stroke) {
            Some((_, sides)) => *sides |= side,
            None => there.push((stroke, side)),
        }
    }

    /// The sheet as lines, without spaces at their ends.
    pub fn text(&self) -> String {
        let mut all = String::new();
        for y in 0..self.rows as i32 {
            // Signs that look alike are painted at once, and nothing behind the last.
            let mut runs: Vec<(String, Paint)> = Vec::new();
            for x in 0..self.columns as i32 {
                let (sign, paint) = match (self.text.get(&(x, y)), self.strokes.get(&(x, y))) {
                    (Some((text, paint)), _) => (text.as_str(), *paint),
                    (None, Some(strokes)) => (self.sign(strokes), Paint::Dim),
                    (None, None) => (" ", Paint::Plain),
                };
                match runs.last_mut() {
                    Some((run, of)) if *of == paint || sign.is_empty() => run.push_str(sign),
                    _ => runs.push((sign.to_string(), paint)),
                }
            }
            let line: String = runs.iter().map(|(run, paint)| self.painted(run, *paint)).collect();
            all.push_str(line.trim_end());
            all.push('\n');
        }
        all
    }

    fn painted(&self, text: &str, paint: Paint) -> String {
        match paint {
            Paint::Plain => text.to_string(),
            Paint::Bold => self.look.bold(text),
            Paint::Dim => self.look.dim(text),
            Paint::Of(effect) => self.look.effect(effect, text),
        }
    }

    /// The sign of the lines through a cell. Of two that only cross, the one from top to bottom is seen.
    fn sign(&self, strokes: &[(Stroke, u8)]) -> &'static str {
        let joined = |a: &Stroke, b: &Stroke| a.from == b.from || a.to == b.to;
        let all_joined = strokes.iter().all(|(a, _)| strokes.iter().all(|(b, _)| joined(a, b)));
        let over = strokes.iter().find(|(_, sides)| sides & (LEFT | RIGHT) == 0);
        let sides = match over {
            Some((_, sides)) if !all_joined => *sides,
            _ => strokes.iter().fold(0, |all, (_, sides)| all | sides),
        };
        let dashed = strokes.iter().all(|(s, _)| s.dashed);
        if self.look.unicode { sign(sides, dashed) } else { ascii(sides, dashed) }
    }
}

fn sign(sides: u8, dashed: bool) -> &'static str {
    const UP_DOWN: u8 = UP | DOWN;
    const ACROSS: u8 = LEFT | RIGHT;
    match sides {
        UP_DOWN | UP | DOWN => {
            if dashed {
                "┆"
            } else {
                "│"
            }
        }
        ACROSS | LEFT | RIGHT => {
            if dashed {
                "╌"
            } else {
                "─"
            }
        }
        s if s == UP | RIGHT => "╰",
        s if s == UP | LEFT => "╯",
        s if s == DOWN | RIGHT => "╭",
        s if s == DOWN | LEFT => "╮",
        s if s == UP_DOWN | RIGHT => "├",
        s if s == UP_DOWN | LEFT => "┤",
        s if s == ACROSS | DOWN => "┬",
        s if s == ACROSS | UP => "┴",
        _ => "┼",
    }
}

fn ascii(sides: u8, dashed: bool) -> &'static str {
    match (sides & (UP | DOWN) != 0, sides & (LEFT | RIGHT) != 0) {
        (true, false) => {
            if dashed {
                ":"
            } else {
                "|"
            }
        }
        (false, _) => {
            if dashed {
                "."
            } else {
                "-"
            }
        }
        (true, true) => "+",
    }
}
