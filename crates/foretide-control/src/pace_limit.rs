//! Pace limits: how far desired capacity may move within a time, in each direction.
//!
//! They are those of `behavior` in Kubernetes' `HorizontalPodAutoscaler`. The change is counted
//! from the capacity at the start of the window: desired capacity now, without this controller's
//! own changes within the window. So a change by somebody else moves the start and does not count.

use std::time::Duration;

use foretide_domain::whole_instances;
use serde::{Deserialize, Serialize};

use crate::config::{Check, check};

/// The pace limits of a group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaceLimits {
    /// How fast capacity may be added.
    pub scale_out: PaceLimit,
    /// How fast capacity may be taken away.
    pub scale_in: PaceLimit,
    /// A scale-in goes at most to the highest capacity wanted within this time; 0 s: off.
    pub stabilisation: Duration,
}

/// How far desired capacity may move within a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaceLimit {
    /// The change.
    pub at_most: AtMost,
    /// The time: the length of the window.
    pub per: Duration,
}

/// A change of desired capacity. Where both are given the larger holds; neither: unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AtMost {
    /// Percent of the capacity at the start of the window, rounded up to whole instances.
    pub percent: Option<f64>,
    /// Instances.
    pub instances: Option<u32>,
}

impl AtMost {
    /// No limit.
    pub const UNLIMITED: Self = Self {
        percent: None,
        instances: None,
    };

    /// The change allowed from `reference`, at least 1; none where it is unlimited.
    pub(crate) fn change(self, reference: u32) -> Option<u32> {
        let share = |percent: f64| whole_instances(f64::from(reference) * percent / 100.0);
        let by_percent = self.percent.map(share);
        by_percent.max(self.instances).map(|change| change.max(1))
    }
}

impl PaceLimit {
    const fn unlimited(per: Duration) -> Self {
        Self {
            at_most: AtMost::UNLIMITED,
            per,
        }
    }
}

impl PaceLimits {
    /// No limits, as before the limits existed: what a stored configuration without them means.
    pub const fn unlimited() -> Self {
        Self {
            scale_out: PaceLimit::unlimited(Duration::from_mins(5)),
            scale_in: PaceLimit::unlimited(Duration::from_mins(10)),
            stabilisation: Duration::ZERO,
        }
    }

    pub(crate) fn checks(&self) -> Vec<Check> {
        let windows = [
            ("scale_out.per", self.scale_out.per),
            ("scale_in.per", self.scale_in.per),
        ];
        let windows = windows.map(|(key, per)| {
            let holds = (MINUTE..=WINDOW_MAX).contains(&per);
            check(key, holds, "must be from 1m to 24h")
        });
        let changes = [
            ("scale_out.at_most", self.scale_out.at_most),
            ("scale_in.at_most", self.scale_in.at_most),
        ];
        let changes = changes.map(|(key, at_most)| {
            let percent = at_most.percent.is_none_or(|it| it.is_finite() && it > 0.0);
            let holds = percent && at_most.instances.is_none_or(|it| it > 0);
            check(key, holds, "must be above 0 % and at least 1 instance")
        });
        let stabilisation = check(
            "scale_in.stabilisation",
            self.stabilisation <= STABILISATION_MAX,
            "must be at most 1h",
        );
        windows
            .into_iter()
            .chain(changes)
            .chain([stabilisation])
            .collect()
    }
}

impl Default for PaceLimits {
    /// No limits. On the Twitter trace, 100 % or 4 instances in five minutes for scale-out cost
    /// 24 % more instance-hours at twice the violations; 20 % or 4 in ten minutes for scale-in cost
    /// 6 % more.
    fn default() -> Self {
        Self::unlimited()
    }
}

const MINUTE: Duration = Duration::from_mins(1);
/// The longest window: own changes are remembered for this long.
pub(crate) const WINDOW_MAX: Duration = Duration::from_hours(24);
/// The longest stabilisation, as in Kubernetes. It keeps the list of wanted capacities short.
pub(crate) const STABILISATION_MAX: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_change_holds_and_percentages_are_rounded_up_to_one_at_least() {
        let change = |percent, instances, reference| {
            let at_most = AtMost { percent, instances };
            at_most.change(reference)
        };
        assert_eq!(change(Some(100.0), Some(4), 3), Some(4));
        assert_eq!(change(Some(100.0), Some(4), 5), Some(5));
        assert_eq!(change(Some(20.0), None, 11), Some(3), "2.2");
        assert_eq!(change(Some(20.0), None, 10), Some(2), "exactly");
        assert_eq!(change(Some(1.0), None, 4), Some(1));
        assert_eq!(change(Some(100.0), None, 0), Some(1), "of an empty group");
        assert_eq!(change(None, Some(2), 900), Some(2));
        assert_eq!(change(None, None, 900), None);
    }

    #[test]
    fn windows_and_changes_out_of_range_are_refused_by_name() {
        type Breakage = fn(&mut PaceLimits);
        let broken: [(&str, Breakage); 5] = [
            ("scale_out.per", |it| {
                it.scale_out.per = Duration::from_secs(59);
            }),
            ("scale_in.per", |it| {
                it.scale_in.per = WINDOW_MAX + Duration::from_secs(1);
            }),
            ("scale_out.at_most", |it| {
                it.scale_out.at_most.percent = Some(0.0);
            }),
            ("scale_in.at_most", |it| {
                it.scale_in.at_most.instances = Some(0);
            }),
            ("scale_in.stabilisation", |it| {
                it.stabilisation = Duration::from_secs(3601);
            }),
        ];
        for (key, break_it) in broken {
            let mut limits = PaceLimits::default();
            limits.scale_out.at_most.percent = Some(100.0);
            assert!(limits.checks().iter().all(|check| check.holds));
            break_it(&mut limits);
            let checks = limits.checks();
            let found: Vec<_> = checks.iter().filter(|check| !check.holds).collect();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].key, key);
        }
    }
}
