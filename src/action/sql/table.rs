//! Rows as aligned text for a log, within bounds. It does not know where they come from.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::result::ResultSet;

const ROWS: usize = 20;
const CELL: usize = 40;
const COLUMNS: usize = 30;

/// The first rows as a table, a line each; nothing when there are no columns.
pub(super) fn table(set: &ResultSet) -> Vec<String> {
    let names: Vec<String> = set.columns.iter().take(COLUMNS).map(|name| cell(name)).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let rows: Vec<Vec<String>> = set
        .rows
        .iter()
        .take(ROWS)
        .map(|row| set.columns.iter().take(COLUMNS).map(|name| cell(&show(&row[name.as_str()]))).collect())
        .collect();
    let widths: Vec<usize> = (0..names.len())
        .map(|i| rows.iter().map(|r| r[i].width()).chain([names[i].width()]).max().unwrap_or(0))
        .collect();
    let mut lines = vec![line(&names, &widths)];
    lines.push(widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>().join("  "));
    lines.extend(rows.iter().map(|row| line(row, &widths)));
    if set.row_count > rows.len() as u64 {
        lines.push("…".to_string());
    }
    lines
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> =
        cells.iter().zip(widths).map(|(c, w)| format!("{c}{}", " ".repeat(w - c.width()))).collect();
    padded.join("  ").trim_end().to_string()
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text of at most [`CELL`] columns, without anything that would break a line.
fn cell(text: &str) -> String {
    let (mut cut, mut width) = (String::new(), 0);
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        width += c.width().unwrap_or(0);
        if width > CELL - 1 {
            cut.push('…');
            break;
        }
        cut.push(c);
    }
    cut
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::table;
    use crate::action::sql::result::ResultSet;

    #[test]
    fn wide_characters_keep_the_columns_aligned() {
        let mut set = ResultSet::default();
        set.name(["名前", "n"].into_iter());
        set.push(vec![json!("当番"), json!(1)]);
        set.push(vec![json!("a\nb"), json!(null)]);
        assert_eq!(table(&set), ["名前  n", "----  ----", "当番  1", "a b   NULL"]);
    }
}
