//! The time in front of a log line, formatted at most once a millisecond. It reads no clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Formats moments as `2026-03-01T05:00:00.123+09:00`.
pub(super) struct Stamper {
    zone: TimeZone,
    millis: i64,
    text: String,
}

impl Stamper {
    pub fn new(zone: TimeZone) -> Stamper {
        Stamper { zone, millis: i64::MIN, text: String::new() }
    }

    /// The text for a moment.
    pub fn at(&mut self, now: Timestamp) -> &str {
        let millis = now.as_millisecond();
        if millis != self.millis {
            let same_second = self.millis.div_euclid(1000) == millis.div_euclid(1000);
            self.millis = millis;
            if same_second {
                self.text.replace_range(20..23, &format!("{:03}", millis.rem_euclid(1000)));
            } else {
                let zoned = now.to_zoned(self.zone.clone());
                self.text = zoned.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string();
            }
        }
        &self.text
    }
}
