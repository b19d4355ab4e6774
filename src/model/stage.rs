//! The stages of a value in a playbook: written (perhaps with a template), planned (perhaps unknown),
//! rendered. It does not know how a template is rendered, only where its values go.

use std::fmt::Debug;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Place;

/// A type that a value in a playbook can have once it is known.
pub trait Field:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The value from what a template gave, or from a literal of the file.
    ///
    /// # Errors
    /// Says what was expected.
    fn from_value(value: Value) -> Result<Self, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    /// Whether a literal of the file holds a template that has to be rendered first.
    fn literal_has_template(value: &Value) -> bool {
        value.as_str().is_some_and(has_template)
    }

    /// The value as a person reads it in a plan.
    fn show(&self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(text)) => text,
            Ok(other) => other.to_string(),
            Err(e) => e.to_string(),
        }
    }

    /// A text that stands for a value which only a run can know, as a person reads it.
    fn show_unknown(text: &str) -> String {
        text.to_string()
    }
}

/// Whether text holds a template: `{{`, `{%` or `{#`.
pub fn has_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// What a value is at one stage of its life.
pub trait Stage: Clone + Debug + PartialEq + JsonSchema + Send + Sync + 'static {
    /// A `T` of the language at this stage.
    type Of<T: Field>: Clone + Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync;

    /// The value as a person reads it.
    fn show<T: Field>(value: &Self::Of<T>) -> String;
}

/// As written in the file: a literal or a template.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
pub struct Templated;

/// As a dry run knows it: a value, or the text of what only a run can know.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
pub struct Planned;

/// As it is performed.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
pub struct Rendered;

impl Stage for Templated {
    type Of<T: Field> = Template<T>;
    fn show<T: Field>(value: &Template<T>) -> String {
        match value {
            Template::Literal(v) => v.show(),
            Template::Source(text) => text.clone(),
        }
    }
}

impl Stage for Planned {
    type Of<T: Field> = Known<T>;
    fn show<T: Field>(value: &Known<T>) -> String {
        match value {
            Known::Yes(v) => v.show(),
            Known::No(text) => T::show_unknown(text),
        }
    }
}

impl Stage for Rendered {
    type Of<T: Field> = T;
    fn show<T: Field>(value: &T) -> String {
        value.show()
    }
}

/// A value of the file: a literal of its type, or the source of a template that gives one.
#[derive(Clone, Debug, PartialEq)]
pub enum Template<T> {
    /// The value itself.
    Literal(T),
    /// Template source, to be rendered.
    Source(String),
}

impl<T: Field> Serialize for Template<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Template::Literal(v) => v.serialize(s),
            Template::Source(text) => text.serialize(s),
        }
    }
}

impl<'de, T: Field> Deserialize<'de> for Template<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Template<T>, D::Error> {
        let value = Value::deserialize(d)?;
        match value {
            Value::String(text) if has_template(&text) => Ok(Template::Source(text)),
            value => T::from_value(value).map(Template::Literal).map_err(serde::de::Error::custom),
        }
    }
}

impl<T: Field> JsonSchema for Template<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Template_of_{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let plain = generator.subschema_for::<T>();
        if plain.get("type").and_then(Value::as_str) == Some("string") && plain.get("pattern").is_none() {
            return plain;
        }
        schemars::json_schema!({ "anyOf": [plain, { "type": "string", "pattern": "\\{[\\{%]" }] })
    }
}

/// A value that a plan knows, or what it shows in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
pub enum Known<T: Field> {
    /// The value is known before the run.
    #[serde(rename = "⟨known⟩")]
    Yes(T),
    /// Only a run can know it; the text has `⟨…⟩` where the unknown goes.
    #[serde(rename = "⟨unknown⟩")]
    No(String),
}

/// One place of an action where a value stands: its type and how a template's values are encoded there.
pub struct Slot<S: Stage, T: Field = String, const P: u8 = { Place::Text as u8 }>(pub S::Of<T>);

