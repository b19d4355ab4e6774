//! The moment from which the deadlines of a run count, or those of a playbook that it calls. It reads no clock.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::renderer::Renderer;
use super::{OnlyInputs, Uses};
use crate::model::{Place, Template, Tree};

impl Renderer<'_> {
    /// The moment from which the deadlines of the playbook with this frame count: what its `clock` says, else its
    /// beginning, which is now.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn clock(
        &self,
        frame: u32,
        now: Timestamp,
        inputs: &Map<String, Value>,
    ) -> Result<Timestamp, String> {
        let Some(clock) = &self.plan.frames[frame as usize].clock else { return Ok(now) };
        let text = match &clock.0 {
            Template::Literal(text) => text.clone(),
            Template::Source(source) => {
                let uses = Uses::of_tree(&Tree::Leaf(crate::model::Slot(Template::Source(source.clone()))));
                let scope = self.frame_scope(frame, &OnlyInputs::of(frame, inputs.clone()), &uses);
                match self.engine.render(source, Place::Text, &scope).map_err(|e| e.message)? {
                    Value::Null => return Ok(now),
                    Value::String(text) if text.trim().is_empty() => return Ok(now),
                    Value::String(text) => text,
                    other => other.to_string(),
                }
            }
        };
        moment(text.trim(), now, &self.plan.zone)
    }
}

/// A moment in the past as people write it. A time of day is the last one there was.
fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let at = |moment: DateTime| moment.to_zoned(zone.clone()).map(|z| z.timestamp()).ok();
    let today = now.to_zoned(zone.clone()).date();
    let day = |date: Date, time: Time| at(date.to_datetime(time));
    let of_day = |time: Time| {
        let found = day(today, time)?;
        if found <= now { Some(found) } else { day(today.yesterday().ok()?, time) }
    };
    let found = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok().and_then(at))
        .or_else(|| text.parse::<Time>().ok().and_then(of_day));
    match found {
        None => Err(crate::t!(
            "the clock is no time: `{text}`; write 2026-03-01T05:00, 05:00, or with its zone 2026-03-01T05:00+09:00",
            "clock が時刻ではありません: `{text}`。2026-03-01T05:00、05:00、2026-03-01T05:00+09:00 のように書いてください"
        )),
        Some(found) if found > now + SignedDuration::from_secs(60) => {
            Err(crate::t!("the clock is in the future: `{text}`", "clock が未来の時刻です: `{text}`"))
        }
        Some(found) => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_read_as_people_write_it_in_the_zone_of_the_system() {
        let zone = TimeZone::get("Asia/Tokyo").expect("a zone");
        let now: Timestamp = "2026-03-02T01:00:00Z".parse().expect("a time");
        let read = |text: &str| moment(text, now, &zone).map(|t| t.to_string());
        let is = |text: &str| Ok(text.to_string());
        assert_eq!(read("2026-03-02T00:30:00Z"), is("2026-03-02T00:30:00Z"));
        assert_eq!(read("2026-03-02T09:30"), is("2026-03-02T00:30:00Z"));
        assert_eq!(read("2026-03-02 09:30:15"), is("2026-03-02T00:30:15Z"));
        assert_eq!(read("09:30"), is("2026-03-02T00:30:00Z"));
        assert_eq!(read("23:30"), is("2026-03-01T14:30:00Z"), "last night");
        assert!(read("2026-03-02T11:00").is_err_and(|e| e.contains("future")));
        assert!(read("soon").is_err_and(|e| e.contains("`soon`")));
    }
}
