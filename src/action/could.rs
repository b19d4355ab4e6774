//! Asks an action whether it could start, changing nothing. Yes says that everything that was looked at is there, not
//! that the action will succeed.

use crate::event::{Failure, Verdict};
use crate::model::{Action, Rendered};

use super::context::Context;
use super::{could_around, could_file, could_shell, docker, escalate, far_end, http, notify, sql};

/// What stands where only a run can know the text.
const UNKNOWN: char = '⟨';

/// Whether an action could start, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Could {
    /// Whether it could.
    pub verdict: Verdict,
    /// What was found, in words.
    pub words: String,
    /// What is not there, by name: an earlier step that speaks of it may bring it.
    pub wants: Vec<String>,
}

impl Could {
    /// It could; `words` say what is there.
    pub fn yes(words: impl Into<String>) -> Could {
        Could { verdict: Verdict::Yes, words: words.into(), wants: Vec::new() }
    }

    /// It could not; `words` say why.
    pub fn no(words: impl Into<String>) -> Could {
        Could { verdict: Verdict::No, words: words.into(), wants: Vec::new() }
    }

    /// Looking does not tell; `words` say why.
    pub fn unclear(words: impl Into<String>) -> Could {
        Could { verdict: Verdict::CannotKnow, words: words.into(), wants: Vec::new() }
    }

    /// It holds a part that only a run knows.
    pub fn unknown(part: &str) -> Could {
        Could::unclear(crate::t!("only a run knows {part}", "{part} は実行時にのみ決まります"))
    }

    /// The same, missing something of this name.
    pub fn wanting(mut self, name: impl Into<String>) -> Could {
        self.wants.push(name.into());
        self
    }

    /// Both: the worse verdict, and the words of what speaks against it, or else of both.
    pub fn and(self, other: Could) -> Could {
        match (self.verdict, other.verdict) {
            (Verdict::Yes, Verdict::Yes) => {
                let words = [self.words, other.words];
                let told: Vec<String> = words.into_iter().filter(|w| !w.is_empty()).collect();
                Could::yes(told.join("; "))
            }
            (mine, others) if others > mine => other,
            _ => self,
        }
    }
}

impl From<Failure> for Could {
    fn from(failure: Failure) -> Could {
        match failure {
            Failure::Cancelled | Failure::TimedOut { .. } => Could::unclear(failure.to_string()),
            _ => Could::no(failure.to_string()),
        }
    }
}

/// What a look came to: the bad news is in either.
pub(super) type Looked = Result<Could, Could>;

/// Whether a text holds a part that only a run knows.
pub(super) fn is_unknown(text: &str) -> bool {
    text.contains(UNKNOWN)
}

/// Asks an action whether it could start. Texts may hold `⟨…⟩` where only a run knows.
pub async fn could_start(action: &Action<Rendered>, cx: &Context<'_>) -> Could {
    match far_end::place_to_look(action, cx) {
        Ok(Some(there)) => return Box::pin(far_end::could(action, &there, cx)).await,
        Ok(None) => {}
        Err(failure) => return failure.into(),
    }
    if let Some(found) = could_around::nothing_to_do(cx) {
        return found;
    }
    let own = match action {
        Action::Shell(shell) => could_shell::could_start(shell, cx).await,
        Action::Docker(docker) => docker::could_start(docker, cx).await,
        Action::Sql(sql) => sql::could_start(sql, cx).await,
        Action::Http(http) => http::could_start(http, cx).await,
        Action::File(file) => could_file::could_start(file, cx),
        Action::Fail(fail) => Err(Could::no(fail.message.0.clone())),
        Action::Manual(_) | Action::Decide(_) => {
            Err(Could::unclear(crate::t!("a person decides this", "人が判断します")))
        }
        Action::SecretGenerate(_) => Ok(Could::yes(crate::t!(
            "it makes a secret, unless the file is there already",
            "シークレットを作ります（ファイルが既にあれば何もしません）"
        ))),
        Action::Wait(_) => Ok(Could::yes(crate::t!("it only waits", "待つだけです"))),
        Action::Notify(notify) => notify::could_start(notify, cx).await,
        Action::Escalate(escalate) => escalate::could_start(escalate, cx).await,
        Action::Probe(_) | Action::Assert(_) | Action::Playbook(_) | Action::Named(_) => {
            Err(Could::unclear(crate::t!("there is nothing to look at", "確認できるものがありません")))
        }
    };
    let own = own.unwrap_or_else(|bad| bad);
    // `defaults` give every step a folder, also those that run nothing in one.
    if asks_or_tells(action) {
        return own;
    }
    match could_around::could_be(cx) {
        Ok(()) => own,
        Err(bad) => own.and(bad),
    }
}

/// Whether an action only asks people, judges, or tells them something.
fn asks_or_tells(action: &Action<Rendered>) -> bool {
    matches!(
        action,
        Action::Manual(_)
            | Action::Decide(_)
            | Action::Assert(_)
            | Action::Fail(_)
            | Action::Notify(_)
            | Action::Escalate(_)
    )
}
