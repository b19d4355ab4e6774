//! What a statement gave: rows as JSON, within a limit of bytes. It knows no database's types.

use serde_json::{Map, Number, Value, json};

use crate::event::Gives;

/// What one statement gave.
#[derive(Clone, Debug, Default)]
pub(super) struct ResultSet {
    /// The names of its columns; a name that came before has `_2` behind it.
    pub columns: Vec<String>,
    /// Its rows, as many as the limit allowed.
    pub rows: Vec<Value>,
    /// How many rows there were.
    pub row_count: u64,
    /// How many rows were changed.
    pub affected: u64,
    /// Whether rows were left out.
    pub truncated: bool,
    /// Bytes of the rows so far.
    bytes: usize,
}

impl ResultSet {
    /// Names the columns.
    pub fn name<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        for name in names {
            let mut unique = name.to_string();
            let mut n = 1;
            while self.columns.contains(&unique) {
                n += 1;
                unique = format!("{name}_{n}");
            }
            self.columns.push(unique);
        }
    }

    /// Counts a row, and says whether its `bytes` are still within the limit.
    pub fn take(&mut self, bytes: usize, limit: usize) -> bool {
        self.row_count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.truncated |= self.bytes > limit;
        !self.truncated
    }

    /// Adds a row's values.
    pub fn push(&mut self, values: Vec<Value>) {
        let row: Map<String, Value> = self.columns.iter().cloned().zip(values).collect();
        self.rows.push(Value::Object(row));
    }

    /// What later steps can use.
    pub fn gives(self) -> Gives {
        let mut gives = Gives::new();
        gives.insert("rows".into(), Value::Array(self.rows));
        gives.insert("row_count".into(), json!(self.row_count));
        gives.insert("affected".into(), json!(self.affected));
        gives.insert("columns".into(), json!(self.columns));
        if self.truncated {
            gives.insert("truncated".into(), json!(true));
        }
        gives
    }
}

/// A decimal as a number where JSON's numbers hold it digit for digit (zeros at its end aside), else as text:
/// `1.50` is 1.5, but `12345678901234567890.123`, `NaN` and `Infinity` stay text.
pub(super) fn decimal(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return json!(whole);
    }
    if let Ok(whole) = text.parse::<u64>() {
        return json!(whole);
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() && plain(&format!("{float}")) == plain(text) => {
            Number::from_f64(float).map_or_else(|| json!(text), Value::Number)
        }
        _ => json!(text),
    }
}

/// Digits without sign of plus, leading zeros and zeros behind the point.
fn plain(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.trim_start_matches('+')),
    };
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    let digits = digits.trim_start_matches('0');
    format!(
        "{sign}{}",
        if digits.is_empty() || digits.starts_with('.') { format!("0{digits}") } else { digits.into() }
    )
}

/// A floating-point number; what JSON has no number for is text.
pub(super) fn float(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => json!("NaN"),
        None if value > 0.0 => json!("Infinity"),
        None => json!("-Infinity"),
    }
}

/// Bytes as hexadecimal digits in lower case, two a byte, without a prefix.
pub(super) fn hex(bytes: &[u8]) -> Value {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]);
    Value::String(digits.map(char::from).collect())
}

/// Text that is JSON, as its value; what is no JSON after all stays text.
pub(super) fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ResultSet, decimal, hex};

    #[test]
    fn a_decimal_is_a_number_only_when_no_digit_is_lost() {
        assert_eq!(decimal("1.50"), json!(1.5));
        assert_eq!(decimal("-0.10"), json!(-0.1));
        assert_eq!(decimal("18446744073709551615"), json!(18_446_744_073_709_551_615_u64));
        assert_eq!(decimal("12345678901234567890.123"), json!("12345678901234567890.123"));
        assert_eq!(decimal("99999999999999999999"), json!("99999999999999999999"));
        assert_eq!(decimal("NaN"), json!("NaN"));
        assert_eq!(decimal("0.00"), json!(0.0));
    }

    #[test]
    fn columns_of_one_name_are_told_apart() {
        let mut set = ResultSet::default();
        set.name(["id", "id", "id"].into_iter());
        assert_eq!(set.columns, ["id", "id_2", "id_3"]);
    }

    #[test]
    fn bytes_are_hexadecimal() {
        assert_eq!(hex(&[0, 255, 16]), json!("00ff10"));
    }
}
