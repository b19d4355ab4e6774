//! What a person is asked, and what they say.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::InputDecl;

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// May the step run?
    Confirm {
        /// The question.
        text: String,
        /// The very text that will run.
        preview: String,
        /// Facts to judge by.
        facts: IndexMap<String, Value>,
        /// The text to type instead of `y`.
        typed: Option<String>,
        /// How many people must agree.
        people: u32,
    },
    /// A person does something.
    Manual {
        /// What.
        instruction: String,
        /// A page to open.
        link: Option<String>,
        /// What to bring back.
        evidence: IndexMap<String, InputDecl>,
    },
    /// A person chooses.
    Decide {
        /// The question.
        text: String,
        /// The answers.
        choices: Vec<Choice>,
    },
}

/// One answer that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What is recorded.
    pub value: Value,
    /// What the person reads.
    pub label: String,
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// Go on.
    Yes,
    /// Do not.
    No {
        /// Why, such as `no terminal`.
        because: String,
    },
    /// A manual step is done, not done, or not applicable.
    Manual {
        /// `done`, `not_done` or `not_applicable`.
        answer: String,
        /// What was brought back.
        evidence: IndexMap<String, Value>,
        /// A remark.
        note: Option<String>,
    },
    /// A choice.
    Choice {
        /// What was chosen.
        value: Value,
        /// Why.
        reason: Option<String>,
    },
}

/// A reply and who gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What was said.
    pub reply: Reply,
    /// By whom.
    pub by: String,
}
