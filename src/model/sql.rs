//! SQL as a playbook writes it: text with bound values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::place::at;
use super::stage::{Field, Slot};
use crate::base::Confidential;

staged! {
    /// Runs SQL on PostgreSQL, MySQL/MariaDB or SQLite. Stops at the first error.
    pub struct Sql {
        /// A connection of `system.yaml`, or an address: `postgres://…`, `mysql://…`, `sqlite:PATH`, `sqlite::memory:`.
        connection: Slot<S, Confidential, { at::CONNECTION }>,
        /// Another database on the same server.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        database: Option<Slot<S>>,
        /// One statement whose rows are given on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        query: Option<Slot<S, SqlText, { at::SQL }>>,
        /// Several statements, in one transaction unless `transaction` is false.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        script: Option<Slot<S, SqlText, { at::SQL }>>,
        /// A file of statements, without templates.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Slot<S, String, { at::PATH }>>,
        /// False for statements that cannot run in a transaction, such as VACUUM.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<Slot<S, bool>>,
    }
}

/// SQL text cut at its bound values: `parts[0] bind[0] parts[1] bind[1] … parts[n]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SqlText {
    /// The text between the values; one more than there are values.
    pub parts: Vec<String>,
    /// The values, in order.
    pub binds: Vec<Bind>,
}

/// A value bound into SQL; a secret shows as `•••`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Bind {
    /// A value that may be shown.
    Plain(Value),
    /// Text that holds a secret.
    Secret(Confidential),
}

impl Bind {
    /// The value as JSON, a secret as `•••`.
    pub fn shown(&self) -> String {
        match self {
            Bind::Plain(value) => value.to_string(),
            Bind::Secret(text) => text.shown().to_string(),
        }
    }
}

impl SqlText {
    /// Text without values.
    pub fn plain(text: impl Into<String>) -> SqlText {
        SqlText { parts: vec![text.into()], binds: Vec::new() }
    }

    /// The text with the placeholder of each value, counted from 1.
    pub fn text(&self, placeholder: impl Fn(usize) -> String) -> String {
        let mut text = String::new();
        for (i, part) in self.parts.iter().enumerate() {
            if i > 0 {
                text.push_str(&placeholder(i));
            }
            text.push_str(part);
        }
        text
    }
}

impl Field for SqlText {
    fn from_value(value: Value) -> Result<SqlText, String> {
        match value {
            Value::String(text) => Ok(SqlText::plain(text)),
            other => serde_json::from_value(other)
                .map_err(|_| crate::t!("expected SQL text", "SQL の文字列が必要です")),
        }
    }
    fn show(&self) -> String {
        self.text(|i| format!("⟦{}⟧", self.binds[i - 1].shown()))
    }
}
