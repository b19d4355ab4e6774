//! Why something ended as it did, in one short line. It knows no screen.

use crate::base::StepId;
use crate::event::{Failure, Question, Reply, Resolution, Told, Unit};
use crate::model::{Deadline, Occasion};
use crate::t;

/// A failure, or the first of the warnings; empty where there is neither.
pub fn of_attempt(failure: Option<&Failure>, warnings: &[String]) -> String {
    match (failure, warnings) {
        (Some(failure), _) => failure.to_string(),
        (None, []) => String::new(),
        (None, [only]) => only.clone(),
        (None, [first, more @ ..]) => {
            let n = more.len();
            t!("{first} (and {n} more)", "{first} (ほか {n} 件)")
        }
    }
}

/// A failure, or all warnings, one a line.
pub fn in_full(failure: Option<&Failure>, warnings: &[String]) -> String {
    failure.map_or_else(|| warnings.join("\n"), Failure::to_string)
}

/// The reason with the number of attempts, where there was more than one.
pub fn with_attempts(reason: String, attempt: u32) -> String {
    match (attempt, reason.is_empty()) {
        (0 | 1, _) => reason,
        (n, true) => t!("attempt {n}", "{n} 回目"),
        (n, false) => t!("{reason} (attempt {n})", "{reason} ({n} 回目)"),
    }
}

/// What becomes of a unit that was found unknown.
pub fn resolution(how: Resolution) -> String {
    match how {
        Resolution::Rerun => t!("run again", "再実行"),
        Resolution::Skip => t!("skip", "スキップ"),
        Resolution::ByHand => t!("done by hand", "手作業で完了"),
        Resolution::Verified => t!("was done, says verify", "完了済み（verify で確認）"),
    }
}

/// How telling people went, one line a way.
pub fn told(about: Occasion, told: &[Told]) -> Vec<String> {
    let line = |told: &Told| {
        let (by, about) = (&told.by, occasion(about));
        not_told(&about, told)
            .unwrap_or_else(|| t!("told people by {by}: {about}", "{by} で通知しました: {about}"))
    };
    told.iter().map(line).collect()
}

/// The ways by which people could not be told, one line a way.
pub fn untold(about: Occasion, told: &[Told]) -> Vec<String> {
    let about = occasion(about);
    told.iter().filter_map(|told| not_told(&about, told)).collect()
}

fn not_told(about: &str, told: &Told) -> Option<String> {
    let (by, why) = (&told.by, told.failure.as_ref()?);
    Some(t!(
        "could not tell people by {by} ({about}): {why}",
        "{by} で通知できませんでした（{about}）: {why}"
    ))
}

/// A deadline that has passed, and what follows.
pub fn breached(deadline: &Deadline) -> String {
    let passed = deadline_words(deadline);
    match deadline.handler() {
        Some(handler) => {
            t!("{passed}: passed; handler {handler}", "{passed}: 超過。ハンドラー {handler} を実行")
        }
        None => t!("{passed}: passed; the run is stopped", "{passed}: 超過。実行を中止"),
    }
}

/// By when what has to be over.
pub fn deadline_words(deadline: &Deadline) -> String {
    let within = deadline.within;
    let until = match &deadline.until {
        Some(step) => format!("`{step}`"),
        None => t!("everything", "すべて"),
    };
    match &deadline.from {
        None => t!("{until} within {within}", "{until} を {within} 以内"),
        Some(from) => {
            t!("{until} within {within} of `{from}`", "`{from}` の開始から {until} を {within} 以内")
        }
    }
}

/// What people are told of, in words.
pub fn occasion(about: Occasion) -> String {
    match about {
        Occasion::Failure => t!("failure", "失敗"),
        Occasion::Recovery => t!("recovery", "復旧"),
        Occasion::Warning => t!("warning", "警告"),
        Occasion::Person => t!("a person is needed", "人の対応が必要"),
    }
}

/// What a blocked step misses.
pub fn blocked(by: &[StepId]) -> String {
    // Journals of older engines name the beginning of a group, which is no step for people.
    let names: Vec<&str> = by.iter().map(|step| step.as_str().trim_end_matches('/')).take(3).collect();
    let mut names = names.join(", ");
    if by.len() > 3 {
        names.push_str(", …");
    }
    t!("needs {names}", "{names} が必要")
}

/// An answer, in a few words.
pub fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Yes => t!("yes", "はい"),
        Reply::No { because } => no(because),
        Reply::Manual { answer, note, .. } => with_remark(manual(answer), note.as_deref()),
        Reply::Choice { value, reason } => with_remark(super::cell(value), reason.as_deref()),
    }
}

/// The reasons that operators give are fixed words in the journal.
fn no(because: &str) -> String {
    match because {
        "" | "said no" => t!("answered no", "いいえと回答"),
        "no terminal" => t!("nobody to ask: no terminal", "端末が無く、確認できません"),
        "interrupted" => t!("interrupted", "中断"),
        "end of input" => t!("the terminal went away", "端末が閉じられました"),
        "not the text asked for" => t!("the text typed was another", "入力が一致しません"),
        other => other.to_string(),
    }
}

/// The flag that answers a question where nobody can be asked.
pub fn flag(unit: &Unit, question: &Question) -> String {
    let (flag, value) = match question {
        Question::Confirm { typed, .. } => ("--confirm", typed.clone()),
        Question::Decide { choices, .. } => ("--choose", choices.first().map(|c| super::cell(&c.value))),
        Question::Manual { .. } => ("--answer", Some("done".to_string())),
    };
    let value = value.map(|value| format!("={value}")).unwrap_or_default();
    format!("{flag} {}", in_shell(&format!("{unit}{value}")))
}

/// Text as one word of a shell.
pub fn in_shell(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '=' | ',' | ':' | '@');
    if text.chars().all(plain) { text.to_string() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn manual(answer: &str) -> String {
    match answer {
        "done" => t!("done", "実施済み"),
        "not_done" => t!("not done", "未実施"),
        "not_applicable" => t!("not applicable", "対象外"),
        other => other.to_string(),
    }
}

fn with_remark(text: String, remark: Option<&str>) -> String {
    match remark {
        Some(remark) if !remark.is_empty() => format!("{text} ({remark})"),
        _ => text,
    }
}
