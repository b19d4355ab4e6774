//! What people said of a saved plan: a line each, chained by hashes and bound to the plan's digest. It asks nobody.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::form::Saved;
use crate::base::Duration;
use crate::plan::{Plan, sha256_hex};

/// What one person said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Yes or no.
    pub verdict: Verdict,
    /// Who said it.
    pub by: String,
    /// The account it was said under.
    pub user: String,
    /// On which machine.
    pub host: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// The digest of the plan.
    pub plan: String,
    /// SHA-256 of the line before; of the first one, the digest of the plan.
    pub prev: String,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The plan may be run.
    Approve,
    /// It may not.
    Reject,
}

/// What a plan needs before it is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// How many people must approve it.
    pub people: u32,
    /// Whether its author may be among them.
    pub author_counts: bool,
    /// How long an approval holds.
    pub expires: Option<Duration>,
}

/// A line that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {message}")]
pub struct Broken {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Why a plan may not be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unapproved {
    /// This person said no.
    Rejected(Box<Approval>),
    /// So many more people have to approve; and why others who did do not count.
    Missing { more: u32, of: u32, notes: Vec<String> },
}

impl Need {
    /// What the systems of a plan ask for: the strictest of each.
    pub fn of(plan: &Plan) -> Need {
        let asked = plan.frames.iter().map(|f| &f.system.approvals).filter(|a| a.required > 0);
        let none = Need { people: 0, author_counts: true, expires: None };
        asked.fold(none, |need, asked| Need {
            people: need.people.max(asked.required),
            author_counts: need.author_counts && asked.not_the_author == Some(false),
            expires: [need.expires, asked.expires].into_iter().flatten().min(),
        })
    }

    /// The approvals that count, one a person.
    ///
    /// # Errors
    /// When somebody's last word is no, or too few have approved.
    pub fn met_by(
        &self,
        said: &[Approval],
        author: &str,
        now: Timestamp,
    ) -> Result<Vec<Approval>, Unapproved> {
        let last = |a: &&Approval| said.iter().rfind(|b| b.by == a.by) == Some(*a);
        let words: Vec<&Approval> = said.iter().filter(last).collect();
        if let Some(no) = words.iter().find(|a| a.verdict == Verdict::Reject) {
            return Err(Unapproved::Rejected(Box::new((*no).clone())));
        }
        let mut notes = Vec::new();
        let mut counted = Vec::new();
        for word in words {
            let by = &word.by;
            if by == author && !self.author_counts {
                notes.push(crate::t!("{by} made the plan", "{by} は計画の作成者です"));
            } else if self.is_over(word, now) {
                notes.push(crate::t!("the approval of {by} has expired", "{by} の承認は期限切れです"));
            } else {
                counted.push(word.clone());
            }
        }
        match self.people.saturating_sub(counted.len() as u32) {
            0 => Ok(counted),
            more => Err(Unapproved::Missing { more, of: self.people, notes }),
        }
    }

    fn is_over(&self, word: &Approval, now: Timestamp) -> bool {
        let length =
            self.expires.and_then(|e| i64::try_from(e.as_millis()).ok()).map(SignedDuration::from_millis);
        length.and_then(|l| word.at.checked_add(l).ok()).is_some_and(|end| now >= end)
    }
}

/// Everything that was said of a plan, in order.
///
/// # Errors
/// The first line that is not what was written, or is about another plan.
pub fn chain(text: &str, saved: &Saved) -> Result<Vec<Approval>, Broken> {
    let mut prev = saved.digest.clone();
    let mut all = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let wrong = |message: String| Broken { line: i + 1, message };
        let one: Approval = serde_json::from_str(line).map_err(|e| {
            wrong(crate::t!("it is not what was written: {e}", "書かれた内容ではありません: {e}"))
        })?;
        if one.plan != saved.digest {
            let plan = &one.plan;
            return Err(wrong(crate::t!(
                "it is about another plan (SHA-256 {plan})",
                "別の計画（SHA-256 {plan}）についての記録です"
            )));
        }
        if one.prev != prev {
            return Err(wrong(crate::t!(
                "it does not follow the line above it; a line was changed, removed or put in",
                "上の行の続きではありません。行が変更・削除・挿入されています"
            )));
        }
        prev = sha256_hex(line.as_bytes());
        all.push(one);
    }
    Ok(all)
}

/// What the next line has to name as the one before it.
pub fn head(text: &str, saved: &Saved) -> String {
    text.lines().last().map_or_else(|| saved.digest.clone(), |line| sha256_hex(line.as_bytes()))
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Verdict::Approve => crate::t!("approved", "承認"),
            Verdict::Reject => crate::t!("rejected", "却下"),
        })
    }
}
