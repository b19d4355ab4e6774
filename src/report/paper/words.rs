//! The words of a report that its forms share.

use jiff::Timestamp;

use super::document::{Deviance, Deviation, Report};
use crate::event::RunOutcome;
use crate::report::{counts_text, format_seconds, run_outcome_word};
use crate::t;

/// The word of a kind of deviation.
pub fn deviance_word(kind: Deviance) -> String {
    match kind {
        Deviance::Failed => t!("failed", "失敗"),
        Deviance::Unknown => t!("unknown", "不明"),
        Deviance::Refused => t!("not confirmed", "未承認"),
        Deviance::Blocked => t!("blocked", "見送り"),
        Deviance::NotBegun => t!("not begun", "未開始"),
        Deviance::Late => t!("deadline passed", "期限超過"),
        Deviance::NotTold => t!("notice not sent", "通知失敗"),
        Deviance::Warned => t!("warning", "警告"),
        Deviance::Retried => t!("retried", "再試行"),
        Deviance::Skipped => t!("skipped", "スキップ"),
        Deviance::ByHand => t!("by hand", "手作業"),
        Deviance::Decided => t!("decided", "選択"),
        Deviance::Confirmed => t!("confirmed", "承認"),
    }
}

/// How a run ended, or stands.
pub fn result_word(report: &Report) -> String {
    match report.outcome {
        Some(outcome) => run_outcome_word(outcome),
        None if report.is_running => t!("running", "実行中"),
        None => t!("not ended", "終了していません"),
    }
}

/// The class by which a page colours the result.
pub fn result_class(outcome: Option<RunOutcome>) -> &'static str {
    match outcome {
        Some(RunOutcome::Ok) => "ok",
        Some(RunOutcome::Warned) => "warned",
        Some(RunOutcome::Failed | RunOutcome::Refused | RunOutcome::Cancelled) => "failed",
        None => "unknown",
    }
}

impl Report {
    /// A time in the zone of the run.
    pub fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    }

    /// The same, to the minute and without the zone.
    pub fn minute(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The command that prints a log.
    pub fn logs_command(&self, deviation: &Deviation) -> String {
        let unit = deviation.unit().unwrap_or_default();
        format!("toban logs {} {}", self.run, crate::report::note::in_shell(&unit))
    }

    /// Labels and values of the head.
    pub fn head(&self) -> Vec<(String, String)> {
        let mut rows = vec![
            (t!("Playbook", "プレイブック"), self.playbook.clone()),
            (t!("Result", "結果"), result_word(self)),
        ];
        let given = [(t!("Environment", "環境"), &self.environment), (t!("Target", "対象"), &self.target)];
        rows.extend(given.into_iter().filter_map(|(label, value)| Some((label, value.clone()?))));
        rows.push((t!("Operator", "実施者"), self.operator.clone()));
        rows.push((t!("Started", "開始"), self.moment(self.started)));
        if let Some(ended) = self.ended {
            let time = format_seconds(self.seconds);
            rows.push((t!("Ended", "終了"), format!("{} ({time})", self.moment(ended))));
        }
        if let Some(by) = &self.stopped_by {
            rows.push((t!("Stopped by", "中止の理由"), by.clone()));
        }
        rows.extend(self.notes.iter().map(|note| (t!("Note", "特記"), note.clone())));
        rows.push((t!("Steps", "ステップ"), counts_text(&self.counts, "·")));
        if let Some(plan) = &self.plan {
            let (id, author) = (&plan.id, &plan.author);
            rows.push((t!("Saved plan", "保存した計画"), t!("{id} by {author}", "{id}（作成: {author}）")));
            let by: Vec<&str> = plan.approvals.iter().map(|approval| approval.by.as_str()).collect();
            if !by.is_empty() {
                rows.push((t!("Approved by", "承認者"), by.join(", ")));
            }
        }
        rows.push((t!("Run", "実行 ID"), self.run.to_string()));
        rows
    }

    /// The title of the checklist, as the manuals print it.
    pub fn checklist_title(&self) -> String {
        let title = &self.title;
        t!("{title}: checklist", "{title}完了チェックリスト")
    }
}
