//! Conditions: bare expressions that must hold. It does not evaluate them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tree;
use super::stage::{Slot, Templated};

/// One expression that must hold, and what happens when it does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The expression, without braces: `rows[0].total > 0`.
    pub that: String,
    /// What a false expression means.
    #[serde(default, skip_serializing_if = "is_default")]
    pub otherwise: Otherwise,
    /// What to tell the operator when it is false; templates allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::model::LocalizedText>")]
    pub message: Option<Slot<Templated>>,
    /// A list: the expression is tested for each of its items, as `item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Tree<Templated>>,
}

impl Condition {
    /// A condition that fails when the expression is false.
    pub fn new(that: impl Into<String>) -> Condition {
        Condition { that: that.into(), otherwise: Otherwise::Fail, message: None, each: None }
    }
}

/// What a condition that does not hold means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The step fails.
    #[default]
    Fail,
    /// The step is done, with a warning.
    Warn,
}

fn is_default(value: &Otherwise) -> bool {
    *value == Otherwise::Fail
}
