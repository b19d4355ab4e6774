//! How work ended, and other words that several reports say alike, in both languages. It knows no run.

use crate::event::{Counts, Outcome, RunOutcome};
use crate::t;

/// The word for people; playbooks use [`Outcome::word`].
pub fn outcome_word(outcome: Outcome) -> String {
    match outcome {
        Outcome::Ok => t!("ok", "完了"),
        Outcome::Warned => t!("warned", "警告"),
        Outcome::Failed => t!("failed", "失敗"),
        Outcome::Skipped => t!("skipped", "スキップ"),
        Outcome::Unchanged => t!("unchanged", "変更なし"),
        Outcome::Blocked => t!("blocked", "見送り"),
        Outcome::Refused => t!("not confirmed", "未承認"),
        Outcome::Unknown => t!("unknown", "不明"),
        Outcome::ByHand => t!("by hand", "手作業"),
    }
}

/// How a run ended, as the end of a sentence.
pub fn run_outcome_word(outcome: RunOutcome) -> String {
    match outcome {
        RunOutcome::Ok => t!("done", "完了しました"),
        RunOutcome::Warned => t!("done with warnings", "警告付きで完了しました"),
        RunOutcome::Failed => t!("failed", "失敗しました"),
        RunOutcome::Refused => t!("not confirmed", "承認されませんでした"),
        RunOutcome::Cancelled => t!("stopped", "中止しました"),
    }
}

/// The value of an input that has none.
pub(super) fn not_given() -> String {
    t!("not given", "指定なし")
}

/// `9 ok · 1 failed · 2 blocked`: only what there is.
pub fn counts_text(counts: &Counts, dot: &str) -> String {
    let each = [
        (counts.ok, Outcome::Ok),
        (counts.warned, Outcome::Warned),
        (counts.unchanged, Outcome::Unchanged),
        (counts.skipped, Outcome::Skipped),
        (counts.failed, Outcome::Failed),
        (counts.blocked, Outcome::Blocked),
        (counts.refused, Outcome::Refused),
        (counts.unknown, Outcome::Unknown),
    ];
    let parts: Vec<String> = each
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, outcome)| {
            let word = outcome_word(outcome);
            t!("{n} {word}", "{word} {n}")
        })
        .collect();
    parts.join(&format!(" {dot} "))
}
