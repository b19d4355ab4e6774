//! A YAML value of any shape whose texts may be templates: variables, JSON bodies, inputs of a playbook.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::place::at;
use super::stage::{Key, Slot, Stage, Staged, Stager, Templated};

/// A value of any shape with templates at its leaves.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, bound = "")]
pub enum Tree<S: Stage = Templated> {
    /// A list.
    List(Vec<Tree<S>>),
    /// A mapping.
    Map(IndexMap<String, Tree<S>>),
    /// A scalar, or a template that gives any value.
    Leaf(Slot<S, Value, { at::VALUE }>),
}

impl<'de, S: Stage> Deserialize<'de> for Tree<S> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Tree<S>, D::Error> {
        fn of<S: Stage, E: serde::de::Error>(value: Value) -> Result<Tree<S>, E> {
            Ok(match value {
                Value::Array(items) => Tree::List(items.into_iter().map(of).collect::<Result<_, E>>()?),
                Value::Object(map) => {
                    Tree::Map(map.into_iter().map(|(k, v)| Ok((k, of(v)?))).collect::<Result<_, E>>()?)
                }
                scalar => Tree::Leaf(Slot::deserialize(scalar).map_err(E::custom)?),
            })
        }
        of(Value::deserialize(d)?)
    }
}

impl<S: Stage> JsonSchema for Tree<S> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!(true)
    }
    fn inline_schema() -> bool {
        true
    }
}

impl<S: Stage> Staged<S> for Tree<S> {
    type Next<B: Stage> = Tree<B>;
    fn stage<B: Stage, M: Stager<S, B>>(&self, m: &mut M) -> Result<Tree<B>, M::Error> {
        Ok(match self {
            Tree::Leaf(slot) => Tree::Leaf(slot.stage(m)?),
            Tree::List(items) => {
                let mut next = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    m.enter(Key::Index(i));
                    let one = item.stage(m);
                    m.leave();
                    next.push(one?);
                }
                Tree::List(next)
            }
            Tree::Map(map) => {
                let mut next = IndexMap::with_capacity(map.len());
                for (key, item) in map {
                    m.enter(Key::Name(key));
                    let one = item.stage(m);
                    m.leave();
                    next.insert(key.clone(), one?);
                }
                Tree::Map(next)
            }
        })
    }
}

impl Tree<super::Rendered> {
    /// The whole as one JSON value.
    pub fn value(&self) -> Value {
        match self {
            Tree::Leaf(slot) => slot.0.clone(),
            Tree::List(items) => Value::Array(items.iter().map(Tree::value).collect()),
            Tree::Map(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), v.value())).collect()),
        }
    }
}