impl<S: Stage, T: Field, const P: u8> Slot<S, T, P> {
    /// How a template's values are encoded in this slot.
    pub const PLACE: Place = Place::of(P);

    /// The value as a person reads it.
    pub fn show(&self) -> String {
        S::show::<T>(&self.0)
    }
}

impl<T: Field, const P: u8> Slot<Templated, T, P> {
    /// A literal, for what the engine itself puts into a model.
    pub fn literal(value: T) -> Self {
        Slot(Template::Literal(value))
    }
}

impl<T: Field, const P: u8> std::ops::Deref for Slot<Rendered, T, P> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<S: Stage, T: Field, const P: u8> Clone for Slot<S, T, P> {
    fn clone(&self) -> Self {
        Slot(self.0.clone())
    }
}
impl<S: Stage, T: Field, const P: u8> Debug for Slot<S, T, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl<S: Stage, T: Field, const P: u8> PartialEq for Slot<S, T, P> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<S: Stage, T: Field, const P: u8> Serialize for Slot<S, T, P> {
    fn serialize<Z: Serializer>(&self, s: Z) -> Result<Z::Ok, Z::Error> {
        self.0.serialize(s)
    }
}
impl<'de, S: Stage, T: Field, const P: u8> Deserialize<'de> for Slot<S, T, P> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        S::Of::<T>::deserialize(d).map(Slot)
    }
}
impl<S: Stage, T: Field, const P: u8> JsonSchema for Slot<S, T, P> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        S::Of::<T>::schema_name()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        S::Of::<T>::json_schema(generator)
    }
}

/// Takes every value of an action from stage `A` to stage `B`: inspecting, planning and rendering are each one
/// implementation of this.
pub trait Stager<A: Stage, B: Stage> {
    /// What goes wrong on the way.
    type Error;

    /// Takes one value over. `place` says how a template's values are encoded there.
    ///
    /// # Errors
    /// As the implementation says.
    fn field<T: Field>(&mut self, place: Place, value: &A::Of<T>) -> Result<B::Of<T>, Self::Error>;

    /// What follows belongs to the key `key`, until [`Stager::leave`].
    fn enter(&mut self, key: Key<'_>);

    /// The last entered key is done.
    fn leave(&mut self);
}

/// A part of the path to a value in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// A key of a mapping.
    Name(&'a str),
    /// A place in a list.
    Index(usize),
}

/// Something that can be taken from one stage to the next, value by value.
pub trait Staged<A: Stage> {
    /// The same thing at another stage.
    type Next<B: Stage>;

