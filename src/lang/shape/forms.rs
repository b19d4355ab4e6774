//! Values with a form of their own: what a step waits for, names, where a secret comes from.

use serde_json::Value;

use super::fit::{Fit, Fitted, Where};
use super::tree::{Field, Shape};
use crate::model::has_template;

impl Fit<'_> {
    pub(super) fn needs(&mut self, value: &mut Value) -> Fitted {
        match value {
            Value::String(text) if text == "above" || text == "previous" => Ok(()),
            Value::String(_) => {
                *value = Value::Array(vec![value.take()]);
                self.list(value, &Shape::StepId)
            }
            Value::Array(_) => self.list(value, &Shape::StepId),
            _ => self.wrong(&value.clone(), &Shape::Needs),
        }
    }

    pub(super) fn secret_source(&mut self, value: &mut Value) -> Fitted {
        match value {
            Value::String(text) if is_source(text) => Ok(()),
            Value::Object(_) => {
                let command = Shape::List(Box::new(Shape::Text));
                self.record(value, &[Field { key: "command".into(), shape: command, required: true }], "")
            }
            _ => self.wrong(&value.clone(), &Shape::SecretSource),
        }
    }

    /// Names in a list that is one value: it is either written out or one template, so that none of it goes unrendered.
    pub(super) fn names(&mut self, value: &mut Value, shape: &Shape) -> Fitted {
        let mut fitted = self.list(value, &shape.clone());
        let items = value.as_array().into_iter().flatten().enumerate();
        for (i, _) in items.filter(|(_, item)| item.as_str().is_some_and(has_template)) {
            self.trail.enter_item(i);
            let title = crate::t!(
                "a template does not stand inside this list",
                "このリストの中にテンプレートは書けません"
            );
            let help = crate::t!(
                "write the whole list as one: \"{{{{ ['name=' ~ value, 'other'] }}}}\"",
                "リスト全体を一つのテンプレートにしてください: \"{{{{ ['name=' ~ value, 'other'] }}}}\""
            );
            fitted = self.note(Where::Value, "template-in-a-list", title, Some(help));
            self.trail.leave();
        }
        fitted
    }
}

/// Whether a text says where a secret comes from.
fn is_source(text: &str) -> bool {
    match text.split_once(':') {
        None => text == "prompt",
        Some(("env", name)) => !name.is_empty() && !name.contains(['=', '\0']),
        Some(("file", path)) => !path.is_empty() && !path.contains('\0'),
        // The rules of systemd for names of credentials.
        Some(("credential", name)) => {
            !matches!(name, "" | "." | "..") && name.len() <= 255 && !name.contains(['/', '\0'])
        }
        Some(_) => false,
    }
}
