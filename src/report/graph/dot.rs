//! A graph for Graphviz. It knows nothing of layout.

use super::diagram::{Diagram, Part, effect_name, why_name};
use crate::graph::Why;
use crate::model::Effect;

/// The graph in the language DOT.
pub fn graph_dot(diagram: &Diagram) -> String {
    let mut text = format!(
        "digraph plan {{\n  label={}; labelloc=t; compound=true; rankdir=TB;\n  \
         node [shape=box, style=\"rounded,filled\", fontname=\"Noto Sans CJK JP, sans-serif\"];\n  \
         edge [color=\"#5b6672\"];\n",
        quoted(&diagram.title)
    );
    parts(diagram, None, 1, &mut text);
    for edge in &diagram.edges {
        let mut options = format!("class={}, style={}", why_name(edge.why), line(edge.why));
        let (from, to) = (&diagram.parts[edge.from], &diagram.parts[edge.to]);
        if from.holds {
            options.push_str(&format!(", ltail=cluster_{}", edge.from));
        }
        if to.holds {
            options.push_str(&format!(", lhead=cluster_{}", edge.to));
        }
        let (from, to) = (leaf(diagram, edge.from, true), leaf(diagram, edge.to, false));
        text.push_str(&format!("  s{from} -> s{to} [{options}];\n"));
    }
    text.push_str("}\n");
    text
}

/// Graphviz joins steps only: the last or first one that a group holds stands for the group.
fn leaf(diagram: &Diagram, at: usize, last: bool) -> usize {
    let held = if last { diagram.held_by(Some(at)).last() } else { diagram.held_by(Some(at)).next() };
    held.map_or(at, |inner| leaf(diagram, inner, last))
}

fn parts(diagram: &Diagram, holder: Option<usize>, depth: usize, text: &mut String) {
    let margin = "  ".repeat(depth);
    for at in diagram.held_by(holder) {
        let part = &diagram.parts[at];
        let (line, fill) = colours(part.effect);
        let look = format!("class={}, color=\"{line}\", fillcolor=\"{fill}\"", effect_name(part.effect));
        if part.holds {
            let look = look.replace(", ", "; ");
            text.push_str(&format!(
                "{margin}subgraph cluster_{at} {{\n{margin}  label={}; {look};\n",
                label(part)
            ));
            parts(diagram, Some(at), depth + 1, text);
            text.push_str(&format!("{margin}}}\n"));
        } else {
            let shape = if part.asks { ", shape=hexagon, style=filled" } else { "" };
            text.push_str(&format!("{margin}s{at} [label={}, {look}{shape}];\n", label(part)));
        }
    }
}

fn label(part: &Part) -> String {
    let mut lines = vec![part.name.clone()];
    lines.extend(part.title.clone());
    lines.push(part.remark());
    quoted(&lines.join("\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn colours(effect: Effect) -> (&'static str, &'static str) {
    match effect {
        Effect::Read => ("#2b66a8", "#eef4fb"),
        Effect::Change => ("#8a5a00", "#fdf4e0"),
        Effect::Destroy => ("#b3261e", "#fdecea"),
    }
}

fn line(why: Why) -> &'static str {
    match why {
        Why::Sequence => "solid",
        Why::Written => "bold",
        Why::Reference => "dashed",
        Why::After => "dotted",
    }
}
