//! A window as it is written: beginnings, a length, and what it leaves out. It knows no clock.

use jiff::civil::{Date, DateTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Duration;

/// A time in which a playbook may run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its beginnings: a cron expression of five fields, in the zone of the system.
    pub cron: String,
    /// Its length, as a stopwatch counts it: also where the clocks change in it.
    #[serde(rename = "for")]
    pub length: Duration,
    /// When it is closed all the same: dates as text, or beginnings and a length.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
}

/// A time in which a window is closed all the same; dates may be written as text alone. Either `dates`, or `cron` and
/// `for`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Blackout {
    /// A day, or the first and the last one: `2026-12-29/2027-01-03`. With a time of day it ends at that moment:
    /// `2026-12-29T18:00/2027-01-04T06:00`. In the zone of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<String>,
    /// Its beginnings, where it comes again: a cron expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The length of each.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub length: Option<Duration>,
}

/// A stretch of the calendar: from a moment to the one before which it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    /// Its first moment.
    pub from: DateTime,
    /// The first moment behind it.
    pub to: DateTime,
}

impl Dates {
    /// Reads `2026-12-29`, `2026-12-29/2027-01-03` and the same with times of day; whole days include the last one.
    ///
    /// # Errors
    /// Says what it looks like when the text is none, or when it ends before it begins.
    pub fn parse(text: &str) -> Result<Dates, String> {
        let wrong = || {
            crate::t!(
                "`{text}` is no date; write 2026-12-29, 2026-12-29/2027-01-03 or 2026-12-29T18:00/2027-01-04T06:00",
                "`{text}` は日付ではありません。例: 2026-12-29、2026-12-29/2027-01-03、2026-12-29T18:00/2027-01-04T06:00"
            )
        };
        let (first, last) = match text.split_once('/') {
            Some((first, last)) => (first.trim(), Some(last.trim())),
            None => (text.trim(), None),
        };
        let from = moment(first).ok_or_else(wrong)?.0;
        let (last, is_day) = moment(last.unwrap_or(first)).ok_or_else(wrong)?;
        let to = if is_day { last.date().tomorrow().ok().map(|d| d.at(0, 0, 0, 0)) } else { Some(last) };
        let to = to.ok_or_else(wrong)?;
        if to <= from {
            return Err(crate::t!("`{text}` ends before it begins", "`{text}` は終わりが始まりより前です"));
        }
        Ok(Dates { from, to })
    }
}

/// A moment, and whether it was written as a whole day. The year comes first and has four digits: other spellings of
/// dates mean one day to some and another to others.
fn moment(text: &str) -> Option<(DateTime, bool)> {
    if text.get(4..5) != Some("-") {
        return None;
    }
    match text.len() {
        10 => text.parse::<Date>().ok().map(|date| (date.at(0, 0, 0, 0), true)),
        16 => text.parse::<DateTime>().ok().map(|at| (at, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Dates;

    fn read(text: &str) -> String {
        match Dates::parse(text) {
            Ok(dates) => format!("{} to {}", dates.from, dates.to),
            Err(_) => "refused".into(),
        }
    }

    #[test]
    fn whole_days_include_the_last_and_times_do_not() {
        assert_eq!(read("2026-12-29"), "2026-12-29T00:00:00 to 2026-12-30T00:00:00");
        assert_eq!(read("2026-12-29/2027-01-03"), "2026-12-29T00:00:00 to 2027-01-04T00:00:00");
        assert_eq!(read("2026-12-29T18:00/2027-01-04T06:00"), "2026-12-29T18:00:00 to 2027-01-04T06:00:00");
        assert_eq!(read(" 2026-12-29T18:00 / 2026-12-31 "), "2026-12-29T18:00:00 to 2027-01-01T00:00:00");
    }

    #[test]
    fn what_is_no_date_or_ends_before_it_begins_is_refused() {
        let wrong =
            ["", "/", "tomorrow", "12/29/2026", "29.12.2026", "20261229", "2026-02-30", "2026-12-29T18"];
        for text in
            wrong.into_iter().chain(["2027-01-03/2026-12-29", "2026-12-29T18:00", "2026-12-29/", "日"])
        {
            assert_eq!(read(text), "refused", "{text}");
        }
    }
}
