//! PostgreSQL's text for values, as JSON. It asks the server nothing; it says what to ask.
//!
//! Whole numbers, decimals that lose no digit and finite floats are numbers; `json` is JSON; arrays are lists;
//! `bytea` is hexadecimal; times are ISO 8601 (`timestamptz` in the session's zone, with its offset); `void` is
//! null; every other type (uuid, interval, inet, ranges, money, enums, composites, …) is the text PostgreSQL writes.

use std::collections::HashMap;

use serde_json::{Value, json};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::result::{decimal, document, float};

/// How a type is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Whole,
    Decimal,
    Float,
    Json,
    Bytes,
    Timestamp,
    Void,
    Text,
}

/// The types with fixed numbers (`pg_type.dat`); those left out are text, or have to be looked up.
fn fixed(oid: u32) -> Option<Kind> {
    Some(match oid {
        16 => Kind::Bool,
        20 | 21 | 23 | 26 => Kind::Whole,
        1700 => Kind::Decimal,
        700 | 701 => Kind::Float,
        114 | 3802 => Kind::Json,
        17 => Kind::Bytes,
        1114 | 1184 => Kind::Timestamp,
        2278 => Kind::Void,
        0 | 18 | 19 | 25 | 705 | 790 | 1042 | 1043 | 1082 | 1083 | 1186 | 1266 | 2950 => Kind::Text,
        _ => return None,
    })
}

/// The types of a result that are not fixed.
#[derive(Debug, Default)]
pub(super) struct Kinds(HashMap<u32, Element>);

#[derive(Debug)]
struct Element {
    kind: Kind,
    separator: char,
}

/// The question for what is not known of these types, if anything: which are arrays, and of what.
pub(super) fn lookup(oids: impl Iterator<Item = u32>) -> Option<String> {
    let mut unknown: Vec<String> =
        oids.filter(|oid| fixed(*oid).is_none()).map(|oid| oid.to_string()).collect();
    unknown.sort();
    unknown.dedup();
    (!unknown.is_empty()).then(|| {
        format!(
            "SELECT a.oid::text, coalesce(nullif(e.typbasetype, 0), e.oid)::text, e.typdelim::text \
             FROM pg_catalog.pg_type a JOIN pg_catalog.pg_type e ON e.oid = a.typelem \
             WHERE a.typcategory = 'A' AND a.oid IN ({})",
            unknown.join(", ")
        )
    })
}

impl Kinds {
    /// The answer to [`lookup`].
    pub fn new(rows: &[PgRow]) -> Kinds {
        let text = |row: &PgRow, i: usize| row.try_get_unchecked::<String, _>(i).unwrap_or_default();
        let number = |row: &PgRow, i: usize| text(row, i).parse().unwrap_or(0);
        Kinds(
            rows.iter()
                .map(|row| {
                    let kind = fixed(number(row, 1)).unwrap_or(Kind::Text);
                    (number(row, 0), Element { kind, separator: text(row, 2).chars().next().unwrap_or(',') })
                })
                .collect(),
        )
    }

    /// A value of the type with this number.
    pub fn value(&self, oid: u32, text: Option<String>) -> Value {
        let Some(text) = text else { return Value::Null };
        match (fixed(oid), self.0.get(&oid)) {
            (Some(kind), _) => scalar(kind, &text),
            (None, Some(element)) => list(&text, element).unwrap_or_else(|| json!(text)),
            (None, None) => json!(text),
        }
    }
}

fn scalar(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Bool => json!(text == "t"),
        Kind::Whole => text.parse::<i64>().map_or_else(|_| json!(text), Value::from),
        Kind::Decimal => decimal(text),
        Kind::Float => text.parse::<f64>().map_or_else(|_| json!(text), float),
        Kind::Json => document(text),
        Kind::Bytes => json!(text.strip_prefix("\\x").unwrap_or(text)),
        Kind::Timestamp => json!(timestamp(text)),
        Kind::Void => Value::Null,
        Kind::Text => json!(text),
    }
}

/// `2024-01-02 03:04:05.6+09` as `2024-01-02T03:04:05.6+09:00`; `infinity` and years before Christ stay as they are.
fn timestamp(text: &str) -> String {
    let Some((date, time)) = text.split_once(' ').filter(|(_, time)| !time.contains(' ')) else {
        return text.to_string();
    };
    match time.find(['+', '-']) {
        None => format!("{date}T{time}"),
        Some(at) => match &time[at..] {
            "+00" => format!("{date}T{}Z", &time[..at]),
            offset if offset.len() == 3 => format!("{date}T{time}:00"),
            _ => format!("{date}T{time}"),
        },
    }
}

/// An array: `{a,"b c",NULL,{…}}`, perhaps with its bounds before it.
fn list(text: &str, element: &Element) -> Option<Value> {
    let body = if text.starts_with('[') { text.split_once('=')?.1 } else { text };
    let mut chars = body.chars().peekable();
    let value = level(&mut chars, element)?;
    chars.next().is_none().then_some(value)
}

fn level(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, element: &Element) -> Option<Value> {
    if chars.next()? != '{' {
        return None;
    }
    let mut items = Vec::new();
    if chars.next_if_eq(&'}').is_some() {
        return Some(Value::Array(items));
    }
    loop {
        items.push(match chars.peek()? {
            '{' => level(chars, element)?,
            '"' => scalar(element.kind, &quoted(chars)?),
            _ => {
                let mut bare = String::new();
                while let Some(c) = chars.next_if(|c| *c != element.separator && *c != '}') {
                    bare.push(c);
                }
                if bare == "NULL" { Value::Null } else { scalar(element.kind, &bare) }
            }
        });
        match chars.next()? {
            '}' => return Some(Value::Array(items)),
            c if c == element.separator => {}
            _ => return None,
        }
    }
}

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    chars.next();
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Element, Kind, list, timestamp};

    #[test]
    fn arrays_are_lists() {
        let text = Element { kind: Kind::Text, separator: ',' };
        assert_eq!(list(r#"{a,"b \"c\\",NULL,"NULL"}"#, &text), Some(json!(["a", "b \"c\\", null, "NULL"])));
        let whole = Element { kind: Kind::Whole, separator: ',' };
        assert_eq!(list("[0:1]={{1,2},{3,4}}", &whole), Some(json!([[1, 2], [3, 4]])));
        assert_eq!(list("{}", &whole), Some(json!([])));
        assert_eq!(list("1 2 3", &whole), None);
    }

    #[test]
    fn times_are_iso_8601() {
        assert_eq!(timestamp("2024-01-02 03:04:05.6+00"), "2024-01-02T03:04:05.6Z");
        assert_eq!(timestamp("2024-01-02 03:04:05+09"), "2024-01-02T03:04:05+09:00");
        assert_eq!(timestamp("2024-01-02 03:04:05-03:30"), "2024-01-02T03:04:05-03:30");
        assert_eq!(timestamp("2024-01-02 03:04:05"), "2024-01-02T03:04:05");
        assert_eq!(timestamp("0044-03-15 00:00:00 BC"), "0044-03-15 00:00:00 BC");
        assert_eq!(timestamp("infinity"), "infinity");
    }
}
