//! Moments in templates: shifted and written as asked. It never looks at a clock.

use jiff::civil;
use jiff::fmt::strtime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use minijinja::{Error, Value};

use super::error::raise;
use super::value::to_open_text;

/// A moment as the text or number gives it: RFC 3339 (with or without `[Zone/Name]`), `2026-03-01 05:00`
/// (taken as UTC), `2026-03-01`, or seconds since 1970.
fn moment(value: &Value) -> Result<Zoned, Error> {
    let text = to_open_text(value)?;
    let wrong = || {
        raise(crate::t!(
            "`{text}` is no moment; expected for example 2026-03-01T05:00:00+09:00",
            "`{text}` は日時ではありません。例: 2026-03-01T05:00:00+09:00"
        ))
    };
    if value.is_number() {
        let seconds = f64::try_from(value.clone())?;
        let at = Timestamp::from_millisecond((seconds * 1000.0) as i64).map_err(|_| wrong())?;
        return Ok(at.to_zoned(TimeZone::UTC));
    }
    if let Ok(zoned) = text.parse::<Zoned>() {
        return Ok(zoned);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        let offset = Pieces::parse(&text).ok().and_then(|p| p.to_numeric_offset());
        return Ok(at.to_zoned(offset.map_or(TimeZone::UTC, TimeZone::fixed)));
    }
    let plain = text.parse::<civil::DateTime>().map_err(|_| wrong())?;
    plain.to_zoned(TimeZone::UTC).map_err(|_| wrong())
}

/// Moves a moment by `-1d`, `36h`, `1 month`; days and months by the calendar of its zone.
pub(super) fn shift(value: &Value, by: String) -> Result<String, Error> {
    let wrong = || {
        raise(crate::t!(
            "`{by}` is no shift of time; write for example '-1d', '36h' or '-1 month'",
            "`{by}` は時間の移動ではありません。例: '-1d'、'36h'、'-1 month'"
        ))
    };
    let span: Span = by.trim().trim_start_matches('+').parse().map_err(|_| wrong())?;
    let moved = moment(value)?.checked_add(span).map_err(|_| wrong())?;
    let zone = moved.time_zone();
    Ok(match zone.iana_name() {
        Some(name) if name != "UTC" => moved.to_string(),
        _ if zone == &TimeZone::UTC => moved.timestamp().to_string(),
        _ => moved.timestamp().display_with_offset(moved.offset()).to_string(),
    })
}

/// Writes a moment with the signs of `strftime`: `%Y%m%d`, `%H:%M`.
pub(super) fn strftime(value: &Value, format: String) -> Result<String, Error> {
    let moment = moment(value)?;
    strtime::format(&format, &moment).map_err(|e| {
        raise(crate::t!("`{format}` is no format of time: {e}", "`{format}` は日時の書式ではありません: {e}"))
    })
}

/// Seconds since 1970.
pub(super) fn epoch(value: &Value) -> Result<i64, Error> {
    moment(value).map(|m| m.timestamp().as_second())
}
