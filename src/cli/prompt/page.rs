//! What is shown above a question: the facts to judge by and the very text that will run. It asks nothing.

use indexmap::IndexMap;
use serde_json::Value;

use crate::event::{Question, Unit};
use crate::report::{Limits, Look, cell, fit, pad, safe_line, safe_text, table, width};
use crate::t;

/// Rows of a table of facts that are shown.
const ROWS: usize = 20;

/// The lines above a question, for a screen of so many columns. The text that will run is never cut.
pub fn page(unit: &Unit, question: &Question, look: Look, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    match question {
        Question::Confirm { text, preview, facts, .. } => {
            lines.extend(title(unit, text, look));
            lines.extend(facts_lines(facts, columns));
            lines.extend(preview_lines(preview, look));
        }
        Question::Manual { instruction, link, .. } => {
            lines.extend(title(unit, instruction, look));
            lines.extend(link.iter().map(|link| format!("  {}", safe_line(link))));
        }
        Question::Decide { text, .. } => lines.extend(title(unit, text, look)),
    }
    lines
}

fn title(unit: &Unit, text: &str, look: Look) -> Vec<String> {
    let safe = safe_text(text);
    let mut lines = safe.lines();
    let first = format!("{}  {}", unit, lines.next().unwrap_or_default());
    let mut all = vec![format!("{} {}", look.loud("?"), look.bold(first.trim_end()))];
    all.extend(lines.map(|line| format!("  {line}")));
    all
}

fn facts_lines(facts: &IndexMap<String, Value>, columns: usize) -> Vec<String> {
    let plain = facts.iter().filter(|(_, value)| !is_rows(value));
    let widest = plain.map(|(label, _)| width(label)).max().unwrap_or(0).min(columns / 2);
    facts.iter().flat_map(|(label, value)| fact(label, value, widest, columns)).collect()
}

fn fact(label: &str, value: &Value, widest: usize, columns: usize) -> Vec<String> {
    let label = safe_line(label);
    match value {
        Value::Array(rows) if is_rows(value) => {
            let limits = Limits { rows: ROWS, width: columns.saturating_sub(4) };
            let mut lines = vec![format!("  {}:", fit(&label, columns.saturating_sub(4)))];
            lines.extend(table(rows, limits).into_iter().map(|line| format!("    {line}")));
            lines
        }
        other => vec![format!("  {}  {}", pad(&label, widest), cell(other))],
    }
}

fn is_rows(value: &Value) -> bool {
    value.as_array().is_some_and(|rows| !rows.is_empty())
}

fn preview_lines(preview: &str, look: Look) -> Vec<String> {
    if preview.is_empty() {
        return Vec::new();
    }
    let bar = look.dim(if look.unicode { "│" } else { "|" });
    let mut lines = vec![format!("  {}", t!("This will run:", "実行する内容:"))];
    lines.extend(safe_text(preview).lines().map(|line| format!("  {bar} {line}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::StepId;
    use serde_json::json;

    #[test]
    fn a_confirmation_shows_the_facts_and_all_of_the_text() {
        let facts = IndexMap::from([
            ("対象".to_string(), json!("refnet")),
            ("size".to_string(), json!(12)),
            ("rows".to_string(), json!([{"表": "論文", "n": 3}])),
        ]);
        let preview = format!("DROP DATABASE refnet;\n-- {}\u{1b}[2K", "長い".repeat(60));
        let text = "Really?".to_string();
        let question = Question::Confirm { text, preview: preview.clone(), facts, typed: None, people: 1 };
        let look = Look { colour: false, unicode: true };
        let lines = page(&Unit::step(StepId::new("swap")), &question, look, 60);
        let shown = lines[1..10].join("\n");
        let last = format!("  │ -- {}\\u{{1b}}[2K", "長い".repeat(60));
        let whole = [
            "? swap  Really?",
            "  対象  refnet",
            "  size  12",
            "  rows:",
            "    表    n",
            "    ----  -",
            "    論文  3",
            "  This will run:",
            "  │ DROP DATABASE refnet;",
        ];
        assert_eq!(shown, whole.join("\n"));
        assert_eq!(lines[10], last);
    }
}
