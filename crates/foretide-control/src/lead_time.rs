//! How long a new instance needs until it is in service, or healthy in its target groups, measured
//! on this group's own launches.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::Launch;
use serde::{Deserialize, Serialize};

/// Launches remembered: enough for a p90, few enough to follow a new machine image within days.
const REMEMBERED: usize = 50;
/// Fewer than this say too little of a p90.
const ENOUGH: usize = 5;

/// The longest lead time that is forecast with periods of this length. A launch that takes longer
/// is decided on a forecast of an earlier time.
pub(crate) const fn longest_forecast(period: Duration) -> Duration {
    // Leads of 26 one-minute periods and of 5 five-minute ones, less what passes until a period is
    // seen: see `Grid::for_boot`.
    if period.as_secs() < 300 {
        Duration::from_mins(24)
    } else {
        Duration::from_mins(21)
    }
}

/// Durations of the group's newest successful launches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadTime {
    newest: VecDeque<Duration>,
    /// Whether a launch ends when its instance is healthy in all target groups, not in service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    until_healthy: bool,
}

impl LeadTime {
    /// Says where launches end from now on. Durations that ended elsewhere are forgotten.
    pub fn measure(&mut self, until_healthy: bool) {
        if self.until_healthy != until_healthy {
            *self = Self {
                until_healthy,
                ..Self::default()
            };
        }
    }

    /// Learns from a launch that has ended.
    pub fn observe(&mut self, launch: &Launch) {
        if !launch.succeeded {
            return;
        }
        if self.newest.len() == REMEMBERED {
            self.newest.pop_front();
        }
        self.newest.push_back(launch.duration());
    }

    /// Successful launches that are remembered.
    pub fn launches(&self) -> usize {
        self.newest.len()
    }

    /// 90th percentile of what was measured; none while too little was.
    pub fn p90(&self) -> Option<Duration> {
        if self.newest.len() < ENOUGH {
            return None;
        }
        let mut sorted: Vec<Duration> = self.newest.iter().copied().collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * 9).div_ceil(10).saturating_sub(1);
        sorted.get(rank).copied()
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::Timestamp;

    use super::*;

    fn launch(seconds: i64, succeeded: bool) -> Launch {
        Launch {
            id: 1,
            started: Timestamp::from_seconds(0),
            ended: Timestamp::from_seconds(seconds),
            succeeded,
            message: None,
        }
    }

    #[test]
    fn nothing_is_told_until_enough_launches_were_seen() {
        let mut lead_time = LeadTime::default();
        for seconds in [100, 100, 100, 100] {
            lead_time.observe(&launch(seconds, true));
        }
        lead_time.observe(&launch(900, false));
        assert_eq!((lead_time.launches(), lead_time.p90()), (4, None));
        lead_time.observe(&launch(240, true));
        assert_eq!(lead_time.p90(), Some(Duration::from_secs(240)));
    }

    #[test]
    fn the_longest_forecast_is_that_of_the_grid() {
        use foretide_forecast::Grid;
        // A five-minute lead serves launches of five different minutes alike.
        for (step, same_from) in [(1, 24), (5, 17)] {
            let period = Duration::from_mins(step.into());
            let longest = u32::try_from(longest_forecast(period).as_secs() / 60).unwrap();
            let lead = |boot| Grid::for_boot(step, boot).unwrap().lead_steps();
            assert_eq!(lead(longest), lead(500), "beyond it nothing is gained");
            assert_eq!(lead(same_from), lead(500));
            assert!(lead(same_from - 1) < lead(500), "before it something is");
            assert!(
                longest < same_from + step,
                "and it is the last that is served"
            );
        }
    }

    #[test]
    fn launches_that_ended_elsewhere_are_forgotten() {
        let mut lead_time = LeadTime::default();
        let five = |lead_time: &mut LeadTime, seconds| {
            (0..5).for_each(|_| lead_time.observe(&launch(seconds, true)));
            lead_time.p90().map(|p90| p90.as_secs())
        };
        assert_eq!(five(&mut lead_time, 30), Some(30));
        lead_time.measure(false);
        assert_eq!(lead_time.launches(), 5, "nothing has changed");
        lead_time.measure(true);
        assert_eq!((lead_time.launches(), lead_time.p90()), (0, None));
        assert_eq!(five(&mut lead_time, 150), Some(150));
    }

    #[test]
    fn p90_of_ten_is_the_ninth() {
        let mut lead_time = LeadTime::default();
        for seconds in 1..=10 {
            lead_time.observe(&launch(seconds * 10, true));
        }
        assert_eq!(lead_time.p90(), Some(Duration::from_secs(90)));
    }
}
