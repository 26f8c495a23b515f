//! Days and hours on the command line: `14` and `14d` are the same days.

use std::ops::RangeInclusive;

use super::quantity::Span;

/// The most days of a trace that can be asked for: about 27 years.
pub const DAYS_MAX: u32 = 9999;

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 86_400;

/// Parses whole days: a number, or a span such as `14d`.
///
/// # Errors
/// A sentence that says which form is expected.
pub fn days(text: &str) -> Result<u32, String> {
    let of_span = |Span(span): Span| {
        let is_whole = span.as_secs().is_multiple_of(DAY_S) && span.subsec_nanos() == 0;
        let days = u32::try_from(span.as_secs() / DAY_S).ok();
        days.filter(|_| is_whole)
    };
    let number = text.parse().ok();
    let days = number.or_else(|| text.parse().ok().and_then(of_span));
    days.ok_or_else(|| "expected whole days, such as 14 or 14d".to_owned())
}

/// Hours ahead of a command line, such as `24h` or `2d`: whole hours, at most two days.
///
/// # Errors
/// The text is no such span.
pub fn hours_ahead(text: &str) -> Result<u32, String> {
    let Span(span) = text.parse().map_err(|error| format!("{error}"))?;
    let hours = u32::try_from(span.as_secs() / HOUR_S).unwrap_or(u32::MAX);
    let whole = span.as_secs().is_multiple_of(HOUR_S) && span.subsec_nanos() == 0;
    match hours {
        1..=48 if whole => Ok(hours),
        _ => Err("expected 1h to 48h".to_owned()),
    }
}

/// A parser of whole days within `range`, as [`days`] reads them.
pub fn days_in(
    range: RangeInclusive<u32>,
) -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    move |text| {
        let found = days(text)?;
        if range.contains(&found) {
            Ok(found)
        } else {
            let (first, last) = (range.start(), range.end());
            Err(format!("expected {first} to {last} days"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_or_a_span_of_whole_days() {
        for text in ["14", "14d", "336h"] {
            assert_eq!(days(text), Ok(14), "{text}");
        }
        assert_eq!((days("0"), days("0d")), (Ok(0), Ok(0)));
        for bad in [
            "",
            "d",
            "-1",
            "-1d",
            "1.5",
            "1.5d",
            "36h",
            "14 days",
            "4294967296",
            "many",
        ] {
            let expected = Err("expected whole days, such as 14 or 14d".to_owned());
            assert_eq!(days(bad), expected, "{bad}");
        }
    }

    #[test]
    fn days_beyond_the_range_are_refused_in_both_forms() {
        let parse = days_in(1..=455);
        assert_eq!((parse("1"), parse("455d")), (Ok(1), Ok(455)));
        for bad in ["0", "0d", "456", "456d"] {
            let expected = Err("expected 1 to 455 days".to_owned());
            assert_eq!(parse(bad), expected, "{bad}");
        }
    }
}
