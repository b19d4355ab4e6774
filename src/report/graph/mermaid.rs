//! A graph as Mermaid, which code hosts and wikis draw. It knows nothing of layout.

use super::diagram::{Diagram, Part, REASONS, effect_name, why_word};
use crate::graph::Why;

/// The graph as a Mermaid flowchart.
pub fn graph_mermaid(diagram: &Diagram) -> String {
    let mut text = String::from("flowchart TD\n");
    parts(diagram, None, 1, &mut text);
    for edge in &diagram.edges {
        text.push_str(&format!("  s{} {} s{}\n", edge.from, arrow(edge.why), edge.to));
    }
    for why in REASONS.into_iter().filter(|why| diagram.edges.iter().any(|e| e.why == *why)) {
        text.push_str(&format!("  %% {} {}\n", arrow(why), why_word(why)));
    }
    text.push_str(
        "  classDef read fill:#eef4fb,stroke:#2b66a8,color:#16202c\n  \
         classDef change fill:#fdf4e0,stroke:#8a5a00,color:#16202c\n  \
         classDef destroy fill:#fdecea,stroke:#b3261e,stroke-width:3px,color:#16202c\n",
    );
    text
}

fn parts(diagram: &Diagram, holder: Option<usize>, depth: usize, text: &mut String) {
    let margin = "  ".repeat(depth);
    for at in diagram.held_by(holder) {
        let part = &diagram.parts[at];
        let label = label(part);
        let class = effect_name(part.effect);
        if part.holds {
            text.push_str(&format!("{margin}subgraph s{at}[\"{label}\"]\n"));
            parts(diagram, Some(at), depth + 1, text);
            text.push_str(&format!("{margin}end\n"));
        } else if part.asks {
            text.push_str(&format!("{margin}s{at}{{{{\"{label}\"}}}}:::{class}\n"));
        } else {
            text.push_str(&format!("{margin}s{at}[\"{label}\"]:::{class}\n"));
        }
    }
}

fn label(part: &Part) -> String {
    let mut lines = vec![escape(&part.name)];
    lines.extend(part.title.as_deref().map(escape));
    lines.push(escape(&part.remark()));
    lines.join("<br/>")
}

/// Text inside a quoted label: only letters, digits and what means nothing to Mermaid, HTML or Markdown.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '*' | '[' | ']' | '{' | '}' | '%' | ';' => {
                safe.push_str(&format!("#{};", c as u32));
            }
            c => safe.push(c),
        }
    }
    safe
}

fn arrow(why: Why) -> &'static str {
    match why {
        Why::Sequence => "-->",
        Why::Written => "==>",
        Why::Reference => "-.->",
        Why::After => "--o",
    }
}
