//! Instance-hours and time in violation of one group: the one count that page, report, explanation,
//! metrics and JSON print.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Data below this are too few to compare with: a day has one daily cycle.
const COMPARABLE: Duration = Duration::from_secs(86_400);

/// Counts of one group since Foretide holds it in its present mode.
///
/// All counts are over the same periods: those whose CPU, load and running instances are known.
/// Periods without data are in none of them. "Running" is in service or pending; terminating and
/// standby instances are left out on every side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The first cycle in the present mode.
    pub since: Timestamp,
    /// End of the newest period counted; `since` where none is.
    pub until: Timestamp,
    /// Time with data, seconds.
    pub known_s: u64,
    /// What the group ran, instance-seconds.
    pub used_instance_s: u64,
    /// What the baseline, target tracking on the same load, would have run, instance-seconds.
    pub baseline_instance_s: u64,
    /// The fewest instances within the bounds that keep the load of every period at the objective,
    /// known in hindsight and started in no time, instance-seconds.
    pub optimum_instance_s: u64,
    /// Time above the objective, seconds.
    pub violation_s: u64,
    /// Time that the baseline would have been above it, seconds.
    pub baseline_violation_s: u64,
}

impl Hours {
    /// A count that begins at `since`.
    pub const fn new(since: Timestamp) -> Self {
        Self {
            since,
            until: since,
            known_s: 0,
            used_instance_s: 0,
            baseline_instance_s: 0,
            optimum_instance_s: 0,
            violation_s: 0,
            baseline_violation_s: 0,
        }
    }

    /// Whether this is the count of a decision of an earlier version, which had none.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Whether no period is counted yet.
    pub const fn is_empty(&self) -> bool {
        self.known_s == 0
    }

    /// Whether there is less than a day of data: no share and no comparison is made of it.
    pub const fn is_too_early(&self) -> bool {
        self.known_s < COMPARABLE.as_secs()
    }

    /// What came after `earlier`, which is all where the count has begun anew since.
    #[must_use]
    pub fn after(&self, earlier: &Self) -> Self {
        if self.since != earlier.since || self.known_s < earlier.known_s {
            return *self;
        }
        Self {
            since: earlier.until,
            until: self.until,
            known_s: self.known_s - earlier.known_s,
            used_instance_s: self.used_instance_s.saturating_sub(earlier.used_instance_s),
            baseline_instance_s: self
                .baseline_instance_s
                .saturating_sub(earlier.baseline_instance_s),
            optimum_instance_s: self
                .optimum_instance_s
                .saturating_sub(earlier.optimum_instance_s),
            violation_s: self.violation_s.saturating_sub(earlier.violation_s),
            baseline_violation_s: self
                .baseline_violation_s
                .saturating_sub(earlier.baseline_violation_s),
        }
    }

    /// Adds the counts of another stretch of time.
    pub fn add(&mut self, other: &Self) {
        self.until = self.until.max(other.until);
        self.known_s += other.known_s;
        self.used_instance_s += other.used_instance_s;
        self.baseline_instance_s += other.baseline_instance_s;
        self.optimum_instance_s += other.optimum_instance_s;
        self.violation_s += other.violation_s;
        self.baseline_violation_s += other.baseline_violation_s;
    }

    /// Instance-hours that the group ran; none where no period is counted.
    pub fn used(&self) -> Option<f64> {
        self.instance_hours(self.used_instance_s)
    }

    /// Instance-hours that the baseline would have run.
    pub fn baseline(&self) -> Option<f64> {
        self.instance_hours(self.baseline_instance_s)
    }

    /// Instance-hours of the hindsight optimum.
    pub fn optimum(&self) -> Option<f64> {
        self.instance_hours(self.optimum_instance_s)
    }

    fn instance_hours(&self, instance_s: u64) -> Option<f64> {
        (!self.is_empty()).then(|| instance_s as f64 / 3600.0)
    }

    /// Used ÷ baseline, below 1 where hours were saved; none below a day of data.
    pub fn against_baseline(&self) -> Option<f64> {
        self.ratio(self.used_instance_s, self.baseline_instance_s)
    }

    /// Used ÷ optimum; none below a day of data.
    pub fn against_optimum(&self) -> Option<f64> {
        self.ratio(self.used_instance_s, self.optimum_instance_s)
    }

    /// Share of the time with data that the group was in violation, 0 to 1; none below a day of
    /// data.
    pub fn violation_share(&self) -> Option<f64> {
        self.ratio(self.violation_s, self.known_s)
    }

    /// The same of the baseline.
    pub fn baseline_violation_share(&self) -> Option<f64> {
        self.ratio(self.baseline_violation_s, self.known_s)
    }

    fn ratio(&self, part: u64, whole: u64) -> Option<f64> {
        (!self.is_too_early() && whole > 0).then(|| part as f64 / whole as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(known_s: u64, used: u64, baseline: u64) -> Hours {
        Hours {
            until: Timestamp::from_seconds(1000).plus(Duration::from_secs(known_s)),
            known_s,
            used_instance_s: used,
            baseline_instance_s: baseline,
            violation_s: 60,
            ..Hours::new(Timestamp::from_seconds(1000))
        }
    }

    #[test]
    fn below_a_day_of_data_nothing_is_compared() {
        let early = hours(86_399, 100, 200);
        assert!(early.is_too_early() && early.used().is_some());
        assert_eq!(early.against_baseline(), None);
        assert_eq!(early.violation_share(), None);
        let enough = hours(86_400, 100, 200);
        assert_eq!(enough.against_baseline(), Some(0.5));
        assert_eq!(enough.violation_share(), Some(60.0 / 86_400.0));
    }

    #[test]
    fn a_stretch_is_the_difference_and_all_of_a_count_begun_anew() {
        let (first, second) = (hours(600, 10, 20), hours(900, 16, 29));
        let stretch = second.after(&first);
        assert_eq!((stretch.since, stretch.known_s), (first.until, 300));
        assert_eq!(
            (stretch.used_instance_s, stretch.baseline_instance_s),
            (6, 9)
        );
        let anew = Hours {
            since: Timestamp::from_seconds(5000),
            ..hours(60, 3, 4)
        };
        assert_eq!(anew.after(&second), anew);
    }

    #[test]
    fn nothing_counted_is_missing_and_not_zero() {
        let none = Hours::new(Timestamp::from_seconds(5));
        assert!(none.is_empty());
        assert_eq!((none.used(), none.against_optimum()), (None, None));
    }
}
