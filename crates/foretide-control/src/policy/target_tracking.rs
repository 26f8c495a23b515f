//! Policy `target-tracking`: the rule of [`TargetTracking`] on the newest datapoints. The reactive
//! fallback, and the yardstick of every other policy.
//!
//! Utilisation is CPU or, with a load metric, demand over what an instance serves.
//!
//! [`TargetTracking`]: foretide_domain::TargetTracking

use foretide_domain::{Proposal, Rule, Tracked, TrackingRun};

use crate::facts::Facts;
use crate::signals;

use super::contract::Policy;

/// Policy `target-tracking`.
pub(super) struct Tracking;

impl Policy for Tracking {
    fn propose(&self, facts: &Facts<'_>) -> Proposal {
        if !facts.signals.is_empty() {
            return signals::propose(facts);
        }
        let (desired, run) = decide(facts);
        Proposal {
            run: Some(run),
            ..Proposal::new(desired, Rule::TargetTracking(run.rule))
        }
    }
}

/// The capacity that the newest points ask for.
fn decide(facts: &Facts<'_>) -> (Option<u32>, TrackingRun) {
    let settings = &facts.config.target_tracking;
    let newest = facts.newest_measured().next();
    let points = facts.newest_measured().take(settings.points());
    let utilisations: Vec<f64> = points.map(|(_, measured)| measured.utilisation).collect();
    settings.decide(
        &utilisations,
        Tracked {
            target: facts.config.target_utilisation.get(),
            instances: newest.map_or(0.0, |(point, _)| point.instances),
            desired: facts.group.desired,
            pending: facts.starting > 0,
            headroom: facts.config.headroom,
        },
    )
}
