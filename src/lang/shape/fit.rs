//! Fits a value to its shape: rewrites short forms into full ones and notes every mistake, taking out what is
//! wrong so that the rest can be read. It knows no file, only paths.

use serde_json::{Map, Value};

use super::facts::Labelled;
use super::localized::Choice;
use super::short::{Short, empty_will_do, one_for_many};
use super::trail::Trail;
use super::tree::{Def, Field, Shape, Shapes};
use super::words::{expected, found, listed};
use crate::base::{Duration, Lang, Size, StepId};
use crate::diag::did_you_mean;
use crate::lang::yaml::Seg;
use crate::model::has_template;

/// Which place of a path a mistake is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// The value.
    Value,
    /// The last key of the path.
    Key,
    /// The first key of the mapping.
    Head,
}

/// A mistake in the shape of a value.
#[derive(Debug)]
pub struct Mistake {
    /// The path to it, in the model.
    pub path: Vec<Seg>,
    /// What of the path is meant.
    pub place: Where,
    /// A stable name.
    pub code: &'static str,
    /// What is wrong.
    pub title: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// A value does not fit and was noted; whoever holds it takes it out.
pub struct Broken;

/// One walk over a value.
pub struct Fit<'a> {
    shapes: &'a Shapes,
    pub(super) trail: Trail,
    /// An explicit null counts as not written.
    pub(super) null_is_absent: bool,
    /// The language whose texts are taken.
    pub(super) lang: Lang,
    /// What was taken of texts in several languages.
    pub choices: Vec<Choice>,
    /// Facts that stand behind names.
    pub labelled: Vec<Labelled>,
    /// Everything noted.
    pub mistakes: Vec<Mistake>,
}

pub(super) type Fitted = Result<(), Broken>;

