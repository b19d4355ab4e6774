//! Takes a model from what is written to what is performed, or to what a dry run shows, value by value. It
//! does not know which action it works on.

use std::any::Any;

use serde_json::Value as Json;

use super::engine::{Engine, Planned};
use super::error::TemplateError;
use super::scope::Scope;
use super::strict::UnknownPath;
use crate::model::{Field, Key, Known, Place, Stager, Template, Templated};
use crate::{base::Confidential, model};

/// Renders every value of a model, for doing it.
#[derive(Debug)]
pub struct Render<'a> {
    engine: &'a Engine,
    scope: &'a Scope,
    path: Path,
}

/// Renders what can be known of a model before it is done.
pub struct Preview<'a> {
    engine: &'a Engine,
    scope: &'a Scope,
    unknown: UnknownPath<'a>,
    path: Path,
    lacks: bool,
}

/// A value that could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct StageError {
    /// The value's keys in the model: `file.prune.glob`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl<'a> Render<'a> {
    /// Renders with these names.
    pub fn new(engine: &'a Engine, scope: &'a Scope) -> Render<'a> {
        Render { engine, scope, path: Path::default() }
    }
}

impl<'a> Preview<'a> {
    /// Renders with these names; `unknown` says of which paths only a run knows the value.
    pub fn new(engine: &'a Engine, scope: &'a Scope, unknown: UnknownPath<'a>) -> Preview<'a> {
        Preview { engine, scope, unknown, path: Path::default(), lacks: false }
    }

    /// Whether any value so far was one that only a run can know.
    pub fn lacks(&self) -> bool {
        self.lacks
    }
}

impl Stager<Templated, model::Rendered> for Render<'_> {
    type Error = StageError;

    fn field<T: Field>(&mut self, place: Place, value: &Template<T>) -> Result<T, StageError> {
        match value {
            Template::Literal(value) => Ok(value.clone()),
            Template::Source(source) => match typed(self.engine, source, place, self.scope, None) {
                Ok(Known::Yes(value)) => Ok(value),
                Ok(Known::No(text)) => Err(self.path.error(text)),
                Err(message) => Err(self.path.error(message)),
            },
        }
    }

    fn enter(&mut self, key: Key<'_>) {
        self.path.enter(key);
    }

    fn leave(&mut self) {
        self.path.leave();
    }
}

impl Stager<Templated, model::Planned> for Preview<'_> {
    type Error = StageError;

    fn field<T: Field>(&mut self, place: Place, value: &Template<T>) -> Result<Known<T>, StageError> {
        match value {
            Template::Literal(value) => Ok(Known::Yes(value.clone())),
            Template::Source(source) => {
                let value = typed(self.engine, source, place, self.scope, Some(self.unknown))
                    .map_err(|message| self.path.error(message))?;
                self.lacks |= matches!(value, Known::No(_));
                Ok(value)
            }
        }
    }

    fn enter(&mut self, key: Key<'_>) {
        self.path.enter(key);
    }

    fn leave(&mut self) {
        self.path.leave();
    }
}

/// A source as a value of its slot's type.
fn typed<T: Field>(
    engine: &Engine,
    source: &str,
    place: Place,
    scope: &Scope,
    unknown: Option<UnknownPath<'_>>,
) -> Result<Known<T>, String> {
    let said = |e: TemplateError| e.message;
    if is::<T, Confidential>() {
        return known(engine.confidential(source, place, scope, unknown).map_err(said)?, same);
    }
    if is::<T, model::SqlText>() {
        return known(engine.sql(source, scope, unknown).map_err(said)?, same);
    }
    let planned = engine.plain(source, place, scope, unknown).map_err(said)?;
    if is::<T, String>() {
        known(planned, |v| T::from_value(text(v)?))
    } else {
        known(planned, T::from_value)
    }
}

fn is<T: 'static, U: 'static>() -> bool {
    std::any::TypeId::of::<T>() == std::any::TypeId::of::<U>()
}

fn known<V, T: Field>(
    planned: Planned<V>,
    take: impl Fn(V) -> Result<T, String>,
) -> Result<Known<T>, String> {
    match planned {
        Planned::Known(value) => take(value).map(Known::Yes),
        Planned::Unknown(text) => Ok(Known::No(text)),
    }
}

/// A value as the type that it already has.
fn same<V: Any, T: Field>(value: V) -> Result<T, String> {
    let value: Box<dyn Any> = Box::new(value);
    value
        .downcast::<T>()
        .map(|value| *value)
        .map_err(|_| crate::t!("a value of another kind is needed here", "ここでは別の種類の値が必要です"))
}

/// What a slot for text takes: a number or a truth value by its text, but no null, list or mapping.
fn text(value: Json) -> Result<Json, String> {
    match value {
        Json::String(_) => Ok(value),
        Json::Number(n) => Ok(Json::String(n.to_string())),
        Json::Bool(b) => Ok(Json::String(b.to_string())),
        Json::Null => Err(crate::t!(
            "text is needed here, but the value is null; write `| default('…', true)` if that may be",
            "文字列が必要ですが、値が null です。null があり得るなら `| default('…', true)` と書いてください"
        )),
        Json::Array(_) => Err(crate::t!(
            "text is needed here, but the value is a list; write `| join(', ')` or `| tojson`",
            "文字列が必要ですが、値がリストです。`| join(', ')` か `| tojson` を使ってください"
        )),
        Json::Object(_) => Err(crate::t!(
            "text is needed here, but the value is a mapping; name one of its keys or write `| tojson`",
            "文字列が必要ですが、値がマップです。キーを指定するか `| tojson` を使ってください"
        )),
    }
}

/// The keys from the top of the model to the value at hand.
#[derive(Clone, Debug, Default)]
struct Path(Vec<String>);

impl Path {
    fn enter(&mut self, key: Key<'_>) {
        self.0.push(match key {
            // A Rust word used as a key is spelled `r#for` in the model.
            Key::Name(name) => name.strip_prefix("r#").unwrap_or(name).to_string(),
            Key::Index(at) => at.to_string(),
        });
    }
    fn leave(&mut self) {
        self.0.pop();
    }
    fn error(&self, message: String) -> StageError {
        StageError { path: self.0.join("."), message }
    }
}
