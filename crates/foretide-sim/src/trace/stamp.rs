//! Points in time as trace files write them.

use jiff::civil::DateTime;

/// What a timestamp cell may hold, for error messages.
pub(super) const EXPECTED: &str = "an RFC 3339 time (2024-05-01T00:00:00Z, or \
    2024-05-01 00:00:00 with a time zone named apart) or seconds or milliseconds since 1970";

/// Numbers from here on are milliseconds, those below seconds: as seconds this lies in the year
/// 5138, as milliseconds in March 1973, so no trace is read wrongly by it.
const MILLISECONDS_FROM: f64 = 1e11;

/// A point in time, or what a clock showed somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stamp {
    /// Milliseconds since 1970.
    At(i64),
    /// A time without a zone.
    Local(DateTime),
}

/// The time that `text` says; none where it says none.
///
/// A bare number is an epoch. All else is RFC 3339 with an offset, or the same without one, as the
/// CloudWatch console (`2024/05/01 00:00:00`) and spreadsheets write it.
pub(super) fn parse(text: &str) -> Option<Stamp> {
    if let Ok(number) = text.parse::<f64>() {
        let millis = if number.abs() >= MILLISECONDS_FROM {
            number
        } else {
            number * 1000.0
        };
        return to_millis(millis).map(Stamp::At);
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Stamp::At(at.as_millisecond()));
    }
    let has_time = text.contains(':');
    let text = text.replacen('/', "-", 2).replacen(' ', "T", 1);
    let local = text.parse::<DateTime>().ok().filter(|_| has_time)?;
    Some(Stamp::Local(local))
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
            assert_eq!(parse(text), Some(Stamp::At(1_714_521_600_000)), "{text}");
        }
    }

    #[test]
    fn a_time_without_offset_is_what_a_clock_showed() {
        let shown = Stamp::Local(jiff::civil::date(2024, 5, 1).at(1, 2, 3, 0));
        for text in [
            "2024-05-01T01:02:03",
            "2024/05/01 01:02:03",
            "2024-05-01 01:02:03",
        ] {
            assert_eq!(parse(text), Some(shown), "{text}");
        }
        assert_eq!(parse("2024-05-01"), None, "a day is no time");
    }

    #[test]
    fn numbers_beyond_the_calendar_are_no_time() {
        for text in ["inf", "NaN", "1e300", "", "yesterday"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
