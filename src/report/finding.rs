//! What a probe found, in words: the same on a terminal and in a page. It looks at nothing.

use crate::event::Verdict;
use crate::plan::{ProbeCounts, ProbeFinding};

/// `yes, ran — 3 rows`
pub(super) fn finding_text(finding: &ProbeFinding) -> String {
    let verdict = verdict_word(finding.verdict);
    let ran = if finding.ran { crate::t!(", ran", "・実行済み") } else { String::new() };
    match finding.words.is_empty() {
        true => format!("{verdict}{ran}"),
        false => format!("{verdict}{ran} — {}", finding.words),
    }
}

/// Whether a step could start, in a word.
pub(super) fn verdict_word(verdict: Verdict) -> String {
    match verdict {
        Verdict::Yes => crate::t!("yes", "はい"),
        Verdict::No => crate::t!("no", "いいえ"),
        Verdict::CannotKnow => crate::t!("cannot know", "不明"),
    }
}

/// `probe: 3 yes, 1 no, …`
pub(super) fn findings_text(counts: ProbeCounts) -> String {
    let ProbeCounts { ran, yes, no, cannot_know } = counts;
    crate::t!(
        "probe: {yes} yes, {no} no, {cannot_know} cannot know ({ran} were run, as they only read). Nothing was changed.",
        "確認: はい {yes}、いいえ {no}、不明 {cannot_know}（読み取りのみの {ran} 件は実行済み）。何も変更していません。"
    )
}
