//! The subset of cron in which scheduled actions recur: five fields of `*`, `*/n`, numbers, ranges
//! and lists, in UTC.

/// Smallest and largest value of each field: minute, hour, day of month, month, day of week.
const RANGES: [(i64, i64); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

/// Whether `expression` is within the subset.
pub(crate) fn is_valid(expression: &str) -> bool {
    let fields: Vec<_> = expression.split_whitespace().collect();
    fields.len() == RANGES.len()
        && fields
            .iter()
            .zip(RANGES)
            .all(|(field, range)| field.split(',').all(|part| span(part, range).is_some()))
}

/// Whether the minute that starts at `epoch_s` is one of `expression`'s. As in cron, days of month
/// and of week are alternatives if both are restricted.
pub(crate) fn matches(expression: &str, epoch_s: i64) -> bool {
    let mut fields = expression.split_whitespace();
    let days = epoch_s.div_euclid(86_400);
    let minutes = epoch_s.rem_euclid(86_400) / 60;
    let (month, day) = month_and_day(days);
    let weekday = (days + 4).rem_euclid(7);
    let values = [minutes % 60, minutes / 60, day, month, weekday];
    let met = std::array::from_fn(|place| {
        let field = fields.next().unwrap_or("*");
        let range = RANGES.get(place).copied().unwrap_or((0, 0));
        let value = values.get(place).copied().unwrap_or(0);
        let holds = field
            .split(',')
            .filter_map(|part| span(part, range))
            .any(|(from, to, step)| (from..=to).contains(&value) && (value - from) % step == 0);
        (holds, field.starts_with('*'))
    });
    let [minute, hour, day, month, weekday]: [(bool, bool); 5] = met;
    let on_day = if day.1 || weekday.1 {
        day.0 && weekday.0
    } else {
        day.0 || weekday.0
    };
    minute.0 && hour.0 && month.0 && on_day
}

/// First value, last value and step of one part of a field.
fn span(part: &str, (low, high): (i64, i64)) -> Option<(i64, i64, i64)> {
    let (values, step) = part.split_once('/').unwrap_or((part, "1"));
    let step = step.parse().ok().filter(|step| *step > 0)?;
    let (from, to) = match values.split_once('-') {
        _ if values == "*" => (low, high),
        Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
        None => (values.parse().ok()?, values.parse().ok()?),
    };
    (low <= from && from <= to && to <= high).then_some((from, to, step))
}

/// Month (1 to 12) and day of month of a day counted from 1970-01-01, after Hinnant's
/// `civil_from_days`.
fn month_and_day(days: i64) -> (i64, i64) {
    let shifted = days + 719_468;
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    (if month < 10 { month + 3 } else { month - 9 }, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23, a Monday, at 12:00 UTC.
    const NOON: i64 = 1_795_435_200;

    #[test]
    fn minutes_are_met_as_in_cron() {
        for (expression, offset_s, met) in [
            ("0 12 * * *", 0, true),
            ("0 12 * * *", 60, false),
            ("*/15 * * * *", 900, true),
            ("*/15 * * * *", 960, false),
            ("0 8-13 * * 1", 0, true),
            ("0 8-13 * * 2", 0, false),
            ("0 12 23 11 *", 0, true),
            ("0 12 24 11 *", 0, false),
            ("0 12 24 11 *", 86_400, true),
            ("0 12 24 11 1", 0, true),
            ("0,30 11,12 * * *", 1800, true),
        ] {
            assert_eq!(matches(expression, NOON + offset_s), met, "{expression}");
        }
        // 2024-02-29.
        assert_eq!(month_and_day(19_782), (2, 29));
    }

    #[test]
    fn what_is_beyond_the_subset_is_no_cron() {
        for bad in [
            "",
            "0 12 * *",
            "60 * * * *",
            "0 0 0 * *",
            "@daily",
            "0 0 * * MON",
            "5-1 * * * *",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
        assert!(is_valid("*/5 8-18 1,15 * 1-5"));
    }
}
