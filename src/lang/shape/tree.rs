//! What may stand where in a file, as a tree that is quick to walk and to read in. It checks no value.

use serde::{Deserialize, Serialize};

use super::short::{self, Short};

/// What may stand at a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// Text for people: as text, or for each language.
    Localized,
    /// Facts of a question by their labels.
    Facts,
    /// Text, a number, true or false: one argument of a program, or a list of them.
    Argument,
    /// One name, or a list of names.
    Names,
    /// true or false.
    Bool,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// A number.
    Number,
    /// A length of time.
    Duration,
    /// A size in bytes.
    Size,
    /// The id of a step.
    StepId,
    /// `above`, or ids of steps.
    Needs,
    /// Where a secret comes from.
    SecretSource,
    /// One of these words.
    Words(Vec<String>),
    /// A template, or this.
    Templated(Box<Shape>),
    /// A list.
    List(Box<Shape>),
    /// A mapping with keys of the author's own.
    Map(Box<Shape>),
    /// A type of the model, by its number.
    Def(usize),
    /// Text or a mapping: only for messages.
    TextOrMap,
    /// A mapping with these keys.
    Struct(Vec<Field>),
    /// A mapping with exactly one of these keys.
    OneOf(Vec<Field>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// As it is written.
    pub key: String,
    /// What may stand behind it.
    pub shape: Shape,
    /// Whether it must be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

/// A type of the model.
#[derive(Debug, PartialEq)]
pub struct Def {
    /// Its name in the model.
    pub name: String,
    /// What it looks like in full.
    pub shape: Shape,
    /// How it may be written shorter.
    pub short: &'static [Short],
    /// The key for which a text for people may be written alone.
    pub text_key: Option<&'static str>,
}

/// All shapes of one kind of file.
#[derive(Debug, PartialEq)]
pub struct Shapes {
    /// The types.
    pub defs: Vec<Def>,
    /// The number of the type of the whole file.
    pub root: usize,
}

impl Shapes {
    /// Of types with their names; that of the whole file is the last.
    pub fn of(types: Vec<(String, Shape)>) -> Shapes {
        let defs = types.into_iter().map(|(name, shape)| {
            let short = short::of(&name);
            Def { text_key: text_key(&shape, short), name, shape, short }
        });
        let defs: Vec<Def> = defs.collect();
        Shapes { root: defs.len().saturating_sub(1), defs }
    }

    /// A shape by what it is, not by the name of its type.
    pub fn in_full<'s>(&'s self, mut shape: &'s Shape) -> &'s Shape {
        loop {
            match shape {
                Shape::Def(n) => shape = &self.defs[*n].shape,
                Shape::Templated(inner) => shape = inner,
                other => return other,
            }
        }
    }
}

/// The key whose text for people may be written for the whole.
fn text_key(shape: &Shape, short: &[Short]) -> Option<&'static str> {
    let Shape::Struct(fields) = shape else { return None };
    short.iter().find_map(|form| match form {
        Short::Text(key) => {
            fields.iter().any(|f| f.key == *key && f.shape == Shape::Localized).then_some(*key)
        }
        _ => None,
    })
}
