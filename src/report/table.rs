//! Rows of JSON as a text table, aligned by display width. It does not know what the rows mean.

use indexmap::IndexSet;
use serde_json::{Map, Value};

use super::width::{pad, pad_left, width};
use super::{safe_line, safe_text};
use crate::t;

/// How much of a table is shown.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows; the rest is counted.
    pub rows: usize,
    /// Columns of the screen.
    pub width: usize,
}

/// The narrowest a column is squeezed to.
const NARROW: usize = 6;
/// Between two columns.
const GAP: usize = 2;

/// Lines of a table: a head, a rule, the rows, and how many rows were left out. Objects give named columns;
/// anything else stands in one column. Numbers stand to the right.
pub fn table(rows: &[Value], limits: Limits) -> Vec<String> {
    let names = columns(rows);
    let shown = &rows[..rows.len().min(limits.rows)];
    let columns: Vec<Column> = names.iter().map(|name| Column::of(name.as_deref(), shown)).collect();
    let widths = squeeze(columns.iter().map(|c| c.width().min(limits.width)).collect(), limits.width);
    let mut lines = Vec::with_capacity(shown.len() + 3);
    if names.iter().any(Option::is_some) {
        lines.push(join(columns.iter().zip(&widths).map(|(c, w)| c.place(&c.head, *w))));
        lines.push(join(widths.iter().map(|w| "-".repeat(*w))));
    }
    for row in 0..shown.len() {
        lines.push(join(columns.iter().zip(&widths).map(|(c, w)| c.place(&c.cells[row], *w))));
    }
    let more = rows.len() - shown.len();
    if more > 0 {
        lines.push(t!("… and {more} more", "… ほか {more} 件"));
    }
    lines
}

/// A value as one cell, one safe line.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_string(),
        Value::String(text) => safe_line(&safe_text(text).replace('\n', " ")).into_owned(),
        other => safe_line(&other.to_string()).into_owned(),
    }
}

struct Column {
    head: String,
    cells: Vec<String>,
    numbers: bool,
}

impl Column {
    fn of(name: Option<&str>, rows: &[Value]) -> Column {
        let values: Vec<&Value> = rows.iter().map(|row| pick(row, name)).collect();
        let numbers =
            values.iter().any(|v| v.is_number()) && values.iter().all(|v| v.is_number() || v.is_null());
        let head = name.map(|name| safe_line(name).into_owned()).unwrap_or_default();
        Column { head, cells: values.into_iter().map(cell).collect(), numbers }
    }

    fn width(&self) -> usize {
        self.cells.iter().chain([&self.head]).map(|text| width(text)).max().unwrap_or(0).max(1)
    }

    fn place(&self, text: &str, columns: usize) -> String {
        if self.numbers { pad_left(text, columns) } else { pad(text, columns) }
    }
}

fn pick<'a>(row: &'a Value, name: Option<&str>) -> &'a Value {
    match (row, name) {
        (Value::Object(fields), Some(name)) => fields.get(name).unwrap_or(&Value::Null),
        (Value::Object(_), None) => &Value::Null,
        (other, None) => other,
        (_, Some(_)) => &Value::Null,
    }
}

/// The names of the columns in the order in which they come up; none is the column of rows that are no objects.
fn columns(rows: &[Value]) -> Vec<Option<String>> {
    let objects = rows.iter().filter_map(Value::as_object);
    let names: IndexSet<&String> = objects.flat_map(Map::keys).collect();
    let mut columns: Vec<Option<String>> = names.into_iter().cloned().map(Some).collect();
    if rows.iter().any(|row| !row.is_object()) {
        columns.insert(0, None);
    }
    columns
}

/// Takes from the widest until all fit, but no column below [`NARROW`].
fn squeeze(mut widths: Vec<usize>, limit: usize) -> Vec<usize> {
    let gaps = GAP * widths.len().saturating_sub(1);
    let mut sum: usize = widths.iter().sum::<usize>() + gaps;
    while sum > limit {
        let Some(widest) = widths.iter_mut().max().filter(|w| **w > NARROW) else { break };
        *widest -= 1;
        sum -= 1;
    }
    widths
}

fn join(cells: impl Iterator<Item = String>) -> String {
    let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
    line.trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_are_aligned_by_what_the_eye_sees() {
        let rows = [json!({"表": "利用者", "rows": 12}), json!({"表": "log", "rows": 3456, "note": null})];
        let lines = table(&rows, Limits { rows: 10, width: 80 });
        assert_eq!(lines, ["表      rows  note", "------  ----  ----", "利用者    12  -", "log     3456  -"]);
    }

    #[test]
    fn wide_and_long_tables_are_cut_and_say_so() {
        let rows: Vec<Value> = (0..9).map(|n| json!({"n": n, "text": "長い文".repeat(40)})).collect();
        let lines = table(&rows, Limits { rows: 2, width: 30 });
        assert!(lines.iter().all(|l| width(l) <= 30), "{lines:#?}");
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[4], "… and 7 more");
    }

    #[test]
    fn rows_that_are_no_objects_stand_in_one_column() {
        let rows = [json!("a\u{1b}[2Jb"), json!(["x"])];
        assert_eq!(table(&rows, Limits { rows: 5, width: 20 }), ["a\\u{1b}[2Jb", "[\"x\"]"]);
        assert!(table(&[], Limits { rows: 5, width: 20 }).is_empty());
    }
}
