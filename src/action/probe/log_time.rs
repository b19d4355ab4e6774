//! The moment of a log line, wherever in the line it stands. It counts nothing.

use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// The time is looked for so far into a line.
const REACH: usize = 256;

/// Finds times that are written in one way.
pub struct TimeFinder {
    format: String,
    zone: TimeZone,
    now: Timestamp,
    offset: usize,
}

impl TimeFinder {
    /// A finder of times as strftime writes them; without an offset they are in `zone`.
    ///
    /// # Errors
    /// Says what is wrong with the format.
    pub fn new(format: &str, zone: TimeZone, now: Timestamp) -> Result<TimeFinder, String> {
        let finder = TimeFinder { format: format.to_string(), zone, now, offset: 0 };
        let wrong = |why: &str| {
            crate::t!(
                "`{format}` is not a form of time: {why}; write for example %Y-%m-%d %H:%M:%S",
                "`{format}` は時刻の書式ではありません: {why}。例: %Y-%m-%d %H:%M:%S"
            )
        };
        let sample = jiff::fmt::strtime::format(format, &now.to_zoned(finder.zone.clone()));
        let sample = sample.map_err(|e| wrong(&e.to_string()))?;
        if finder.at(&sample).is_none() {
            return Err(wrong(&crate::t!("it does not name day and time", "日付と時刻を表していません")));
        }
        Ok(finder)
    }

    /// The moment of a line; none where it has none.
    pub fn find(&mut self, line: &str) -> Option<Timestamp> {
        if let Some(found) = line.get(self.offset..).and_then(|rest| self.at(rest)) {
            return Some(found);
        }
        let mut word = false;
        for (offset, c) in line.char_indices().take_while(|(offset, _)| *offset < REACH) {
            let begins = c.is_alphanumeric() && !word;
            word = c.is_alphanumeric();
            if (begins || !word)
                && let Some(found) = self.at(&line[offset..])
            {
                self.offset = offset;
                return Some(found);
            }
        }
        None
    }

    fn at(&self, text: &str) -> Option<Timestamp> {
        let (mut time, _) = BrokenDownTime::parse_prefix(&self.format, text).ok()?;
        if let Ok(moment) = time.to_timestamp() {
            return Some(moment);
        }
        let guessed = time.year().is_none();
        let here = self.now.to_zoned(self.zone.clone());
        if guessed {
            time.set_year(Some(here.year())).ok()?;
        }
        let moment = time.to_datetime().ok()?.to_zoned(self.zone.clone()).ok()?;
        // A time without a year that would be tomorrow or later is last year's.
        if guessed && moment.timestamp().as_second() > self.now.as_second() + 86_400 {
            let before = moment.with().year(here.year() - 1).build().ok()?;
            return Some(before.timestamp());
        }
        Some(moment.timestamp())
    }
}
