//! The facts of a question: each behind its label, or behind a name with a label in several languages. Those with a
//! name are put behind the label that was taken.

use serde_json::{Map, Value};

use super::fit::{Broken, Fit, Fitted, Where};
use super::tree::{Field, Shape};
use crate::lang::yaml::Seg;

/// A fact that stands in the file behind a name, and in the model behind its label.
#[derive(Debug)]
pub struct Labelled {
    /// Its path in the model.
    pub path: Vec<Seg>,
    /// The path of its value in the file.
    pub written: Vec<Seg>,
}

impl Fit<'_> {
    /// Fits the facts of a question.
    pub(super) fn facts(&mut self, value: &mut Value) -> Fitted {
        let Value::Object(map) = value else {
            return self.wrong(&value.clone(), &Shape::Map(Box::new(Shape::Any)));
        };
        let mut facts = Map::new();
        for (key, one) in std::mem::take(map) {
            self.trail.enter(&key);
            if let Ok((label, value)) = self.fact(key, one) {
                if facts.contains_key(&label) {
                    drop(self.said_twice(&label));
                }
                facts.insert(label, value);
            }
            self.trail.leave();
        }
        *value = Value::Object(facts);
        Ok(())
    }

    /// The label of a fact, and its value.
    fn fact(&mut self, key: String, mut fact: Value) -> Result<(String, Value), Broken> {
        if !fact.as_object().is_some_and(|map| map.contains_key("label")) {
            return Ok((key, fact));
        }
        let field = |key: &str, shape| Field { key: key.into(), shape, required: true };
        self.record(&mut fact, &[field("label", Shape::Localized), field("value", Shape::Any)], "")?;
        let mut part = |key: &str| fact.get_mut(key).map(Value::take).unwrap_or_default();
        let (Value::String(label), value) = (part("label"), part("value")) else { return Err(Broken) };
        let mut written = self.trail.path();
        let mut path = written.clone();
        path.pop();
        path.push(Seg::name(&label));
        written.push(Seg::name("value"));
        self.labelled.push(Labelled { path, written });
        Ok((label, value))
    }

    fn said_twice(&mut self, label: &str) -> Fitted {
        let title = crate::t!("two facts are called `{label}`", "`{label}` という項目が 2 つあります");
        self.note(Where::Key, "duplicate-key", title, None)
    }
}
