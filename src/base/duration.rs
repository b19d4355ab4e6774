//! Lengths of time as people write them: `30s`, `2h30m`, `7d`. It does not know the clock.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    millis: u64,
}

const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Span {
    /// A length of so many milliseconds.
    pub const fn from_millis(millis: u64) -> Span {
        Span { millis }
    }

    /// A length of so many seconds.
    pub const fn from_secs(secs: u64) -> Span {
        Span { millis: secs * 1000 }
    }

    /// The length in milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.millis
    }

    /// The length as the standard library counts it.
    pub const fn std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.millis)
    }

    /// Reads `500ms`, `30s`, `10m`, `26h`, `7d`, `2w` and sums such as `1h30m`.
    ///
    /// # Errors
    /// Says what a length looks like when the text is none.
    pub fn parse(text: &str) -> Result<Span, String> {
        let wrong = || {
            crate::t!(
                "`{text}` is not a length of time; write for example 30s, 10m, 26h, 7d or 1h30m",
                "`{text}` は時間の長さではありません。例: 30s、10m、26h、7d、1h30m"
            )
        };
        let mut rest = text.trim();
        let mut millis = 0u64;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let unit = UNITS.iter().find(|u| u.0 == &rest[..letters]).ok_or_else(wrong)?;
            millis = number.checked_mul(unit.1).and_then(|m| millis.checked_add(m)).ok_or_else(wrong)?;
            rest = rest[letters..].trim_start();
        }
        Ok(Span { millis })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.millis;
        if rest == 0 {
            return f.write_str("0s");
        }
        for (name, size) in &UNITS[1..] {
            if rest >= *size {
                write!(f, "{}{name}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Span, D::Error> {
        Span::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time: 500ms, 30s, 10m, 26h, 7d, 2w, or a sum such as 1h30m.",
            "examples": ["30s", "10m", "1h30m"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn lengths_are_read_and_written_back() {
        for (text, millis) in [("30s", 30_000), ("1h30m", 5_400_000), ("7d", 604_800_000), ("250ms", 250)] {
            let span = Span::parse(text).expect("a length");
            assert_eq!(span.as_millis(), millis);
            assert_eq!(Span::parse(&span.to_string()), Ok(span));
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for text in ["", "10", "s", "5 parsecs", "1h-3m", "99999999999999999999d", "99999999999999d"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }
}
