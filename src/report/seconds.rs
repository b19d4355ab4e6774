//! Lengths of time as a screen shows them: short, the same in both languages.

/// `0.3s`, `59.9s`, `2m13s`, `1h02m`, `3d04h`; what is no length is `0.0s`.
pub fn format_seconds(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 59.95 {
        let shown = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        return format!("{shown:.1}s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..3_600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3_600..86_400 => format!("{}h{:02}m", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::format_seconds;

    #[test]
    fn lengths_are_short_and_never_absurd() {
        let shown = [
            (0.0, "0.0s"),
            (0.34, "0.3s"),
            (59.94, "59.9s"),
            (59.97, "1m00s"),
            (133.2, "2m13s"),
            (3_720.0, "1h02m"),
            (273_600.0, "3d04h"),
            (-4.0, "0.0s"),
            (f64::NAN, "0.0s"),
            (f64::INFINITY, "0.0s"),
        ];
        for (seconds, text) in shown {
            assert_eq!(format_seconds(seconds), text, "{seconds}");
        }
    }
}
