//! How work can end: the whole space, named.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a step gives to later ones: `steps.X.stdout`, `steps.X.rows`, …
pub type Gives = Map<String, Value>;

/// How a step, an item or an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Ok,
    /// Done, with something the operator should look at.
    Warned,
    /// Not done, or done wrongly.
    Failed,
    /// Its condition did not hold.
    Skipped,
    /// There was nothing to do.
    Unchanged,
    /// Something it needs did not succeed.
    Blocked,
    /// A person or the lack of one said no.
    Refused,
    /// It was under way when the engine died.
    Unknown,
    /// A person did it.
    ByHand,
}

impl Outcome {
    /// Whether what follows may go on.
    pub fn lets_follow(self) -> bool {
        matches!(
            self,
            Outcome::Ok | Outcome::Warned | Outcome::Skipped | Outcome::Unchanged | Outcome::ByHand
        )
    }

    /// The word that playbooks use.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Warned => "warned",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
            Outcome::Unchanged => "unchanged",
            Outcome::Blocked => "blocked",
            Outcome::Refused => "refused",
            Outcome::Unknown => "unknown",
            Outcome::ByHand => "by_hand",
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Every step is done.
    Ok,
    /// Done, with warnings.
    Warned,
    /// A step failed.
    Failed,
    /// A question was answered with no, or by nobody.
    Refused,
    /// A person or a signal ended it.
    Cancelled,
}

impl RunOutcome {
    /// The word that programs use.
    pub fn word(self) -> &'static str {
        match self {
            RunOutcome::Ok => "ok",
            RunOutcome::Warned => "warned",
            RunOutcome::Failed => "failed",
            RunOutcome::Refused => "refused",
            RunOutcome::Cancelled => "cancelled",
        }
    }
}

/// Why an attempt did not succeed. A fact, not an error of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Failure {
    /// A program ended with a code that does not mean done.
    Exit {
        /// The code.
        code: i32,
    },
    /// A signal ended a program.
    Signal {
        /// Its number.
        number: i32,
    },
    /// It took longer than its `timeout`, and was ended.
    TimedOut {
        /// The limit, in milliseconds.
        after_ms: u64,
    },
    /// It was ended because the run was.
    Cancelled,
    /// A condition on its result does not hold.
    Expectation {
        /// The expression, or the author's message.
        message: String,
    },
    /// What it needs is not there: a program, a file, a server, a login.
    Unavailable {
        /// What, and what to do.
        message: String,
    },
    /// The other side said no: an SQL error, a Docker error, a refused file operation.
    Rejected {
        /// Its words.
        message: String,
    },
    /// A template could not be rendered.
    Template {
        /// Why, with its place.
        message: String,
    },
    /// It would have been something else than the saved plan says.
    Unplanned {
        /// What, planned and now.
        message: String,
    },
    /// The author's `fail`.
    Declared {
        /// The author's words.
        message: String,
    },
}

impl Failure {
    /// The exit code, where a program gave one.
    pub fn code(&self) -> Option<i32> {
        match self {
            Failure::Exit { code } => Some(*code),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Failure::Exit { code } => crate::t!("exit code {code}", "終了コード {code}"),
            Failure::Signal { number } => crate::t!("ended by signal {number}", "シグナル {number} で終了"),
            Failure::TimedOut { after_ms } => {
                let after = crate::base::Duration::from_millis(*after_ms);
                crate::t!("took longer than {after} and was ended", "{after} を超えたため終了させました")
            }
            Failure::Cancelled => crate::t!("ended because the run was", "実行の中止により終了"),
            Failure::Expectation { message }
            | Failure::Unavailable { message }
            | Failure::Rejected { message }
            | Failure::Template { message }
            | Failure::Unplanned { message }
            | Failure::Declared { message } => message.clone(),
        };
        f.write_str(&text)
    }
}
