//! Target tracking: capacity in proportion to utilisation over a target. The one rule behind policy
//! `target-tracking`, the fallback that decides while there is no forecast, the baseline beside a
//! forecast, and the comparison policy of backtests.

use serde::{Deserialize, Serialize};

use crate::Headroom;

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

/// Rules of policy `target-tracking`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackingRule {
    /// Too few periods seen to scale out or in.
    TooFewPoints,
    /// Enough periods in a row above target.
    AboveTarget,
    /// Enough periods in a row below the scale-in band.
    BelowBand,
    /// Below the band, but instances are still coming.
    BelowBandPending,
    /// Neither.
    Between,
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
    /// The loss that the capacity wanted outlasts.
    pub headroom: Headroom,
}

/// How many of the newest points in a row lie beyond a bound of target tracking, and how many have
/// to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackingRun {
    /// The rule that follows from the counts.
    pub rule: TrackingRule,
    /// Utilisation aimed at, in percent. Points above it count for scale-out.
    pub target: f64,
    /// Utilisation in percent below which points count for scale-in.
    pub band: f64,
    /// Newest points in a row above the target.
    pub above: usize,
    /// Newest points in a row below the band.
    pub below: usize,
    /// Points above the target that scaling out needs.
    pub out_points: usize,
    /// Points below the band that scaling in needs.
    pub in_points: usize,
}

impl TargetTracking {
    /// Points that a decision looks at.
    pub fn points(&self) -> usize {
        self.out_points.max(self.in_points).max(1)
    }

    /// The capacity wanted, none where nothing is to change, and the counts and rule that say so.
    ///
    /// `utilisations` are those of the newest periods in percent, the newest first. With c =
    /// utilisation, n = instances of the newest period, T = target (headroom comes on top of what
    /// is wanted):
    /// - the newest `out_points` all above T: out to `ceil(n · c_newest / T)`, never in;
    /// - else the newest `in_points` all below `in_band · T` and nothing pending: in to
    ///   `ceil(n · c_max / T)` with `c_max` the largest of them, never out;
    /// - else nothing.
    pub fn decide(&self, utilisations: &[f64], group: Tracked) -> (Option<u32>, TrackingRun) {
        let Tracked {
            target, desired, ..
        } = group;
        let wanted = |utilisation: f64| {
            let needed = whole_instances(group.instances * utilisation / target);
            group.headroom.with(needed)
        };
        let mut run = self.run(utilisations, target);
        let known = utilisations.len();
        let mut wants = None;
        run.rule = if run.above >= run.out_points {
            wants = utilisations.first().map(|it| desired.max(wanted(*it)));
            TrackingRule::AboveTarget
        } else if run.below < run.in_points {
            // A run over all that is known may go on before it.
            if run.above == known || run.below == known {
                TrackingRule::TooFewPoints
            } else {
                TrackingRule::Between
            }
        } else if group.pending {
            TrackingRule::BelowBandPending
        } else {
            let largest = utilisations.iter().take(run.in_points).copied();
            wants = Some(desired.min(wanted(largest.fold(0.0, f64::max))));
            TrackingRule::BelowBand
        };
        (wants, run)
    }

    /// The counts alone.
    fn run(&self, utilisations: &[f64], target: f64) -> TrackingRun {
        let band = self.in_band * target;
        TrackingRun {
            rule: TrackingRule::TooFewPoints,
            target,
            band,
            above: in_a_row(utilisations, |utilisation| utilisation > target),
            below: in_a_row(utilisations, |utilisation| utilisation < band),
            out_points: self.out_points.max(1),
            in_points: self.in_points.max(1),
        }
    }
}

/// How many of the first match without a break.
fn in_a_row(utilisations: &[f64], matches: impl Fn(f64) -> bool) -> usize {
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
        headroom: Headroom::NONE,
    };

    #[test]
    fn rounding_noise_costs_no_instance_and_nothing_overflows() {
        assert_eq!(whole_instances(4.000_000_000_5), 4);
        assert_eq!(whole_instances(4.000_01), 5);
        assert_eq!(whole_instances(0.0), 0);
        assert_eq!(whole_instances(f64::NAN), 0);
        assert_eq!(whole_instances(f64::INFINITY), u32::MAX);
    }

    fn decided(
        settings: TargetTracking,
        utilisations: &[f64],
        group: Tracked,
    ) -> (Option<u32>, TrackingRule) {
        let (wanted, run) = settings.decide(utilisations, group);
        (wanted, run.rule)
    }

    #[test]
    fn it_grows_by_the_newest_and_shrinks_by_the_largest() {
        let rule = TargetTracking::default();
        let above = decided(rule, &[80.0, 60.0, 51.0, 10.0], GROUP);
        assert_eq!(above, (Some(7), TrackingRule::AboveTarget));
        let mut low = [20.0; 15];
        low[14] = 30.0;
        let below = decided(rule, &low, GROUP);
        assert_eq!(below, (Some(3), TrackingRule::BelowBand));
        let pending = Tracked {
            pending: true,
            ..GROUP
        };
        let held = decided(rule, &low, pending);
        assert_eq!(held, (None, TrackingRule::BelowBandPending));
    }

    #[test]
    fn too_few_points_are_told_from_points_between() {
        let rule = TargetTracking::default();
        for few in [&[][..], &[80.0, 80.0], &[20.0; 14]] {
            let held = decided(rule, few, GROUP);
            assert_eq!(held, (None, TrackingRule::TooFewPoints));
        }
        let between = decided(rule, &[47.0, 20.0], GROUP);
        assert_eq!(between, (None, TrackingRule::Between));
    }

    #[test]
    fn a_run_tells_how_many_points_are_there_and_how_many_are_needed() {
        let run = TargetTracking::default().run(&[80.0, 51.0, 10.0], 50.0);
        assert_eq!((run.above, run.out_points), (2, 3));
        assert_eq!((run.below, run.in_points), (0, 15));
        let run = TargetTracking::default().run(&[44.0, 20.0, 45.0], 50.0);
        assert_eq!((run.above, run.below), (0, 2));
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
