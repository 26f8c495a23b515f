//! A sudden drop of load where the forecast saw none: perhaps an outage in front of the group, with
//! the rush back to come. Capacity is kept for half an hour.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Load below this share of its forecast median has dropped. The median is beaten by half in noisy
/// traces; by more, hardly ever.
const DROPPED: f64 = 0.4;
/// Load at or above this share is as usual.
const USUAL: f64 = 0.7;
/// A drop is sudden if load was as usual within this time before.
const SUDDEN: Duration = Duration::from_mins(10);
/// Longest time for which capacity is kept.
pub(crate) const KEPT: Duration = Duration::from_mins(30);
/// Forecasts that wait for their period: a lead time of four hours in one-minute periods.
const WAITING: usize = 256;
/// Less load than this, in instance-percent, drops and rises by chance.
const LEAST: f64 = 100.0;

/// What was forecast for periods to come, and the drop that holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoadDrop {
    /// Medians of the load in instance-percent, by start of their period, the oldest first.
    expected: VecDeque<(Timestamp, f64)>,
    /// Start of the newest period with a load as usual.
    usual_at: Option<Timestamp>,
    /// End of the period in which load dropped, and what was expected there.
    dropped: Option<(Timestamp, f64)>,
}

impl LoadDrop {
    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Remembers a forecast of the period that starts at `start`.
    pub(crate) fn note_forecast(&mut self, start: Timestamp, median: f64) {
        if self
            .expected
            .back()
            .is_some_and(|(known, _)| *known >= start)
        {
            return;
        }
        if self.expected.len() == WAITING {
            self.expected.pop_front();
        }
        self.expected.push_back((start, median));
    }

    /// The load of a period. `end` is its end.
    pub(crate) fn observe(&mut self, start: Timestamp, end: Timestamp, load: f64) {
        let mut median = None;
        while let Some((known, expected)) = self.expected.front().copied()
            && known <= start
        {
            median = (known == start).then_some(expected);
            self.expected.pop_front();
        }
        if let Some((since, expected)) = self.dropped
            && (load >= USUAL * expected || end.since(since) >= KEPT)
        {
            self.dropped = None;
        }
        let Some(median) = median.filter(|median| *median >= LEAST) else {
            return;
        };
        let sudden = self
            .usual_at
            .is_some_and(|usual| start.since(usual) <= SUDDEN);
        if load >= USUAL * median {
            self.usual_at = Some(start);
        } else if load < DROPPED * median && sudden && self.dropped.is_none() {
            self.dropped = Some((end, median));
            self.usual_at = None;
        }
    }

    /// What was expected where load dropped, while capacity is kept for it, in instance-percent.
    pub(crate) fn holds(&self, now: Timestamp) -> Option<f64> {
        let held = self.dropped.filter(|(since, _)| now.since(*since) < KEPT);
        held.map(|(_, expected)| expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(minute * 60)
    }

    /// Minutes at which a drop holds, of a load with these shares of a median of 1000.
    fn held(shares: &[f64]) -> Vec<i64> {
        let mut drop = LoadDrop::default();
        let mut held = Vec::new();
        for (minute, share) in (0_i64..).zip(shares) {
            drop.note_forecast(at(minute), 1000.0);
            drop.observe(at(minute), at(minute + 1), share * 1000.0);
            if drop.holds(at(minute + 1)).is_some() {
                held.push(minute);
            }
        }
        held
    }

    #[test]
    fn a_sudden_drop_holds_for_half_an_hour_at_most() {
        let mut shares = vec![1.0; 5];
        shares.extend([0.1; 60]);
        assert_eq!(held(&shares), (5..35).collect::<Vec<_>>());
    }

    #[test]
    fn load_that_comes_back_ends_it() {
        assert_eq!(held(&[1.0, 0.2, 0.2, 0.9, 0.9]), [1, 2]);
    }

    #[test]
    fn a_slow_decline_and_noise_are_ordinary() {
        let slow: Vec<f64> = (0..40)
            .map(|minute| 1.0 - 0.025 * f64::from(minute))
            .collect();
        assert_eq!(held(&slow), [0_i64; 0]);
        assert_eq!(held(&[1.0, 0.5, 1.1, 0.45, 0.9, 0.41]), [0_i64; 0]);
    }

    #[test]
    fn a_period_that_nobody_forecast_tells_nothing() {
        let mut drop = LoadDrop::default();
        drop.note_forecast(at(0), 1000.0);
        drop.observe(at(0), at(1), 1000.0);
        drop.observe(at(1), at(2), 1.0);
        assert_eq!(drop.holds(at(2)), None);
    }
}
