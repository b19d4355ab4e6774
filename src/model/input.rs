//! Inputs: what the operator supplies, each with a type.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One input of a playbook, or one piece of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputDecl {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// What it is for; shown where it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::model::LocalizedText>")]
    pub description: Option<String>,
    /// The value when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Whether it must be given. Default: true unless there is a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// A regular expression that the whole text must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The least value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The values of a `choice`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Where a `secret` comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<SecretSource>,
    /// Whether a `secret` under 6 characters is allowed, which can then not be masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmasked: Option<bool>,
}

/// The types of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// One of `choices`.
    Choice,
    /// A path.
    Path,
    /// `2026-03-01`.
    Date,
    /// `02:30` or `02:30:00`.
    Time,
    /// `10m`, `26h`, `7d`.
    Duration,
    /// `64KiB`, `10MB`.
    Size,
    /// An IPv4 or IPv6 address.
    Ip,
    /// `1.2.3`.
    Version,
    /// A value that never shows.
    Secret,
}

/// Where a secret comes from: `env:NAME`, `file:PATH` (that its owner alone may read), `credential:NAME` (handed to
/// the service by systemd), `prompt`, or what a command prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SecretSource {
    /// `env:NAME`, `file:PATH`, `credential:NAME` or `prompt`.
    Text(String),
    /// A program whose output is the secret.
    Command {
        /// The program and its arguments.
        command: Vec<String>,
    },
}
