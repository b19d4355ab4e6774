//! Argument lists: each entry is one argument, a template that gives a list is spliced.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::place::at;
use super::stage::{Field, Slot, Stage, Staged, Stager};

/// What one entry of an argument list gives: usually one argument, several where a template gave a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Arg(pub Vec<String>);

impl Arg {
    fn one(value: Value) -> Result<String, String> {
        match value {
            Value::String(text) => Ok(text),
            Value::Number(n) => Ok(n.to_string()),
            Value::Bool(b) => Ok(b.to_string()),
            other => Err(crate::t!(
                "an argument is text or a number, not {other}",
                "引数は文字列か数値です（{other} ではありません）"
            )),
        }
    }
}

impl Field for Arg {
    fn from_value(value: Value) -> Result<Arg, String> {
        match value {
            Value::Array(items) => items.into_iter().map(Arg::one).collect::<Result<_, _>>().map(Arg),
            other => Arg::one(other).map(|text| Arg(vec![text])),
        }
    }
    fn show(&self) -> String {
        self.0.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
    fn show_unknown(text: &str) -> String {
        quoted(text)
    }
}

/// An argument as a person would have to type it; what stands in `⟨…⟩` for a value needs no quotes of its own.
pub fn quoted(text: &str) -> String {
    let mut depth = 0usize;
    let mut safe = |c: char| {
        match c {
            '⟨' => depth += 1,
            '⟩' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 0 || c.is_ascii_alphanumeric() || "-_./:=,@%+⟩•".contains(c)
    };
    if !text.is_empty() && text.chars().all(&mut safe) {
        text.to_string()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A list of arguments for a program, without a shell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent, bound = "")]
#[schemars(bound = "")]
pub struct Args<S: Stage>(pub Vec<Slot<S, Arg, { at::ARGV }>>);

impl<S: Stage> Staged<S> for Args<S> {
    type Next<B: Stage> = Args<B>;
    fn stage<B: Stage, M: Stager<S, B>>(&self, m: &mut M) -> Result<Args<B>, M::Error> {
        self.0.stage(m).map(Args)
    }
}

impl Args<super::Rendered> {
    /// The arguments, lists spliced.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().flat_map(|a| a.0.0.iter().cloned()).collect()
    }
}
