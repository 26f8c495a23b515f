//! The span of time for which a calendar is expanded.

use std::time::Duration;

use foretide_domain::Timestamp;

const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;
/// The first day of the epoch was a Thursday; weeks are counted from Monday.
const FIRST_MONDAY_S: i64 = 4 * DAY_S;

/// A span of time: from its first instant to before its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
}

impl Window {
    /// Whole weeks around `now`: `back` before the week of `now`, `ahead` from its beginning. It
    /// moves once a week, so that an unchanged calendar gives the same events all week.
    pub fn weeks(now: Timestamp, back: u32, ahead: u32) -> Self {
        let since = (now.as_seconds() - FIRST_MONDAY_S).rem_euclid(WEEK_S);
        let monday = Timestamp::from_seconds(now.as_seconds().saturating_sub(since));
        let weeks = |count: u32| Duration::from_secs(WEEK_S.unsigned_abs() * u64::from(count));
        Self {
            from: monday.minus(weeks(back)),
            to: monday.plus(weeks(ahead)),
        }
    }

    /// The window of an iCalendar. Three weeks back: what is learnt of earlier occurrences comes
    /// from a history of two weeks. Six weeks ahead: a source that cannot be read for a month has
    /// still said what happens meanwhile.
    pub fn of_calendar(now: Timestamp) -> Self {
        Self::weeks(now, 3, 6)
    }

    /// The window of a rule of the configuration, which is read at starts and reloads alone: a year
    /// back, for backtests, and three years ahead.
    pub fn of_rule(now: Timestamp) -> Self {
        Self::weeks(now, 53, 157)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_moves_on_mondays() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let window = Window::weeks(at("2026-11-28T18:00Z"), 1, 2);
        assert_eq!(window.from, at("2026-11-16T00:00Z"));
        assert_eq!(window.to, at("2026-12-07T00:00Z"));
        assert_eq!(window, Window::weeks(at("2026-11-23T00:00Z"), 1, 2));
        assert_ne!(window, Window::weeks(at("2026-11-30T00:00Z"), 1, 2));
    }
}
