//! Which times a range query is evaluated at, and how many requests that takes.

use std::time::Duration;

use foretide_domain::Timestamp;

use crate::error::Problem;

/// Most points of one series in one answer: Prometheus refuses more
/// (`exceeded maximum resolution of 11,000 points per timeseries`).
pub const POINTS_MAX: i64 = 11_000;
/// Most requests for one question. A year of minutes takes 48.
const PARTS_MAX: i64 = 64;

/// The evaluation times of one request: ends of periods, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// End of the first period.
    pub(crate) first: i64,
    /// End of the last period.
    pub(crate) last: i64,
    /// Length of a period.
    pub(crate) period: i64,
}

impl Part {
    /// Whether the request asks for the time `at`.
    pub(crate) fn has(&self, at: i64) -> bool {
        (self.first..=self.last).contains(&at) && (at - self.first) % self.period == 0
    }
}

/// `period` in milliseconds.
pub(crate) fn millis(period: Duration) -> i64 {
    i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1)
}

/// The periods that start at or after `from` and end at or before `to`, in parts, oldest first.
/// Nothing is older than the epoch.
pub(crate) fn parts(
    from: Timestamp,
    to: Timestamp,
    period: Duration,
) -> Result<Vec<Part>, Problem> {
    let period = millis(period);
    let begin = up_to_grid(from.as_millis(), period);
    let periods = to.as_millis().saturating_sub(begin).max(0) / period;
    if periods > POINTS_MAX * PARTS_MAX {
        return Err(Problem::TooManyPeriods { periods });
    }
    let whole = (0..periods).step_by(usize::try_from(POINTS_MAX).unwrap_or(usize::MAX));
    let part = |skipped: i64| Part {
        first: begin + (skipped + 1) * period,
        last: begin + periods.min(skipped + POINTS_MAX) * period,
        period,
    };
    Ok(whole.map(part).collect())
}

/// The first time on the grid of `period` that is neither before `at` nor before the epoch.
pub(crate) fn up_to_grid(at: i64, period: i64) -> i64 {
    let at = at.max(0);
    at.saturating_add((period - at % period) % period)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans(from: i64, to: i64, period: i64) -> Vec<(i64, i64)> {
        let at = Timestamp::from_seconds;
        let period = Duration::from_secs(period.unsigned_abs());
        let parts = parts(at(from), at(to), period).unwrap();
        let seconds = |part: &Part| (part.first / 1000, part.last / 1000);
        parts.iter().map(seconds).collect()
    }

    #[test]
    fn only_whole_periods_between_the_two_times_are_asked_for() {
        assert_eq!(spans(60, 180, 60), [(120, 180)]);
        assert_eq!(spans(61, 239, 60), [(180, 180)]);
        assert_eq!(spans(61, 179, 60), []);
        assert_eq!(spans(500, 100, 60), []);
        assert_eq!(spans(-500, 60, 60), [(60, 60)]);
    }

    #[test]
    fn a_part_has_as_many_points_as_prometheus_gives() {
        assert_eq!(spans(0, 11_000, 1), [(1, 11_000)]);
        assert_eq!(spans(0, 11_001, 1), [(1, 11_000), (11_001, 11_001)]);
    }

    #[test]
    fn more_than_the_most_requests_are_refused() {
        let end = |at| parts(Timestamp::default(), at, Duration::from_secs(1));
        assert_eq!(end(Timestamp::from_seconds(704_000)).unwrap().len(), 64);
        let periods = 704_001;
        let refused = end(Timestamp::from_seconds(periods)).unwrap_err();
        assert_eq!(refused, Problem::TooManyPeriods { periods });
    }

    proptest! {
        /// Whatever the times: no panic, no gap, no overlap, and nothing outside of them.
        #[test]
        fn parts_join_without_gap_or_overlap(from: i64, span in 0_i64..40_000_000, secs in 1_u64..3600) {
            let to = Timestamp::from_millis(from.saturating_add(span));
            let from = Timestamp::from_millis(from);
            let parts = parts(from, to, Duration::from_secs(secs)).unwrap();
            for part in &parts {
                prop_assert!(part.first - part.period >= from.as_millis());
                prop_assert!(part.last <= to.as_millis() && part.first <= part.last);
                prop_assert!((part.last - part.first) / part.period < POINTS_MAX);
            }
            for pair in parts.windows(2) {
                prop_assert_eq!(pair[0].last + pair[0].period, pair[1].first);
            }
        }
    }
}
