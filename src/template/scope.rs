//! The names that a template sees, and their values; some only looked up when asked for. It does not know
//! where values come from.

use std::fmt::Debug;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use serde_json::Value as Json;

use super::value::{SecretRef, from_json};
use crate::base::Confidential;

/// A name whose parts are looked up when a template asks for them, such as `steps`: ten thousand of them
/// cost nothing.
pub trait Resolve: Send + Sync + Debug {
    /// The value of one part, if there is one.
    fn get(&self, key: &str) -> Option<Json>;
    /// Every part there is, in order.
    fn keys(&self) -> Vec<String>;
}

/// The names that a template sees. A clone is cheap and independent.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    roots: Arc<IndexMap<String, Root>>,
    secrets: Arc<Vec<Confidential>>,
}

#[derive(Clone, Debug, Default)]
struct Root {
    base: Option<Value>,
    secrets: IndexMap<String, usize>,
}

impl Scope {
    /// No names at all.
    pub fn new() -> Scope {
        Scope::default()
    }

    /// Gives the name `root` a value; a value it had before is replaced, its secrets stay.
    pub fn set(&mut self, root: &str, value: Json) {
        self.root(root).base = Some(from_json(&value));
    }

    /// Gives the name `root` parts that are looked up when asked for.
    pub fn set_lazy(&mut self, root: &str, resolve: Arc<dyn Resolve>) {
        self.root(root).base = Some(Value::from_object(Lazy(resolve)));
    }

    /// Makes `root.name` a secret, such as `secrets.db` or an input of type secret.
    pub fn secret(&mut self, root: &str, name: &str, value: Confidential) {
        let number = self.secrets.len();
        Arc::make_mut(&mut self.secrets).push(value);
        self.root(root).secrets.insert(name.to_string(), number);
    }

    fn root(&mut self, name: &str) -> &mut Root {
        Arc::make_mut(&mut self.roots).entry(name.to_string()).or_default()
    }

    pub(super) fn secret_at(&self, number: usize) -> Option<&Confidential> {
        self.secrets.get(number)
    }

    /// The scope as the value that minijinja looks names up in.
    pub(super) fn names(&self) -> Value {
        Value::from_object(Names(self.clone()))
    }

    fn value(&self, name: &str) -> Option<Value> {
        let root = self.roots.get(name)?;
        if root.secrets.is_empty() {
            return root.base.clone();
        }
        Some(Value::from_object(WithSecrets { base: root.base.clone(), secrets: root.secrets.clone() }))
    }

    /// The first part of a path that is not there: how many parts before it are, and the names beside it.
    pub(super) fn missing(&self, path: &[String]) -> Option<(usize, Vec<String>)> {
        let (first, rest) = path.split_first()?;
        let Some(mut value) = self.value(first) else {
            return Some((0, self.roots.keys().cloned().collect()));
        };
        for (i, part) in rest.iter().enumerate() {
            let next = part.parse::<usize>().ok().and_then(|at| value.get_item_by_index(at).ok());
            let next = next.filter(|v| !v.is_undefined()).or_else(|| value.get_attr(part).ok());
            match next.filter(|v| !v.is_undefined()) {
                Some(next) => value = next,
                None => return Some((i + 1, keys_of(&value))),
            }
        }
        None
    }
}

fn keys_of(value: &Value) -> Vec<String> {
    let keys = value.as_object().filter(|o| o.repr() == minijinja::value::ObjectRepr::Map);
    keys.and_then(|_| value.try_iter().ok())
        .map(|keys| keys.filter_map(|k| k.as_str().map(str::to_string)).collect())
        .unwrap_or_default()
}

#[derive(Debug)]
struct Names(Scope);

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.value(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.value(key)
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.roots.keys().map(Value::from).collect())
    }
}

#[derive(Debug)]
struct Lazy(Arc<dyn Resolve>);

impl Object for Lazy {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).map(|json| from_json(&json))
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().into_iter().map(Value::from).collect())
    }
}

#[derive(Debug)]
struct WithSecrets {
    base: Option<Value>,
    secrets: IndexMap<String, usize>,
}

impl Object for WithSecrets {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(number) = key.as_str().and_then(|name| self.secrets.get(name)) {
            return Some(Value::from_object(SecretRef(*number)));
        }
        self.base.as_ref()?.get_item(key).ok().filter(|v| !v.is_undefined())
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut keys: Vec<Value> =
            self.base.as_ref().and_then(|b| b.try_iter().ok()).map(Iterator::collect).unwrap_or_default();
        keys.extend(self.secrets.keys().map(Value::from).filter(|k| !keys.contains(k)).collect::<Vec<_>>());
        Enumerator::Values(keys)
    }
}
