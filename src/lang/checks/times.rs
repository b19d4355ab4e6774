//! Cron expressions and zones: whether they can be read, whether they ever come, whether they mean what they
//! seem to. It schedules nothing.

use super::lint::{CRON_NEVER, CRON_OR};
use crate::calendar::Cron;
use crate::diag::{At, Diagnostic};
use crate::model::{Blackout, Dates};

/// What is wrong with a cron expression, if anything.
pub fn cron(text: &str, at: At) -> Option<Diagnostic> {
    let help = crate::t!(
        "five fields: minute hour day month weekday, such as \"0 2 * * *\" or \"0 3 * * SUN#1\"",
        "5 つの欄（分 時 日 月 曜日）で書きます。例: \"0 2 * * *\"、\"0 3 * * SUN#1\""
    );
    let Some(cron) = Cron::parse(text) else {
        let title = crate::t!("`{text}` is not a cron expression", "`{text}` は cron 式ではありません");
        return Some(Diagnostic::error("bad-cron", at, title).help(help));
    };
    if !cron.comes() {
        let title = crate::t!("`{text}` never comes", "`{text}` に当たる日時はありません");
        return Some(Diagnostic::error(CRON_NEVER, at, title).help(help).rule());
    }
    if cron.is_either() {
        let title = crate::t!(
            "`{text}` comes on the days of the month and also on the weekdays: either is enough",
            "`{text}` は「日」と「曜日」のどちらか一方が合えば実行されます"
        );
        let help = crate::t!(
            "for the first Sunday write SUN#1 as the weekday and * as the day",
            "第 1 日曜日なら曜日を SUN#1、日を * と書いてください"
        );
        return Some(Diagnostic::error(CRON_OR, at, title).help(help).rule());
    }
    None
}

/// What is wrong with the name of a time zone, if anything.
pub fn zone(name: &str, at: At) -> Option<Diagnostic> {
    if jiff::tz::TimeZone::get(name).is_ok() {
        return None;
    }
    let title = crate::t!("there is no time zone `{name}`", "タイムゾーン `{name}` はありません");
    let help = crate::t!("write for example Asia/Tokyo or UTC", "例: Asia/Tokyo、UTC");
    Some(Diagnostic::error("bad-timezone", at, title).help(help))
}

/// What is wrong with a blackout at a place, if anything; `key` gives the place of one of its keys.
pub fn blackout(blackout: &Blackout, at: At, key: impl Fn(&str) -> At) -> Option<Diagnostic> {
    match (&blackout.dates, &blackout.cron, &blackout.length) {
        (Some(dates), None, None) => {
            let title = Dates::parse(dates).err()?;
            Some(Diagnostic::error("bad-dates", at, title))
        }
        (None, Some(text), Some(_)) => cron(text, key("cron")),
        _ => {
            let title = crate::t!(
                "a blackout has either `dates`, or `cron` and `for`",
                "除外期間には `dates` か、`cron` と `for` のどちらかが必要です"
            );
            let help = crate::t!(
                "write 2026-12-29/2027-01-03, or {{ cron: 0 0 1 * *, for: 24h }}",
                "例: 2026-12-29/2027-01-03、{{ cron: 0 0 1 * *, for: 24h }}"
            );
            Some(Diagnostic::error("one-of", at, title).help(help))
        }
    }
}
