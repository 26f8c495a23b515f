//! Target tracking: capacity in proportion to utilisation over a target. The one rule behind policy
//! `target-tracking`, the fallback that decides while there is no forecast, the baseline beside a
//! forecast, and the comparison policy of backtests.

use serde::{Deserialize, Serialize};

use crate::explanation::TrackingRule;

/// Settings of target tracking. AWS publishes no constants; the defaults are those of the two
/// alarms that a target-tracking policy creates: 3 datapoints above the target, 15 below 90 % of
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetTracking {
    /// Newest points that must all be above target to scale out: 3.
    pub out_points: usize,
    /// Newest points that must all be below the band to scale in: 15.
    pub in_points: usize,
    /// Share of the target, 0 to 1, below which points count for scale-in: 0.9.
    pub in_band: f64,
}

impl Default for TargetTracking {
    fn default() -> Self {
        Self {
            out_points: 3,
            in_points: 15,
            in_band: 0.9,
        }
    }
}

/// A group as target tracking sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tracked {
    /// Utilisation aimed at, in percent.
    pub target: f64,
    /// Mean number of instances in the newest period.
    pub instances: f64,
    /// Desired capacity as it is.
    pub desired: u32,
    /// Whether instances are still coming.
    pub pending: bool,
}

impl TargetTracking {
    /// Points that a decision looks at.
    pub fn points(&self) -> usize {
        self.out_points.max(self.in_points).max(1)
    }

    /// The capacity wanted, none where nothing is to change, and the rule that says so.
    ///
    /// `utilisations` are those of the newest periods in percent, the newest first. With c =
    /// utilisation, n = instances of the newest period, T = target:
    /// - the newest `out_points` all above T: out to `ceil(n · c_newest / T)`, never in;
    /// - else the newest `in_points` all below `in_band · T` and nothing pending: in to
    ///   `ceil(n · c_max / T)` with `c_max` the largest of them, never out;
    /// - else nothing.
    pub fn decide(&self, utilisations: &[f64], group: Tracked) -> (Option<u32>, TrackingRule) {
        let Tracked {
            target, desired, ..
        } = group;
        let wanted = |utilisation: f64| whole_instances(group.instances * utilisation / target);
        let (out_points, in_points) = (self.out_points.max(1), self.in_points.max(1));
        let Some(newest) = utilisations.first() else {
            return (None, TrackingRule::TooFewPoints);
        };
        let above = run(utilisations, |utilisation| utilisation > target);
        if above >= out_points {
            return (
                Some(desired.max(wanted(*newest))),
                TrackingRule::AboveTarget,
            );
        }
        let below = run(utilisations, |utilisation| {
            utilisation < self.in_band * target
        });
        if below < in_points {
            // The run goes on beyond what is known.
            let too_few = above == utilisations.len() || below == utilisations.len();
            let rule = if too_few {
                TrackingRule::TooFewPoints
            } else {
                TrackingRule::Between
            };
            return (None, rule);
        }
        if group.pending {
            return (None, TrackingRule::BelowBandPending);
        }
        let largest = utilisations.iter().take(in_points).copied();
        let largest = largest.fold(0.0, f64::max);
        (Some(desired.min(wanted(largest))), TrackingRule::BelowBand)
    }
}

/// How many of the first match without a break.
fn run(utilisations: &[f64], matches: impl Fn(f64) -> bool) -> usize {
    utilisations
        .iter()
        .take_while(|utilisation| matches(**utilisation))
        .count()
}

/// The fewest whole instances that carry `instances`: a billionth, which rounding leaves, is not
/// worth an instance. Negative and undefined values count as none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast to an integer saturates, and NaN becomes 0: both are the wanted answer"
)]
pub fn whole_instances(instances: f64) -> u32 {
    (instances - 1e-9).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: Tracked = Tracked {
        target: 50.0,
        instances: 4.0,
        desired: 4,
        pending: false,
    };

    #[test]
    fn rounding_noise_costs_no_instance_and_nothing_overflows() {
        assert_eq!(whole_instances(4.000_000_000_5), 4);
        assert_eq!(whole_instances(4.000_01), 5);
        assert_eq!(whole_instances(0.0), 0);
        assert_eq!(whole_instances(f64::NAN), 0);
        assert_eq!(whole_instances(f64::INFINITY), u32::MAX);
    }

    #[test]
    fn it_grows_by_the_newest_and_shrinks_by_the_largest() {
        let rule = TargetTracking::default();
        let above = rule.decide(&[80.0, 60.0, 51.0, 10.0], GROUP);
        assert_eq!(above, (Some(7), TrackingRule::AboveTarget));
        let mut low = [20.0; 15];
        low[14] = 30.0;
        assert_eq!(rule.decide(&low, GROUP), (Some(3), TrackingRule::BelowBand));
        let pending = Tracked {
            pending: true,
            ..GROUP
        };
        let held = rule.decide(&low, pending);
        assert_eq!(held, (None, TrackingRule::BelowBandPending));
    }

    #[test]
    fn too_few_points_are_told_from_points_between() {
        let rule = TargetTracking::default();
        for few in [&[][..], &[80.0, 80.0], &[20.0; 14]] {
            assert_eq!(rule.decide(few, GROUP), (None, TrackingRule::TooFewPoints));
        }
        let between = rule.decide(&[47.0, 20.0], GROUP);
        assert_eq!(between, (None, TrackingRule::Between));
    }

    #[test]
    fn its_settings_decide_how_many_points_it_takes() {
        let slow = TargetTracking {
            out_points: 9,
            ..TargetTracking::default()
        };
        assert_eq!(slow.decide(&[80.0; 8], GROUP).0, None);
        assert_eq!(slow.decide(&[80.0; 9], GROUP).0, Some(7));
    }
}
