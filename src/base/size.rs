//! Sizes in bytes as people write them: `512`, `64KiB`, `1.5GB`. It does not know what has that size.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Size(pub u64);

const UNITS: [(&str, u64); 12] = [
    ("", 1),
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("K", 1 << 10),
    ("M", 1 << 20),
];

impl Size {
    /// Reads `4096`, `64KiB`, `10MB`, `1.5GiB`.
    ///
    /// # Errors
    /// Says what a size looks like when the text is none.
    pub fn parse(text: &str) -> Result<Size, String> {
        let wrong = || {
            crate::t!(
                "`{text}` is not a size; write for example 4096, 64KiB, 10MB or 1.5GiB",
                "`{text}` はサイズではありません。例: 4096、64KiB、10MB、1.5GiB"
            )
        };
        let text_ = text.trim();
        let end = text_.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text_.len());
        let unit = text_[end..].trim();
        let scale = UNITS.iter().find(|u| u.0.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?.1;
        let number: f64 = text_[..end].parse().map_err(|_| wrong())?;
        let bytes = number * scale as f64;
        if !bytes.is_finite() || bytes > 9e18 { Err(wrong()) } else { Ok(Size(bytes as u64)) }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = match self.0 {
            n if n >= 1 << 40 => ("TiB", 1u64 << 40),
            n if n >= 1 << 30 => ("GiB", 1 << 30),
            n if n >= 1 << 20 => ("MiB", 1 << 20),
            n if n >= 1 << 10 => ("KiB", 1 << 10),
            n => return write!(f, "{n} B"),
        };
        write!(f, "{:.1} {unit}", self.0 as f64 / scale as f64)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Size, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        match Form::deserialize(d)? {
            Form::Number(n) => Ok(Size(n)),
            Form::Text(t) => Size::parse(&t).map_err(serde::de::Error::custom),
        }
    }
}

impl JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["integer", "string"],
            "description": "A size in bytes: 4096, 64KiB, 10MB, 1.5GiB.",
            "examples": ["64KiB", "10MB"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in
            [("4096", 4096), ("64KiB", 65_536), ("10MB", 10_000_000), ("1.5GiB", 1_610_612_736)]
        {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
        }
        assert!(Size::parse("ten").is_err());
        assert!(Size::parse("5 furlongs").is_err());
    }
}
