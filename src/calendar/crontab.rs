//! A cron expression for Debian's cron (see crontab(5)), which knows no nth weekday and takes day and weekday as either:
//! what it cannot say is guarded by a test before the command. It writes no crontab.

use super::Cron;
use super::cron::Days;
use super::on_calendar::ranges;

/// A line of a crontab, without its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronLine {
    /// The five fields.
    pub fields: String,
    /// A test in the shell that must hold as well; its `%` are escaped as a crontab wants them.
    pub guard: Option<String>,
}

/// The days of an expression: the field of days, that of weekdays, and a test.
type DayFields = (String, String, Option<String>);

/// A line that comes when the expression does.
///
/// # Errors
/// What cron has no way for.
pub fn cron_line(cron: &Cron) -> Result<CronLine, String> {
    if !cron.comes() {
        return Err(crate::t!("`{cron}` never comes", "`{cron}` に当たる日時はありません"));
    }
    let (day, weekday, guard) = days(&cron.days()).ok_or_else(|| {
        crate::t!(
            "`{cron}`: cron has no way to say these days in one line",
            "`{cron}`: この「日」「曜日」は crontab の 1 行では表せません"
        )
    })?;
    let minute = field(cron, 0, &cron.minutes());
    let (hour, month) = (field(cron, 1, &cron.hours()), field(cron, 3, &cron.months()));
    Ok(CronLine { fields: format!("{minute} {hour} {day} {month} {weekday}"), guard })
}

/// As it was written where cron reads that alike: whether a field begins with a star matters to it.
fn field(cron: &Cron, index: usize, values: &[u16]) -> String {
    let written = cron.field(index);
    let plain = written.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c));
    if plain { written.to_string() } else { list(values) }
}

fn list(values: &[u16]) -> String {
    if values.is_empty() { "*".to_string() } else { ranges(values, "-", |n| n.to_string()) }
}

fn days(days: &Days) -> Option<DayFields> {
    let star = || "*".to_string();
    if days.nearest {
        return None;
    }
    let odd = !days.nth.is_empty() || !days.last.is_empty();
    match (days.days.is_empty() && !days.last_day, days.weekdays.is_empty() && !odd) {
        (true, true) => Some((star(), star(), None)),
        (false, true) => of_month(days),
        (true, false) => of_week(days, odd),
        (false, false) if odd || days.last_day => None,
        (false, false) if days.both => Some((list(&days.days), star(), Some(weekday_is(&days.weekdays)))),
        (false, false) => Some((list(&days.days), list(&days.weekdays), None)),
    }
}

fn of_month(days: &Days) -> Option<DayFields> {
    match (days.last_day, days.days.is_empty()) {
        (false, _) => Some((list(&days.days), "*".to_string(), None)),
        (true, true) => {
            let guard = r#"[ "$(date -d tomorrow +\%d)" = 01 ]"#.to_string();
            Some(("28-31".to_string(), "*".to_string(), Some(guard)))
        }
        (true, false) => None,
    }
}

fn of_week(days: &Days, odd: bool) -> Option<DayFields> {
    if !odd {
        return Some(("*".to_string(), list(&days.weekdays), None));
    }
    if !days.weekdays.is_empty() {
        return None;
    }
    let named = |weekdays: Vec<u16>| {
        let first = *weekdays.first()?;
        weekdays.iter().all(|day| *day == first).then_some(first)
    };
    if days.last.is_empty() {
        let weekday = named(days.nth.iter().map(|(day, _)| *day).collect())?;
        let within: Vec<u16> = days.nth.iter().flat_map(|(_, n)| 7 * n - 6..=(7 * n).min(31)).collect();
        return Some((list(&within), "*".to_string(), Some(weekday_is(&[weekday]))));
    }
    let weekday = named(days.last.clone()).filter(|_| days.nth.is_empty())?;
    let is_last = r#"[ "$(date -d '+7 days' +\%m)" != "$(date +\%m)" ]"#;
    Some(("22-31".to_string(), "*".to_string(), Some(format!("{} && {is_last}", weekday_is(&[weekday])))))
}

/// A test that today is one of these weekdays; `date` counts Sunday as 7.
fn weekday_is(weekdays: &[u16]) -> String {
    let digits: Vec<String> =
        weekdays.iter().map(|day| if *day == 0 { 7 } else { *day }).map(|day| day.to_string()).collect();
    match digits.as_slice() {
        [one] => format!(r#"[ "$(date +\%u)" = {one} ]"#),
        many => format!(r#"date +\%u | grep -q '[{}]'"#, many.concat()),
    }
}
