//! Values on their way between JSON and minijinja, and the few values that are more than data: secrets, raw
//! text, quoted names, words, and what a dry run cannot know. It does not know places.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, ValueKind};
use minijinja::{Error, Value};
use serde_json::Value as Json;

use super::error::raise;
use super::marker;
use super::syntax::nul;

/// Stands for a secret: its number in the scope.
#[derive(Debug)]
pub(super) struct SecretRef(pub usize);

/// Stands for what only a run can know: its number in the plan.
#[derive(Debug)]
pub(super) struct UnknownRef(pub usize);

/// Text that an author wants unencoded.
#[derive(Debug)]
pub(super) struct Raw(pub String);

/// A SQL name, already quoted.
#[derive(Debug)]
pub(super) struct Ident(pub String);

/// Several words of a shell.
#[derive(Debug)]
pub(super) struct Words(pub Vec<Value>);

macro_rules! plain_object {
    ($($t:ty: |$x:ident, $f:ident| $write:expr);* $(;)?) => { $(
        impl Object for $t {
            fn repr(self: &Arc<Self>) -> ObjectRepr {
                ObjectRepr::Plain
            }
            fn render(self: &Arc<Self>, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $x = self;
                $write
            }
        }
    )* };
}
plain_object! {
    SecretRef: |x, f| f.write_str(&marker::secret(x.0));
    UnknownRef: |x, f| f.write_str(&marker::unknown(x.0));
    Raw: |x, f| f.write_str(&x.0);
    Ident: |x, f| f.write_str(&x.0);
    Words: |x, f| write!(f, "{}", x.0.len());
}

/// A JSON value as templates see it. Text with a NUL becomes a value that is an error once it is used: that
/// keeps the marks of this room unforgeable.
pub(super) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(b) => Value::from(*b),
        Json::Number(n) => number(n),
        Json::String(text) if text.contains('\0') => Value::from(raise(nul())),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(from_json).collect(),
        Json::Object(map) => from_map(map),
    }
}

/// A JSON mapping as templates see it.
pub(super) fn from_map(map: &serde_json::Map<String, Json>) -> Value {
    Value::from_pairs(map.iter().filter(|(k, _)| !k.contains('\0')).map(|(k, v)| (k.as_str(), from_json(v))))
}

fn number(n: &serde_json::Number) -> Value {
    n.as_i64()
        .map(Value::from)
        .or_else(|| n.as_u64().map(Value::from))
        .or_else(|| n.as_f64().map(Value::from))
        .unwrap_or_default()
}

/// A value as JSON. A secret becomes its mark when `secrets` are allowed.
///
/// # Errors
/// Says which kind of value has no JSON: undefined, not a number, too large, a function.
pub(super) fn to_json(value: &Value, secrets: bool) -> Result<Json, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(undefined()),
        ValueKind::None => Ok(Json::Null),
        ValueKind::Bool => Ok(Json::Bool(value.is_true())),
        ValueKind::Number => number_json(value),
        ValueKind::String => Ok(Json::String(value.as_str().unwrap_or_default().to_string())),
        ValueKind::Seq | ValueKind::Iterable => value
            .try_iter()?
            .map(|item| to_json(&item, secrets))
            .collect::<Result<Vec<_>, _>>()
            .map(Json::Array),
        ValueKind::Map => map_json(value, secrets),
        ValueKind::Plain => object_json(value, secrets),
        kind => Err(raise(crate::t!("a {kind} is no value to use here", "{kind} はここでは使えません"))),
    }
}

fn number_json(value: &Value) -> Result<Json, Error> {
    if value.is_integer() {
        let text = value.to_string();
        let small = text.parse::<i64>().map(Json::from).or_else(|_| text.parse::<u64>().map(Json::from));
        return small
            .map_err(|_| raise(crate::t!("the number {text} is too large", "数値 {text} は大きすぎます")));
    }
    let float = f64::try_from(value.clone())?;
    serde_json::Number::from_f64(float).map(Json::Number).ok_or_else(|| {
        raise(crate::t!("the result is not a finite number", "結果が有限の数値ではありません"))
    })
}

