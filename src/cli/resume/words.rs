//! What is told of steps that nobody knows the end of, one line each. It decides nothing.

use jiff::tz::TimeZone;

use crate::event::{Choice, Question, Unit};
use crate::model::AfterCrash;
use crate::process::Left;
use crate::report::safe_line;
use crate::state::UnderWay;

/// What is known of a unit that was under way.
#[derive(Clone, Debug)]
pub struct Known {
    /// Which.
    pub unit: Unit,
    /// The attempt that has no end, where one is on record.
    pub under_way: Option<UnderWay>,
    /// What still runs of it.
    pub left: Vec<Left>,
    /// Why the host that it was done on cannot be asked what still runs there.
    pub unasked: Option<String>,
    /// Why its `verify` could not tell.
    pub verify: Option<String>,
    /// Outputs that were not written and are needed; or that a later step needs and only a person can give.
    pub lacks: Vec<String>,
    /// It is over; only its outputs are missing.
    pub over: bool,
}

impl Known {
    /// One line that begins with its bare id.
    pub fn line(&self, zone: &TimeZone) -> String {
        let unit = &self.unit;
        let keys = self.lacks.join(", ");
        if self.over {
            return safe_line(&crate::t!(
                "{unit}  is done, but what later steps need of it was not recorded as it held a secret: {keys}",
                "{unit}  完了していますが、後のステップに必要な出力はシークレットを含むため記録されていません: {keys}"
            ))
            .into_owned();
        }
        let mut parts = vec![match &self.under_way {
            Some(UnderWay { attempt, since, .. }) => {
                let at = since.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
                crate::t!(
                    "unknown: attempt {attempt} began at {at} and has no end on record",
                    "不明: {attempt} 回目の実行が {at} に始まり、終わりの記録がありません"
                )
            }
            None => crate::t!("unknown: it may have begun", "不明: 始まった可能性があります"),
        }];
        parts.push(self.processes());
        parts.extend(self.unasked.iter().map(|why| {
            crate::t!(
                "what runs on its host is not known: {why}",
                "そのホストで何が動いているか不明です: {why}"
            )
        }));
        parts.extend(self.verify.iter().map(|why| crate::t!("verify: {why}", "検証: {why}")));
        if !self.lacks.is_empty() {
            parts.push(crate::t!("later steps need: {keys}", "後のステップに必要な出力: {keys}"));
        }
        safe_line(&format!("{unit}  {}", parts.join("; "))).into_owned()
    }

    fn processes(&self) -> String {
        let list: Vec<String> = self.left.iter().map(|p| format!("{} ({})", p.pid, p.command)).collect();
        let list = list.join(", ");
        match (&self.under_way, self.left.is_empty()) {
            (_, false) => crate::t!("still runs: {list}", "まだ動いています: {list}"),
            (Some(UnderWay { child: Some((pid, ..)), .. }), true) => {
                crate::t!("its process {pid} is gone", "そのプロセス {pid} はもうありません")
            }
            _ => crate::t!("no process of it runs", "動いているプロセスはありません"),
        }
    }

    /// The question to a person.
    pub fn question(&self, zone: &TimeZone, after: AfterCrash) -> Question {
        let choice = |value: &str, label: String| Choice { value: value.into(), label };
        let mut choices = vec![
            choice("leave", crate::t!("leave it, and do not go on", "このままにして、再開しない")),
            choice(
                "done",
                crate::t!("it was done, or I did it by hand", "完了していた、または手作業で行った"),
            ),
            choice("skip", crate::t!("skip it", "スキップする")),
        ];
        if after != AfterCrash::Never {
            choices.push(choice("rerun", crate::t!("run it again", "もう一度実行する")));
        }
        let line = self.line(zone);
        let text = crate::t!("{line}\nWhat becomes of it?", "{line}\nどうしますか?");
        Question::Decide { text, choices }
    }
}
