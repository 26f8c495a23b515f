//! Points in time as trace files write them.

/// What a timestamp cell may hold, for error messages.
pub(super) const EXPECTED: &str =
    "an RFC 3339 time with offset (2024-05-01T00:00:00Z) or seconds or milliseconds since 1970";

/// Numbers from here on are milliseconds, those below seconds: as seconds this lies in the year
/// 5138, as milliseconds in March 1973, so no trace is read wrongly by it.
const MILLISECONDS_FROM: f64 = 1e11;

/// Milliseconds since 1970, or none where `text` is no point in time.
///
/// A bare number is an epoch; all else must be RFC 3339 with an offset, since a time without one
/// could be anywhere in a day.
pub(super) fn parse(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<f64>() {
        let millis = if number.abs() >= MILLISECONDS_FROM {
            number
        } else {
            number * 1000.0
        };
        return to_millis(millis);
    }
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}

/// As [`parse`]; takes also the form that the CloudWatch console writes, `2024/05/01 00:00:00` or
/// `2024-05-01 00:00:00`, in UTC.
pub(super) fn parse_console(text: &str) -> Option<i64> {
    parse(text).or_else(|| {
        let text = text.replacen('/', "-", 2).replacen(' ', "T", 1);
        let local: jiff::civil::DateTime = text.parse().ok()?;
        let at = jiff::tz::Offset::UTC.to_timestamp(local).ok()?;
        Some(at.as_millisecond())
    })
}

fn to_millis(millis: f64) -> Option<i64> {
    // The calendar of RFC 3339 ends with the year 9999.
    let in_calendar = millis.is_finite() && millis.abs() < 2.5e14;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within the calendar's range, which i64 holds"
    )]
    in_calendar.then_some(millis.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_milliseconds_and_rfc_3339_mean_the_same_instant() {
        for text in [
            "1714521600",
            "1714521600.0",
            "1714521600000",
            "2024-05-01T00:00:00Z",
            "2024-05-01T02:00:00+02:00",
            "2024-05-01T00:00:00.000Z",
        ] {
            assert_eq!(parse(text), Some(1_714_521_600_000), "{text}");
        }
    }

    #[test]
    fn a_time_without_offset_is_refused_but_in_console_exports() {
        assert_eq!(parse("2024-05-01T00:00:00"), None);
        assert_eq!(parse("2024/05/01 00:00:00"), None);
        assert_eq!(
            parse_console("2024/05/01 00:00:00"),
            Some(1_714_521_600_000)
        );
    }

    #[test]
    fn numbers_beyond_the_calendar_are_no_time() {
        for text in ["inf", "NaN", "1e300", "", "yesterday"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
