//! The names that a template sees, and their values. It does not know where values come from.

use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use serde_json::{Map, Value as Json};

use super::TemplateError;
use super::error::raise;
use super::value::{SecretRef, from_json, from_map};
use crate::base::Confidential;

/// A value that many scopes see, brought into the form of templates once.
#[derive(Clone, Debug)]
pub struct Ready(Value);

impl Ready {
    /// The value of some JSON.
    pub fn new(value: &Json) -> Ready {
        Ready(from_json(value))
    }
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
    /// Why a name has no value.
    broken: IndexMap<String, String>,
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

    /// The same with a value that other scopes see too.
    pub fn set_ready(&mut self, root: &str, value: &Ready) {
        self.root(root).base = Some(value.0.clone());
    }

    /// The same with a mapping.
    pub fn set_map(&mut self, root: &str, map: &Map<String, Json>) {
        self.root(root).base = Some(from_map(map));
    }

    /// The same with a mapping of which some names could not be made: who uses one of those learns why.
    pub fn set_partly(&mut self, root: &str, map: &Map<String, Json>, broken: &[(String, TemplateError)]) {
        self.set_map(root, map);
        self.root(root).broken = broken.iter().map(|(name, e)| (name.clone(), e.message.clone())).collect();
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
        if root.secrets.is_empty() && root.broken.is_empty() {
            return root.base.clone();
        }
        Some(Value::from_object(root.clone()))
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

impl Object for Root {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(number) = key.as_str().and_then(|name| self.secrets.get(name)) {
            return Some(Value::from_object(SecretRef(*number)));
        }
        if let Some(why) = key.as_str().and_then(|name| self.broken.get(name)) {
            return Some(Value::from(raise(why.clone())));
        }
        self.base.as_ref()?.get_item(key).ok().filter(|v| !v.is_undefined())
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut keys: Vec<Value> =
            self.base.as_ref().and_then(|b| b.try_iter().ok()).map(Iterator::collect).unwrap_or_default();
        keys.extend(self.broken.keys().map(Value::from));
        keys.extend(self.secrets.keys().map(Value::from).filter(|k| !keys.contains(k)).collect::<Vec<_>>());
        Enumerator::Values(keys)
    }
}
