//! A cron expression of five fields on the clock on the wall. It knows no zone.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;

/// The bits by which the parser marks the first to the fifth weekday of a month, the last, and the nearest working day.
const NTH: [u8; 5] = [1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5];
const LAST: u8 = 1 << 6;
const NEAREST: u8 = 1 << 7;

/// A cron expression: minute, hour, day, month, weekday; `SUN#1` is the first Sunday, `FRI#L` the last Friday, `L` the
/// last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    parsed: croner::Cron,
    comes: bool,
}

/// The days that an expression names beyond plain numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// Days of the month; empty where any will do.
    pub days: Vec<u16>,
    /// The last day of the month.
    pub last_day: bool,
    /// The working day nearest to a day.
    pub nearest: bool,
    /// Weekdays, 0 is Sunday; empty where any will do.
    pub weekdays: Vec<u16>,
    /// The nth weekday of a month: the weekday and 1 to 5.
    pub nth: Vec<(u16, u16)>,
    /// The last of a weekday in a month.
    pub last: Vec<u16>,
    /// Whether day and weekday must both hold; else either is enough where both are named.
    pub both: bool,
}

impl Cron {
    /// Reads an expression; none where it is none.
    pub fn parse(text: &str) -> Option<Cron> {
        let parsed = croner::Cron::from_str(text).ok()?;
        if text.split_whitespace().count() != 5 {
            return None;
        }
        // The Gregorian calendar repeats its weekdays every 400 years, and what comes at all comes far sooner.
        let start = jiff::civil::date(2024, 1, 1).at(0, 0, 0, 0);
        let comes = parsed.find_next_occurrence(&start, true).is_ok();
        Some(Cron { text: text.split_whitespace().collect::<Vec<_>>().join(" "), parsed, comes })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is any time that it means.
    pub fn comes(&self) -> bool {
        self.comes
    }

    /// Whether it names both days and weekdays, and either is enough.
    pub fn is_either(&self) -> bool {
        let pattern = &self.parsed.pattern;
        !pattern.is_dom_wildcard() && !pattern.is_dow_wildcard() && !pattern.matches_dom_and_dow()
    }

    /// Whether it means hours as they go by (`*` or `*/2`) rather than hours on the clock: such a time is not made up
    /// for where the clock leaves it out, and comes twice where the clock goes back.
    pub fn goes_by(&self) -> bool {
        self.parsed.pattern.hours.from_wildcard
    }

    /// Whether a minute on the clock is one that it means.
    pub fn matches(&self, minute: DateTime) -> bool {
        self.parsed.is_time_matching(&minute).unwrap_or(false)
    }

    /// The first minute that it means after another, or from it on.
    pub fn next(&self, from: DateTime, inclusive: bool) -> Option<DateTime> {
        let found = self.comes.then(|| self.parsed.find_next_occurrence(&from, inclusive));
        found?.ok()
    }

    /// Its minutes; empty for all.
    pub fn minutes(&self) -> Vec<u16> {
        listed(&self.parsed.pattern.minutes, 60)
    }

    /// Its hours; empty for all.
    pub fn hours(&self) -> Vec<u16> {
        listed(&self.parsed.pattern.hours, 24)
    }

    /// Its months; empty for all.
    pub fn months(&self) -> Vec<u16> {
        listed(&self.parsed.pattern.months, 12)
    }

    /// Its days.
    pub fn days(&self) -> Days {
        let pattern = &self.parsed.pattern;
        let (month, week) = (&pattern.days, &pattern.days_of_week);
        let any_day = pattern.is_dom_wildcard();
        let any_weekday = pattern.is_dow_wildcard();
        let nth =
            (1..).zip(NTH).flat_map(|(n, bit)| week.get_set_values(bit).into_iter().map(move |d| (d, n)));
        let nth: Vec<(u16, u16)> = nth.collect();
        let plain = week.values();
        Days {
            days: if any_day { Vec::new() } else { month.values() },
            last_day: month.is_feature_enabled(LAST),
            nearest: !month.get_set_values(NEAREST).is_empty() || month.is_feature_enabled(NEAREST),
            weekdays: if any_weekday { Vec::new() } else { plain },
            nth: if any_weekday { Vec::new() } else { nth },
            last: if any_weekday { Vec::new() } else { week.get_set_values(LAST) },
            both: pattern.matches_dom_and_dow(),
        }
    }

    /// Its field of minutes, hours, days, months or weekdays (0 to 4) as it was written.
    pub fn field(&self, index: usize) -> &str {
        self.text.split(' ').nth(index).unwrap_or("*")
    }
}

/// The values of a field; empty where it means all `count` of them.
fn listed(field: &croner::CronComponent, count: usize) -> Vec<u16> {
    let values = field.values();
    if values.len() == count { Vec::new() } else { values }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
