//! MySQL's values, as JSON, from either of its protocols. It asks the server nothing.
//!
//! Whole numbers, decimals that lose no digit and floats are numbers; `TINYINT(1)` (which is `BOOLEAN`) is true or
//! false for 1 and 0; `BIT` is a number; `JSON` is JSON (MariaDB's is text); bytes are hexadecimal; times are ISO
//! 8601, `TIMESTAMP` with the offset of the session's zone; `TIME`, `ENUM` and `SET` are text.

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use sqlx::mysql::MySqlColumn;
use sqlx::{Column, Type, TypeInfo};

use super::result::{decimal, document, float, hex};

/// The protocol that a row came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// As text.
    Text,
    /// As parameters' answers.
    Binary,
}

/// The zone of a session.
#[derive(Clone, Debug)]
pub(super) struct Zone(Option<(String, TimeZone)>);

impl Zone {
    /// UTC.
    pub fn utc() -> Zone {
        Zone(None)
    }

    /// The zone of this name; UTC where the name is unknown.
    pub fn named(name: &str) -> Zone {
        Zone(TimeZone::get(name).ok().map(|zone| (name.to_string(), zone)))
    }

    /// What the server is told.
    pub fn name(&self) -> String {
        self.0.as_ref().map_or_else(|| "+00:00".to_string(), |(name, _)| name.clone())
    }

    /// The present offset, such as `+09:00`.
    pub fn offset_now(&self) -> String {
        let zone = self.0.as_ref().map_or(TimeZone::UTC, |(_, zone)| zone.clone());
        jiff::Timestamp::now().to_zoned(zone).strftime("%:z").to_string()
    }

    /// A time of the clock with its offset.
    fn with_offset(&self, local: String) -> String {
        let Some((_, zone)) = &self.0 else { return local + "Z" };
        let offset = local
            .parse::<jiff::civil::DateTime>()
            .ok()
            .and_then(|at| at.to_zoned(zone.clone()).ok())
            .map(|at| at.strftime("%:z").to_string());
        local + &offset.unwrap_or_default()
    }
}

/// A column's value from its bytes; none is NULL.
pub(super) fn value(column: &MySqlColumn, bytes: Option<&[u8]>, wire: Wire, zone: &Zone) -> Value {
    let Some(bytes) = bytes else { return Value::Null };
    let name = column.type_info().name();
    match name {
        "BIT" => bytes
            .iter()
            .try_fold(0u64, |n, b| n.checked_mul(256).map(|n| n + u64::from(*b)))
            .map_or(hex(bytes), Value::from),
        // A binary collation makes a text's column look like bytes; the driver's own test tells them apart.
        _ if <str as Type<sqlx::MySql>>::compatible(column.type_info()) => json!(text(bytes)),
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" | "GEOMETRY" => hex(bytes),
        "JSON" => document(&text(bytes)),
        "DECIMAL" => decimal(&text(bytes)),
        "FLOAT" | "DOUBLE" => floating(bytes, wire),
        "DATE" => json!(moment(bytes, wire, false)),
        "DATETIME" => json!(moment(bytes, wire, true)),
        "TIMESTAMP" => json!(zone.with_offset(moment(bytes, wire, true))),
        "TIME" => json!(time(bytes, wire)),
        "BOOLEAN" => match whole(bytes, wire, false) {
            Value::Number(n) if n.as_i64() == Some(0) => json!(false),
            Value::Number(n) if n.as_i64() == Some(1) => json!(true),
            other => other,
        },
        "YEAR" => whole(bytes, wire, true),
        _ if name.contains("INT") => whole(bytes, wire, name.ends_with("UNSIGNED")),
        _ => json!(text(bytes)),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn whole(bytes: &[u8], wire: Wire, unsigned: bool) -> Value {
    match wire {
        Wire::Text => decimal(&text(bytes)),
        Wire::Binary => {
            let negative = !unsigned && bytes.last().is_some_and(|b| b & 0x80 != 0);
            let mut filled = [if negative { 0xff } else { 0 }; 8];
            filled.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            if negative { json!(i64::from_le_bytes(filled)) } else { json!(u64::from_le_bytes(filled)) }
        }
    }
}

fn floating(bytes: &[u8], wire: Wire) -> Value {
    match (wire, bytes) {
        (Wire::Binary, [a, b, c, d]) => decimal(&f32::from_le_bytes([*a, *b, *c, *d]).to_string()),
        (Wire::Binary, bytes) => match <[u8; 8]>::try_from(bytes) {
            Ok(all) => float(f64::from_le_bytes(all)),
            Err(_) => hex(bytes),
        },
        (Wire::Text, bytes) => text(bytes).parse().map_or_else(|_| json!(text(bytes)), float),
    }
}

/// A date, or a date and a time, as ISO 8601. The binary form is a length, year, month, day, hour, minute, second
/// and microseconds, as many of them as are not zero.
fn moment(bytes: &[u8], wire: Wire, clock: bool) -> String {
    if wire == Wire::Text {
        return text(bytes).replacen(' ', "T", 1);
    }
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let date = format!("{:04}-{:02}-{:02}", u16::from_le_bytes([at(1), at(2)]), at(3), at(4));
    if !clock {
        return date;
    }
    format!("{date}T{:02}:{:02}:{:02}{}", at(5), at(6), at(7), fraction(bytes, 8, at(0) > 7))
}

/// A span of time. The binary form is a length, a sign, days, hours, minutes, seconds and microseconds.
fn time(bytes: &[u8], wire: Wire) -> String {
    if wire == Wire::Text {
        return text(bytes);
    }
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let days = u32::from_le_bytes([at(2), at(3), at(4), at(5)]);
    let sign = if at(1) == 1 { "-" } else { "" };
    let hours = days * 24 + u32::from(at(6));
    format!("{sign}{hours:02}:{:02}:{:02}{}", at(7), at(8), fraction(bytes, 9, at(0) > 8))
}

fn fraction(bytes: &[u8], from: usize, there: bool) -> String {
    match bytes.get(from..from + 4).and_then(|b| <[u8; 4]>::try_from(b).ok()) {
        Some(micros) if there => format!(".{:06}", u32::from_le_bytes(micros)),
        _ => String::new(),
    }
}