fn map_json(value: &Value, secrets: bool) -> Result<Json, Error> {
    let mut map = serde_json::Map::new();
    for key in value.try_iter()? {
        let item = value.get_item(&key)?;
        map.insert(to_text(&key)?, to_json(&item, secrets)?);
    }
    Ok(Json::Object(map))
}

fn object_json(value: &Value, secrets: bool) -> Result<Json, Error> {
    if value.downcast_object_ref::<SecretRef>().is_some() && !secrets {
        return Err(secret_here());
    }
    if let Some(words) = value.downcast_object_ref::<Words>() {
        return words.0.iter().map(|w| to_json(w, secrets)).collect::<Result<Vec<_>, _>>().map(Json::Array);
    }
    to_text(value).map(Json::String)
}

/// A scalar as text.
///
/// # Errors
/// Says what to do instead when the value is undefined, null, a list or a mapping.
pub(super) fn to_text(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default().to_string()),
        ValueKind::Bool => Ok(value.is_true().to_string()),
        ValueKind::Number => number_json(value).map(|n| n.to_string()).or_else(|_| finite_text(value)),
        ValueKind::Undefined => Err(undefined()),
        ValueKind::None => Err(raise(crate::t!(
            "the value is null; write `| default('…', true)` if that may be",
            "値が null です。null があり得るなら `| default('…', true)` と書いてください"
        ))),
        ValueKind::Seq | ValueKind::Iterable => Err(raise(crate::t!(
            "a list cannot stand in text; write `| join(', ')` or `| tojson`",
            "リストは文字列の中に書けません。`| join(', ')` か `| tojson` を使ってください"
        ))),
        ValueKind::Map => Err(raise(crate::t!(
            "a mapping cannot stand in text; name one of its keys or write `| tojson`",
            "マップは文字列の中に書けません。キーを指定するか `| tojson` を使ってください"
        ))),
        _ => object_text(value),
    }
}

fn finite_text(value: &Value) -> Result<String, Error> {
    if value.is_integer() { Ok(value.to_string()) } else { number_json(value).map(|n| n.to_string()) }
}

fn object_text(value: &Value) -> Result<String, Error> {
    let known = value.downcast_object_ref::<SecretRef>().is_some()
        || value.downcast_object_ref::<UnknownRef>().is_some()
        || value.downcast_object_ref::<Raw>().is_some()
        || value.downcast_object_ref::<Ident>().is_some();
    if known {
        return Ok(value.to_string());
    }
    if value.downcast_object_ref::<Words>().is_some() {
        return Err(raise(crate::t!("`| words` is only for shell scripts", "`| words` はシェル用です")));
    }
    Err(raise(crate::t!("a function cannot stand in text", "関数は文字列の中に書けません")))
}

/// Text for a filter that has to see what it works on, which a secret never shows.
pub(super) fn to_open_text(value: &Value) -> Result<String, Error> {
    let text = to_text(value)?;
    if text.contains('\0') { Err(secret_filtered()) } else { Ok(text) }
}

pub(super) fn undefined() -> Error {
    minijinja::ErrorKind::UndefinedError.into()
}

pub(super) fn secret_here() -> Error {
    raise(crate::t!(
        "a secret cannot be used here; give it by `env`, `stdin`, `auth`, `headers` or as a SQL value",
        "秘密の値はここでは使えません。`env`、`stdin`、`auth`、`headers`、または SQL の値として渡してください"
    ))
}

pub(super) fn secret_filtered() -> Error {
    raise(crate::t!(
        "a secret can only be joined with text or go through `| urlencode`: any other filter would have to see it",
        "秘密の値にできるのは文字列との連結と `| urlencode` だけです。ほかのフィルターは値そのものを必要とします"
    ))
}
