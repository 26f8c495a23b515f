//! The history that CloudWatch keeps, and its division into parts that can be read one by one.

use std::time::Duration;

use foretide_domain::Timestamp;

/// Periods of one part: five days of minutes. An interrupted part loses little and its answer is
/// one page. Smaller parts would cost more: AWS bills
/// each metric of each call.
const PERIODS_PER_PART: u32 = 7200;

const DAY: Duration = Duration::from_hours(24);

/// The time for which CloudWatch keeps periods of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Length of the periods.
    pub period: Duration,
    /// Time for which CloudWatch keeps them.
    pub kept: Duration,
}

impl Retention {
    /// All retentions, from the finest period on (CloudWatch user guide, "Metrics retention").
    pub const ALL: [Self; 3] = [
        Self::new(Duration::from_mins(1), 15),
        Self::new(Duration::from_mins(5), 63),
        Self::new(Duration::from_hours(1), 455),
    ];

    const fn new(period: Duration, days: u32) -> Self {
        Self {
            period,
            kept: DAY.saturating_mul(days),
        }
    }

    /// The finest period that CloudWatch keeps for `span`; none if CloudWatch keeps nothing for so
    /// long.
    pub fn finest(span: Duration) -> Option<Self> {
        Self::ALL.into_iter().find(|one| span <= one.kept)
    }
}

/// One part of a history, which takes one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistorySpan {
    /// Start of the part, included.
    pub from: Timestamp,
    /// End of the part, excluded.
    pub to: Timestamp,
}

/// The closed periods between `from` and `to`, in parts, oldest first. Parts begin and end on the
/// grid of `period`.
pub fn history_spans(from: Timestamp, to: Timestamp, period: Duration) -> Vec<HistorySpan> {
    let period_ms = i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1);
    let on_grid = |at: i64| at - at.rem_euclid(period_ms);
    let from_ms = on_grid(from.as_millis().saturating_add(period_ms - 1));
    let to_ms = on_grid(to.as_millis());
    let mut parts = Vec::new();
    let mut at = Timestamp::from_millis(from_ms);
    let end = Timestamp::from_millis(to_ms);
    while at < end {
        let next = at.plus(period * PERIODS_PER_PART).min(end);
        parts.push(HistorySpan { from: at, to: next });
        at = next;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finest_period_kept_for_a_span_is_taken() {
        let finest = |days: u32| Retention::finest(DAY * days).map(|one| one.period.as_secs());
        assert_eq!(
            [1, 15, 16, 63, 64, 455, 456].map(finest),
            [
                Some(60),
                Some(60),
                Some(300),
                Some(300),
                Some(3600),
                Some(3600),
                None
            ]
        );
    }

    #[test]
    fn parts_cover_the_span_without_gap_or_overlap_on_the_grid() {
        let at = |seconds| Timestamp::from_seconds(seconds);
        let parts = history_spans(at(61), at(14 * 86_400 + 119), Duration::from_mins(1));
        assert_eq!(
            (parts[0].from, parts.last().unwrap().to),
            (at(120), at(14 * 86_400 + 60))
        );
        assert!(parts.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(parts.len(), 3);
        assert!(history_spans(at(61), at(119), Duration::from_mins(1)).is_empty());
        assert!(history_spans(at(100), at(0), Duration::from_mins(1)).is_empty());
    }
}