impl<'a> Fit<'a> {
    /// A walk that has not begun. In a system file an explicit null means the same as no key.
    pub fn new(shapes: &'a Shapes, null_is_absent: bool, lang: Lang) -> Fit<'a> {
        Fit {
            shapes,
            trail: Trail::default(),
            null_is_absent,
            lang,
            choices: Vec::new(),
            labelled: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Fits a whole file.
    pub fn root(&mut self, value: &mut Value) -> Fitted {
        self.fit(value, &Shape::Def(self.shapes.root))
    }

    pub(super) fn note(
        &mut self,
        place: Where,
        code: &'static str,
        title: String,
        help: Option<String>,
    ) -> Fitted {
        self.mistakes.push(Mistake { path: self.trail.path(), place, code, title, help });
        Err(Broken)
    }

    fn fit(&mut self, value: &mut Value, shape: &Shape) -> Fitted {
        match shape {
            Shape::Any => Ok(()),
            Shape::Localized => self.localized(value),
            Shape::Facts => self.facts(value),
            Shape::Def(n) => self.def(value, *n),
            Shape::Templated(inner) => self.templated(value, inner),
            Shape::List(item) => self.list(value, item),
            Shape::Map(inner) => self.map(value, inner),
            Shape::Struct(fields) => self.record(value, fields, ""),
            Shape::OneOf(fields) => self.one_of(value, fields, ""),
            _ => self.scalar(value, shape),
        }
    }

    fn def(&mut self, value: &mut Value, n: usize) -> Fitted {
        let shapes = self.shapes;
        let def = &shapes.defs[n];
        expand(value, def);
        match &def.shape {
            Shape::Struct(fields) => self.record(value, fields, &def.name),
            Shape::OneOf(fields) => self.one_of(value, fields, &def.name),
            other => self.fit(value, other),
        }
    }

    fn templated(&mut self, value: &mut Value, inner: &Shape) -> Fitted {
        match value {
            Value::String(text) if has_template(text) => Ok(()),
            _ => self.fit(value, inner),
        }
    }

    pub(super) fn wrong(&mut self, value: &Value, shape: &Shape) -> Fitted {
        let (want, have) = (expected(self.shapes.in_full(shape)), found(value));
        let name = self.trail.key().map(str::to_string);
        let title = match name {
            Some(name) if value.is_null() => crate::t!("`{name}` is empty", "`{name}` が空です"),
            Some(name) => {
                crate::t!(
                    "`{name}`: expected {want}, found {have}",
                    "`{name}`: {want}が必要ですが、{have}です"
                )
            }
            None => crate::t!("expected {want}, found {have}", "{want}が必要ですが、{have}です"),
        };
        let help = match (shape, value) {
            (Shape::Text, Value::Number(_) | Value::Bool(_)) => {
                Some(crate::t!("put it in quotes: \"{value}\"", "引用符で囲んでください: \"{value}\""))
            }
            (Shape::Words(words), Value::String(text)) => {
                let near = did_you_mean(text, words.iter().map(String::as_str));
                near.map(|w| crate::t!("did you mean `{w}`?", "`{w}` の間違いではありませんか？"))
            }
            _ => None,
        };
        let code = match (shape, value) {
            (_, Value::Null) => "empty",
            (Shape::Words(_), Value::String(_)) => "unknown-word",
            _ => "wrong-type",
        };
        self.note(Where::Value, code, title, help)
    }

    fn said(&mut self, code: &'static str, title: String) -> Fitted {
        self.note(Where::Value, code, title, None)
    }

    pub(super) fn scalar(&mut self, value: &mut Value, shape: &Shape) -> Fitted {
        match (shape, &*value) {
            (Shape::Text, Value::String(_))
            | (Shape::Bool, Value::Bool(_))
            | (Shape::Number, Value::Number(_))
            | (Shape::Names, Value::String(_))
            | (Shape::Argument, Value::String(_) | Value::Number(_) | Value::Bool(_)) => Ok(()),
            (Shape::Integer(from, to), Value::Number(n))
                if n.as_i64().is_some_and(|n| (*from..=*to).contains(&n)) =>
            {
                Ok(())
            }
            (Shape::Words(words), Value::String(text)) if words.iter().any(|w| w == text) => Ok(()),
            (Shape::Duration, Value::String(text)) => match Duration::parse(text) {
                Ok(_) => Ok(()),
                Err(title) => self.said("bad-duration", title),
            },
            (Shape::Duration, Value::Number(n)) => match Duration::parse(&n.to_string()) {
                Ok(_) => Ok(()),
                Err(title) => self.said("bad-duration", title),
            },
            (Shape::Size, Value::Number(n)) if n.is_u64() => Ok(()),
            (Shape::Size, Value::String(text)) => match Size::parse(text) {
                Ok(_) => Ok(()),
                Err(title) => self.said("bad-size", title),
            },
            (Shape::StepId, Value::String(text)) if StepId::is_valid(text) => Ok(()),
            (Shape::StepId, Value::String(text)) => {
                let title =
                    crate::t!("`{text}` cannot be the id of a step", "`{text}` はステップの id にできません");
                let help = crate::t!(
                    "an id is a letter or `_`, then letters, digits and `_`, at most 64",
                    "id は英字か `_` で始まり、英数字と `_` だけの 64 文字以内です"
                );
                self.note(Where::Value, "bad-id", title, Some(help))
            }
            (Shape::Needs, _) => self.needs(value),
            (Shape::SecretSource, _) => self.secret_source(value),
            (Shape::Names, Value::Array(_)) => self.names(value, shape),
            (Shape::Argument, Value::Array(_)) => self.list(value, &shape.clone()),
            _ => self.wrong(&value.clone(), shape),
        }
    }

    pub(super) fn list(&mut self, value: &mut Value, item: &Shape) -> Fitted {
        let shapes = self.shapes;
        let inner = if let Shape::Templated(inner) = item { inner } else { item };
        let alone = match inner {
            Shape::Def(n) => one_for_many(&shapes.defs[*n].name) || shapes.defs[*n].shape == Shape::Names,
            _ => false,
        };
        if alone && !matches!(value, Value::Array(_) | Value::Null) {
            *value = Value::Array(vec![value.take()]);
        }
        let Value::Array(items) = value else {
            return self.wrong(&value.clone(), &Shape::List(Box::new(item.clone())));
        };
        let steps = matches!(inner, Shape::Def(n) if shapes.defs[*n].name == "Step");
        let mut fitted = Ok(());
        for (i, one) in items.iter_mut().enumerate() {
            self.trail.enter_item(i);
            if self.fit(one, item).is_err() {
                // A broken step leaves a gap, so that the others keep their places.
                *one = Value::Null;
                if !steps {
                    fitted = Err(Broken);
                }
            }
            self.trail.leave();
        }
        fitted
    }

    fn map(&mut self, value: &mut Value, inner: &Shape) -> Fitted {
        let Value::Object(map) = value else {
            return self.wrong(&value.clone(), &Shape::Map(Box::new(inner.clone())));
        };
        let mut broken = Vec::new();
        for (key, one) in map.iter_mut() {
            self.trail.enter(key);
            if (self.null_is_absent && one.is_null()) || self.fit(one, inner).is_err() {
                broken.push(key.clone());
            }
            self.trail.leave();
        }
        for key in broken {
            map.shift_remove(&key);
        }
        Ok(())
    }

    pub(super) fn record(&mut self, value: &mut Value, fields: &[Field], name: &str) -> Fitted {
        if value.is_null() && !fields.iter().any(|f| f.required) && empty_will_do(name) {
            *value = Value::Object(Map::new());
        }
        let Value::Object(map) = value else {
            return self.wrong(&value.clone(), &in_words(name));
        };
        let mut out = Vec::new();
        for (key, one) in map.iter_mut() {
            self.trail.enter(key);
            let keep = match fields.iter().find(|f| f.key == *key) {
                Some(field) if one.is_null() && self.null_is_absent && !field.required => false,
                Some(field) => self.fit(one, &field.shape).is_ok(),
                None => self.unknown(key, fields).is_ok(),
            };
            self.trail.leave();
            if !keep {
                out.push(key.clone());
            }
        }
        let missing: Vec<&Field> =
            fields.iter().filter(|f| f.required && !map.contains_key(&f.key)).collect();
        for field in &missing {
            let key = &field.key;
            if out.iter().any(|o| did_you_mean(o, [key.as_str()]).is_some()) {
                continue;
            }
            let title = crate::t!("`{key}` is missing", "`{key}` がありません");
            let want = expected(self.shapes.in_full(&field.shape));
            let help = crate::t!("add `{key}:` with {want}", "`{key}:` に{want}を書いてください");
            let _ = self.note(Where::Head, "missing-key", title, Some(help));
        }
        let lost = fields.iter().any(|f| f.required && (out.contains(&f.key) || !map.contains_key(&f.key)));
        for key in out {
            map.shift_remove(&key);
        }
        if lost { Err(Broken) } else { Ok(()) }
    }

    fn unknown(&mut self, key: &str, fields: &[Field]) -> Fitted {
        let keys = || fields.iter().map(|f| f.key.as_str());
        let help = match did_you_mean(key, keys()) {
            Some(near) => crate::t!("did you mean `{near}`?", "`{near}` の間違いではありませんか？"),
            None => {
                let list = listed(keys());
                crate::t!("the keys here are {list}", "ここで使えるキーは {list} です")
            }
        };
        let title = crate::t!("unknown key `{key}`", "`{key}` というキーはありません");
        self.note(Where::Key, "unknown-key", title, Some(help))
    }

    fn one_of(&mut self, value: &mut Value, fields: &[Field], name: &str) -> Fitted {
        if let Value::String(word) = value
            && fields.iter().any(|f| f.key == *word)
        {
            *value = Value::Object([(std::mem::take(word), Value::Null)].into_iter().collect());
        }
        let Value::Object(map) = value else {
            let words = fields.iter().map(|f| f.key.clone()).collect();
            return self.wrong(&value.clone(), &Shape::Words(words));
        };
        let known = map.keys().filter(|k| fields.iter().any(|f| f.key == **k)).count();
        if known > 1 || map.is_empty() {
            let list = listed(fields.iter().map(|f| f.key.as_str()));
            let title =
                crate::t!("exactly one of {list} has to stand here", "{list} のうちちょうど 1 つが必要です");
            return self.note(Where::Head, "one-of", title, None);
        }
        self.record(value, fields, name)?;
        if value.as_object().is_none_or(Map::is_empty) { Err(Broken) } else { Ok(()) }
    }
}

/// What may stand for a mapping of this type: most may be written as text alone.
fn in_words(name: &str) -> Shape {
    let short = super::short::of(name).iter().any(|s| matches!(s, Short::Text(_)));
    if short { Shape::TextOrMap } else { Shape::Struct(Vec::new()) }
}

/// Rewrites a short form into the full one.
fn expand(value: &mut Value, def: &Def) {
    for form in def.short {
        let key = match (form, &*value) {
            (Short::Text(key), Value::Object(map)) if def.is_text(key, map) => key,
            (Short::Text(key), Value::String(_)) | (Short::List(key), Value::Array(_)) => key,
            (Short::Text("for"), Value::Number(_)) => &"for",
            (Short::Bool(key), Value::Bool(b)) => {
                *value = Value::String(b.to_string());
                key
            }
            (Short::Word(word, key), Value::String(text)) if text == word => {
                *value = Value::Bool(true);
                key
            }
            _ => continue,
        };
        *value = Value::Object([(key.to_string(), value.take())].into_iter().collect());
        return;
    }
}
