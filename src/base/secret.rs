//! Text that must not show. It does not know where a secret comes from.

use std::cell::Cell;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::MASK;

/// A secret value. It has no `Display` and no `Serialize`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value into keeping.
    pub fn new(value: String) -> Secret {
        Secret(value)
    }

    /// The value itself, for the one place that must have it: a child's environment, a login, a header.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Text that may hold secrets: what it is, and how it may be shown.
///
/// Everything that writes or prints it writes the shown form, so that it can stand in plans and journals.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Confidential {
    exposed: String,
    shown: String,
}

impl Confidential {
    /// Text with its secrets, and the same text with `•••` where they stand.
    pub fn new(exposed: String, shown: String) -> Confidential {
        Confidential { exposed, shown }
    }

    /// Text without any secret.
    pub fn plain(text: impl Into<String>) -> Confidential {
        let exposed = text.into();
        Confidential { shown: exposed.clone(), exposed }
    }

    /// The true text.
    pub fn expose(&self) -> &str {
        &self.exposed
    }

    /// The text as it may be shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

impl fmt::Debug for Confidential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown)
    }
}

/// Both texts, as they travel to another part of this program.
#[derive(Serialize)]
struct Both<'a> {
    exposed: &'a str,
    shown: &'a str,
}

/// How a text may be read: alone, or as it travelled.
#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    Plain(String),
    Both { exposed: String, shown: String },
}

thread_local! {
    static TRAVELLING: Cell<bool> = const { Cell::new(false) };
}

/// What `write` serialises holds the true texts: for a message to another part of this program that has to act with
/// them, and for nothing that is kept or shown.
pub fn travelling<T>(write: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            TRAVELLING.set(self.0);
        }
    }
    let _back = Back(TRAVELLING.replace(true));
    write()
}

impl Serialize for Confidential {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match TRAVELLING.get() {
            true => Both { exposed: &self.exposed, shown: &self.shown }.serialize(s),
            false => s.serialize_str(&self.shown),
        }
    }
}

impl<'de> Deserialize<'de> for Confidential {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Confidential, D::Error> {
        Ok(match Read::deserialize(d)? {
            Read::Plain(text) => Confidential::plain(text),
            Read::Both { exposed, shown } => Confidential::new(exposed, shown),
        })
    }
}

impl JsonSchema for Confidential {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Confidential".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_true_text_is_written_only_while_it_travels() {
        let text = Confidential::new("hunter2".into(), "•••".into());
        let told = travelling(|| serde_json::to_string(&text)).expect("JSON");
        let there: Confidential = serde_json::from_str(&told).expect("read");
        assert_eq!((there.expose(), there.shown()), ("hunter2", "•••"));
        assert_eq!(serde_json::to_string(&there).expect("JSON"), "\"•••\"");
    }
}
