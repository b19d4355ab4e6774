//! What a call that lists or changes things gives: lines for people, `json` for later steps. It knows no call.

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::action::{Context, Report};
use crate::event::{Gives, Stream};

/// A report of rows for people, one a line in columns, and the same as `json`. The rows go to the attempt's log.
pub fn table(cx: &Context<'_>, rows: &[Vec<String>], json: Value) -> Report {
    text(cx, columns(rows), json)
}

/// A report of text for people, and `json`. The text goes to the attempt's log.
pub fn text(cx: &Context<'_>, text: String, json: Value) -> Report {
    (cx.log)(Stream::Out, text.as_bytes());
    let mut gives = Gives::new();
    gives.insert("lines".into(), text.lines().collect());
    gives.insert("json".into(), json);
    gives.insert("stdout".into(), text.trim_end_matches('\n').into());
    gives.insert("stderr".into(), "".into());
    gives.insert("exit_code".into(), json!(0));
    Report { gives, ..Report::default() }
}

/// One line a row; each column as wide as its widest cell.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(widest).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The first twelve characters of an id, as people write it.
pub fn short(id: &str) -> String {
    id.strip_prefix("sha256:").unwrap_or(id).chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::{columns, short};

    #[test]
    fn columns_are_aligned_by_display_width() {
        let rows = [vec!["当番".to_string(), "a".into()], vec!["db".to_string(), "b".into()]];
        assert_eq!(columns(&rows), "当番  a\ndb    b\n");
    }

    #[test]
    fn ids_are_shortened_as_people_write_them() {
        assert_eq!(short("sha256:0123456789abcdef"), "0123456789ab");
    }
}
