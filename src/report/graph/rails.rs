//! A graph as a list with rails on its left: a rail leads from each step down to those that wait for it, as
//! `git log --graph` has it. It fits any screen, however wide the graph.

use super::diagram::{Diagram, Part, why_word};
use crate::graph::Why;
use crate::model::Effect;
use crate::report::Look;
use crate::report::width::{fit, width};

/// Rails side by side; further ones are told in words only.
const MOST: usize = 14;

/// The graph as a list for a screen of so many columns.
pub(super) fn rails(diagram: &Diagram, columns: usize, look: Look) -> String {
    let mut track = Track { rails: Vec::new(), look };
    let last_use: Vec<Option<usize>> = (0..diagram.parts.len())
        .map(|at| diagram.edges.iter().filter(|e| e.from == at).map(|e| e.to).max().filter(|to| *to > at))
        .collect();
    let mut rows: Vec<(String, String, Vec<String>)> = Vec::new();
    for (at, part) in diagram.parts.iter().enumerate() {
        let before: Vec<usize> = diagram.edges.iter().filter(|e| e.to == at).map(|e| e.from).collect();
        let row = track.row(part, at, &before, &last_use);
        rows.push((row, track.between(), remarks(diagram, at, &track, &before)));
    }
    let left = rows.iter().map(|r| width(&r.0)).max().unwrap_or(0) + 1;
    let mut text = String::new();
    for ((row, below, remarks), at) in rows.iter().zip(0..) {
        let part = &diagram.parts[at];
        let depth = std::iter::successors(part.inside, |outer| diagram.parts[*outer].inside).count();
        let room = columns.saturating_sub(left + 2 * depth);
        let fill = " ".repeat((left + 2 * depth).saturating_sub(width(row)));
        text.push_str(&format!("{row}{fill}{}\n", told(part, room, look)));
        for remark in remarks {
            let fill = " ".repeat((left + 2 * depth + 2).saturating_sub(width(below)));
            let remark = fit(remark, room.saturating_sub(2));
            text.push_str(&format!("{below}{fill}{}\n", look.dim(&remark)));
        }
    }
    text
}

/// A step in one line.
fn told(part: &Part, room: usize, look: Look) -> String {
    let remark = part.remark();
    let id = fit(&part.id, room);
    let rest = room.saturating_sub(width(&id) + 2);
    let shown = fit(&remark, rest);
    let rest = rest.saturating_sub(width(&shown) + 2);
    let title = part.title.as_deref().filter(|_| rest > 3).map(|title| fit(title, rest)).unwrap_or_default();
    let line = format!("{}  {}  {title}", look.bold(&id), look.effect(part.effect, &shown));
    line.trim_end().to_string()
}

/// What a step waits for, where it is not just the step above, or has no rail.
fn remarks(diagram: &Diagram, at: usize, track: &Track, before: &[usize]) -> Vec<String> {
    let sign = if track.look.unicode { "←" } else { "<-" };
    let plain = before.len() <= 1 && diagram.edges.iter().all(|e| e.to != at || e.why == Why::Sequence);
    if plain {
        return Vec::new();
    }
    let mut remarks: Vec<String> = Vec::new();
    for why in super::diagram::REASONS {
        let edges = diagram.edges.iter().filter(|e| e.to == at && e.why == why);
        let ids: Vec<&str> = edges.map(|e| diagram.parts[e.from].id.as_str()).collect();
        if !ids.is_empty() {
            remarks.push(format!("{sign} {} ({})", ids.join(", "), why_word(why)));
        }
    }
    remarks
}

struct Track {
    /// The step that each rail comes from.
    rails: Vec<Option<usize>>,
    look: Look,
}

impl Track {
    /// The rails beside a step, whose rail begins here, and those that end here.
    fn row(&mut self, part: &Part, at: usize, before: &[usize], last_use: &[Option<usize>]) -> String {
        let coming = |rail: &Option<usize>| rail.is_some_and(|from| before.contains(&from));
        let ending = |rail: &Option<usize>| rail.is_some_and(|from| last_use[from] == Some(at));
        let own = self.rails.iter().position(|r| coming(r) && ending(r));
        let own = own.or_else(|| self.rails.iter().position(Option::is_none)).unwrap_or(self.rails.len());
        if own == self.rails.len() {
            self.rails.push(None);
        }
        let touched = (0..self.rails.len()).filter(|k| *k == own || coming(&self.rails[*k]));
        let (first, last) = touched.fold((own, own), |(a, b), k| (a.min(k), b.max(k)));
        let mut line = String::new();
        for (k, rail) in self.rails.iter().enumerate() {
            let sign = match rail {
                _ if k == own => self.look.effect(part.effect, self.marker(part)),
                Some(_) if coming(rail) => self.dim(join(k < own, ending(rail))),
                Some(_) => self.dim("│"),
                None if k > first && k < last => self.dim("─"),
                None => " ".to_string(),
            };
            line.push_str(&sign);
            line.push_str(&if k >= first && k < last { self.dim("─") } else { " ".to_string() });
        }
        self.rails.iter_mut().filter(|rail| ending(rail)).for_each(|rail| *rail = None);
        self.rails[own] = Some(at).filter(|at| last_use[*at].is_some() && own < MOST);
        while self.rails.last() == Some(&None) {
            self.rails.pop();
        }
        line.trim_end().to_string()
    }

    /// The rails between two steps.
    fn between(&self) -> String {
        let rail = |rail: &Option<usize>| if rail.is_some() { self.dim("│") } else { " ".to_string() };
        let rails: Vec<String> = self.rails.iter().map(rail).collect();
        rails.join(" ").trim_end().to_string()
    }

    fn marker(&self, part: &Part) -> &'static str {
        match (self.look.unicode, part.holds, part.effect) {
            (true, true, _) => "□",
            (true, false, Effect::Read) => "○",
            (true, false, Effect::Change) => "●",
            (true, false, Effect::Destroy) => "◆",
            (false, true, _) => "#",
            (false, false, Effect::Read) => "o",
            (false, false, Effect::Change) => "*",
            (false, false, Effect::Destroy) => "!",
        }
    }

    fn dim(&self, sign: &str) -> String {
        let plain = match sign {
            _ if self.look.unicode => sign,
            "│" => "|",
            "─" => "-",
            _ => "+",
        };
        self.look.dim(plain)
    }
}

/// The sign of a rail that leads to a step: one on its left or on its right, that ends or goes on.
fn join(left: bool, ends: bool) -> &'static str {
    match (left, ends) {
        (true, true) => "╰",
        (true, false) => "├",
        (false, true) => "╯",
        (false, false) => "┤",
    }
}