    /// Takes every value over, in the order of the file.
    ///
    /// # Errors
    /// The first error of the stager.
    fn stage<B: Stage, M: Stager<A, B>>(&self, m: &mut M) -> Result<Self::Next<B>, M::Error>;
}

impl<A: Stage, T: Field, const P: u8> Staged<A> for Slot<A, T, P> {
    type Next<B: Stage> = Slot<B, T, P>;
    fn stage<B: Stage, M: Stager<A, B>>(&self, m: &mut M) -> Result<Slot<B, T, P>, M::Error> {
        m.field(Self::PLACE, &self.0).map(Slot)
    }
}

impl<A: Stage, X: Staged<A>> Staged<A> for Option<X> {
    type Next<B: Stage> = Option<X::Next<B>>;
    fn stage<B: Stage, M: Stager<A, B>>(&self, m: &mut M) -> Result<Self::Next<B>, M::Error> {
        self.as_ref().map(|x| x.stage(m)).transpose()
    }
}

impl<A: Stage, X: Staged<A>> Staged<A> for Box<X> {
    type Next<B: Stage> = Box<X::Next<B>>;
    fn stage<B: Stage, M: Stager<A, B>>(&self, m: &mut M) -> Result<Self::Next<B>, M::Error> {
        (**self).stage(m).map(Box::new)
    }
}

impl<A: Stage, X: Staged<A>> Staged<A> for Vec<X> {
    type Next<B: Stage> = Vec<X::Next<B>>;
    fn stage<B: Stage, M: Stager<A, B>>(&self, m: &mut M) -> Result<Self::Next<B>, M::Error> {
        let mut next = Vec::with_capacity(self.len());
        for (i, x) in self.iter().enumerate() {
            m.enter(Key::Index(i));
            let y = x.stage(m);
            m.leave();
            next.push(y?);
        }
        Ok(next)
    }
}

impl<A: Stage, X: Staged<A>> Staged<A> for IndexMap<String, X> {
    type Next<B: Stage> = IndexMap<String, X::Next<B>>;
    fn stage<B: Stage, M: Stager<A, B>>(&self, m: &mut M) -> Result<Self::Next<B>, M::Error> {
        let mut next = IndexMap::with_capacity(self.len());
        for (key, x) in self {
            m.enter(Key::Name(key));
            let y = x.stage(m);
            m.leave();
            next.insert(key.clone(), y?);
        }
        Ok(next)
    }
}

/// Types that are the same at every stage.
macro_rules! unstaged {
    ($($t:ty),* $(,)?) => { $(
        impl<A: $crate::model::Stage> $crate::model::Staged<A> for $t {
            type Next<B: $crate::model::Stage> = $t;
            fn stage<B: $crate::model::Stage, M: $crate::model::Stager<A, B>>(&self, _: &mut M) -> Result<$t, M::Error> {
                Ok(self.clone())
            }
        }
    )* };
}
unstaged!(bool, u64, u32, i64, String, crate::base::StepId, crate::base::Alphabet);

/// A struct of the language, generic in its stage.
macro_rules! staged {
    ($(#[$m:meta])* pub struct $name:ident { $( $(#[$fm:meta])* $f:ident : $t:ty ),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(bound = "", deny_unknown_fields)]
        #[schemars(bound = "")]
        pub struct $name<S: $crate::model::Stage = $crate::model::Templated> { $( $(#[$fm])* pub $f: $t ),* }
        impl<S: $crate::model::Stage> $crate::model::Staged<S> for $name<S> {
            type Next<B: $crate::model::Stage> = $name<B>;
            fn stage<B: $crate::model::Stage, M: $crate::model::Stager<S, B>>(&self, m: &mut M) -> Result<$name<B>, M::Error> {
                Ok($name { $( $f: {
                    m.enter($crate::model::stage::Key::Name(stringify!($f)));
                    let next = $crate::model::Staged::<S>::stage(&self.$f, m);
                    m.leave();
                    next?
                } ),* })
            }
        }
    };
}

/// An enum of the language whose variants each hold one staged thing; written as `key: value`.
macro_rules! staged_enum {
    ($(#[$m:meta])* pub enum $name:ident { $( $(#[$vm:meta])* $key:literal $v:ident ( $t:ty ) ),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(bound = "")]
        #[schemars(bound = "")]
        pub enum $name<S: $crate::model::Stage = $crate::model::Templated> { $( $(#[$vm])* #[serde(rename = $key)] $v($t) ),* }
        impl<S: $crate::model::Stage> $crate::model::Staged<S> for $name<S> {
            type Next<B: $crate::model::Stage> = $name<B>;
            fn stage<B: $crate::model::Stage, M: $crate::model::Stager<S, B>>(&self, m: &mut M) -> Result<$name<B>, M::Error> {
                match self { $( $name::$v(x) => {
                    m.enter($crate::model::stage::Key::Name($key));
                    let next = $crate::model::Staged::<S>::stage(x, m);
                    m.leave();
                    Ok($name::$v(next?))
                } ),* }
            }
        }
        impl<S: $crate::model::Stage> $name<S> {
            /// The key under which this is written.
            pub fn key(&self) -> &'static str {
                match self { $( $name::$v(_) => $key ),* }
            }
            /// Every key there is.
            pub const KEYS: &'static [&'static str] = &[$($key),*];
        }
    };
}
