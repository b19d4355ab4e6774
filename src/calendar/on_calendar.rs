//! A cron expression in systemd's words (`OnCalendar=`, see systemd.time(7)). It writes no unit.

use super::Times;
use super::cron::Days;

/// The days of a month that a line of systemd's can name.
#[derive(Clone, PartialEq)]
enum DaySet {
    Any,
    Numbers(Vec<u16>),
    LastDay,
    LastWeek,
}

/// Expressions for `OnCalendar=`, any of which is enough: `Sun *-*-01..07 05:00:00 Asia/Tokyo`.
///
/// # Errors
/// What systemd has no words for.
pub fn on_calendar(times: &Times) -> Result<Vec<String>, String> {
    let cron = &times.cron;
    let days = cron.days();
    if days.nearest {
        return Err(crate::t!(
            "`{cron}`: systemd has no word for the working day nearest to a day (W)",
            "`{cron}`: 最も近い平日（W）は systemd では表せません"
        ));
    }
    if !cron.comes() {
        return Err(crate::t!("`{cron}` never comes", "`{cron}` に当たる日時はありません"));
    }
    let clock = format!("{}:{}:00", numbers(&cron.hours(), 2), numbers(&cron.minutes(), 2));
    let zone = times.zone.iana_name().map(|name| format!(" {name}")).unwrap_or_default();
    let month = numbers(&cron.months(), 2);
    let line = |(weekdays, set): (Vec<u16>, DaySet)| {
        let day = match set {
            DaySet::Any => "-*".to_string(),
            DaySet::Numbers(days) => format!("-{}", numbers(&days, 2)),
            DaySet::LastDay => "~01".to_string(),
            DaySet::LastWeek => "~07/1".to_string(),
        };
        let weekdays = if weekdays.is_empty() { String::new() } else { format!("{} ", names(&weekdays)) };
        format!("{weekdays}*-{month}{day} {clock}{zone}")
    };
    Ok(combined(cron.text(), &days)?.into_iter().map(line).collect())
}

/// Weekdays with days of the month, any pair of which is enough.
fn combined(text: &str, days: &Days) -> Result<Vec<(Vec<u16>, DaySet)>, String> {
    let (months, weeks) = (of_month(days), of_week(days));
    if months.is_empty() && weeks.is_empty() {
        return Ok(vec![(Vec::new(), DaySet::Any)]);
    }
    if months.is_empty() || weeks.is_empty() || !days.both {
        let months = months.into_iter().map(|set| (Vec::new(), set));
        return Ok(months.chain(weeks).collect());
    }
    let mut all = Vec::new();
    for (weekdays, week) in &weeks {
        for month in &months {
            all.push((
                weekdays.clone(),
                common(month, week).ok_or_else(|| {
                    crate::t!(
                        "`{text}`: systemd has no word for these days and weekdays together",
                        "`{text}`: この「日」と「曜日」の組み合わせは systemd では表せません"
                    )
                })?,
            ));
        }
    }
    Ok(all)
}

fn common(month: &DaySet, week: &DaySet) -> Option<DaySet> {
    match (month, week) {
        (any, DaySet::Any) => Some(any.clone()),
        (DaySet::Numbers(days), DaySet::Numbers(within)) => {
            let both: Vec<u16> = days.iter().copied().filter(|day| within.contains(day)).collect();
            (!both.is_empty()).then_some(DaySet::Numbers(both))
        }
        _ => None,
    }
}

fn of_month(days: &Days) -> Vec<DaySet> {
    let mut sets = Vec::new();
    if !days.days.is_empty() {
        sets.push(DaySet::Numbers(days.days.clone()));
    }
    if days.last_day {
        sets.push(DaySet::LastDay);
    }
    sets
}

fn of_week(days: &Days) -> Vec<(Vec<u16>, DaySet)> {
    let mut all = Vec::new();
    if !days.weekdays.is_empty() {
        all.push((days.weekdays.clone(), DaySet::Any));
    }
    for n in 1..=5 {
        let weekdays: Vec<u16> = days.nth.iter().filter(|(_, nth)| *nth == n).map(|(day, _)| *day).collect();
        if !weekdays.is_empty() {
            all.push((weekdays, DaySet::Numbers((7 * n - 6..=(7 * n).min(31)).collect())));
        }
    }
    if !days.last.is_empty() {
        all.push((days.last.clone(), DaySet::LastWeek));
    }
    all
}

/// `01..07`, `00,15,30,45`; `*` for all.
fn numbers(values: &[u16], digits: usize) -> String {
    match values {
        [] => "*".to_string(),
        _ => ranges(values, "..", |n| format!("{n:0digits$}")),
    }
}

/// `Mon..Fri`; systemd's week begins on Monday.
fn names(weekdays: &[u16]) -> String {
    const NAMES: [&str; 8] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut days: Vec<u16> = weekdays.iter().map(|day| if *day == 0 { 7 } else { *day }).collect();
    days.sort_unstable();
    ranges(&days, "..", |day| NAMES[usize::from(day).min(7)].to_string())
}

/// Ascending numbers as a list in which three or more in a row are a range.
pub(super) fn ranges(values: &[u16], dash: &str, show: impl Fn(u16) -> String) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = values;
    while let Some(first) = rest.first() {
        let length = rest.iter().zip(*first..).take_while(|(value, expected)| *value == expected).count();
        match length {
            1 | 2 => parts.extend(rest[..length].iter().map(|n| show(*n))),
            _ => parts.push(format!("{}{dash}{}", show(*first), show(rest[length - 1]))),
        }
        rest = &rest[length..];
    }
    parts.join(",")
}
