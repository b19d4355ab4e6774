//! Every value of an action and of what surrounds it, by its keys. It compares none.

use std::convert::Infallible;

use indexmap::IndexMap;
use serde_json::Value;

use crate::model::{Action, Around, Field, Key, Known, Place, Planned, Rendered, Staged, Stager};

/// A value that is performed: as JSON, and as a person reads it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub value: Value,
    pub shown: String,
}

/// The values of a planned action.
pub(super) fn planned(action: &Action<Planned>, around: &Around<Planned>) -> IndexMap<String, Known<Value>> {
    let mut walk = Walk::default();
    let Ok(_) = action.stage::<Planned, _>(&mut Plans(&mut walk));
    let Ok(_) = around.stage::<Planned, _>(&mut Plans(&mut walk));
    walk.found
}

/// The values of a rendered action.
pub(super) fn rendered(action: &Action<Rendered>, around: &Around<Rendered>) -> IndexMap<String, Seen> {
    let mut walk = Walk::default();
    let Ok(_) = action.stage::<Rendered, _>(&mut Renders(&mut walk));
    let Ok(_) = around.stage::<Rendered, _>(&mut Renders(&mut walk));
    walk.found
}

struct Walk<T> {
    path: Vec<String>,
    found: IndexMap<String, T>,
}

impl<T> Default for Walk<T> {
    fn default() -> Walk<T> {
        Walk { path: Vec::new(), found: IndexMap::new() }
    }
}

impl<T> Walk<T> {
    fn enter(&mut self, key: Key<'_>) {
        self.path.push(match key {
            Key::Name(name) => name.strip_prefix("r#").unwrap_or(name).to_string(),
            Key::Index(at) => at.to_string(),
        });
    }
    fn found(&mut self, value: T) {
        self.found.insert(self.path.join("."), value);
    }
}

struct Plans<'w>(&'w mut Walk<Known<Value>>);

impl Stager<Planned, Planned> for Plans<'_> {
    type Error = Infallible;

    fn field<T: Field>(&mut self, _: Place, value: &Known<T>) -> Result<Known<T>, Infallible> {
        self.0.found(match value {
            Known::Yes(value) => Known::Yes(serde_json::to_value(value).unwrap_or_default()),
            Known::No(text) => Known::No(text.clone()),
        });
        Ok(value.clone())
    }
    fn enter(&mut self, key: Key<'_>) {
        self.0.enter(key);
    }
    fn leave(&mut self) {
        self.0.path.pop();
    }
}

struct Renders<'w>(&'w mut Walk<Seen>);

impl Stager<Rendered, Rendered> for Renders<'_> {
    type Error = Infallible;

    fn field<T: Field>(&mut self, _: Place, value: &T) -> Result<T, Infallible> {
        let seen = Seen { value: serde_json::to_value(value).unwrap_or_default(), shown: value.show() };
        self.0.found(seen);
        Ok(value.clone())
    }
    fn enter(&mut self, key: Key<'_>) {
        self.0.enter(key);
    }
    fn leave(&mut self) {
        self.0.path.pop();
    }
}
