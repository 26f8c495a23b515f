//! Policy `target-tracking`: capacity in proportion to utilisation over target. The reactive
//! fallback, and the yardstick of every other policy.
//!
//! Utilisation is CPU or, with a load metric, demand over what an instance serves.
//!
//! With c = utilisation of a point, n = instances of the newest point, T = target:
//! - the newest `out_points` all above T: out to `ceil(n · c_newest / T)`, never in;
//! - else the newest `in_points` all below `in_band · T` and nothing pending: in to
//!   `ceil(n · c_max / T)` with `c_max` the largest of them, never out;
//! - else nothing.

use foretide_domain::{Proposal, Rule, TrackingRule};

use crate::capacity::ceil_instances;
use crate::facts::Facts;

/// What the newest points ask for.
pub(crate) fn propose(facts: &Facts<'_>) -> Proposal {
    let (desired, rule) = law(facts);
    Proposal {
        desired,
        rule: Rule::TargetTracking(rule),
    }
}

fn law(facts: &Facts<'_>) -> (Option<u32>, TrackingRule) {
    let settings = &facts.config.target_tracking;
    let target = facts.config.target_utilisation.get();
    let Some((newest, measured)) = facts.newest_measured().next() else {
        return (None, TrackingRule::TooFewPoints);
    };
    let wanted = |cpu: f64| ceil_instances(newest.instances * cpu / target);
    let desired = facts.group.desired;

    let above = count_while(facts, settings.out_points, |cpu| cpu > target);
    if above.matched == settings.out_points {
        return (
            Some(desired.max(wanted(measured.utilisation))),
            TrackingRule::AboveTarget,
        );
    }
    let below = count_while(facts, settings.in_points, |cpu| {
        cpu < settings.in_band * target
    });
    if below.matched < settings.in_points {
        let too_few = above.ran_out || below.ran_out;
        let rule = if too_few {
            TrackingRule::TooFewPoints
        } else {
            TrackingRule::Between
        };
        return (None, rule);
    }
    if facts.group.counts.pending > 0 {
        return (None, TrackingRule::BelowBandPending);
    }
    (
        Some(desired.min(wanted(below.largest))),
        TrackingRule::BelowBand,
    )
}

struct Run {
    matched: usize,
    largest: f64,
    ran_out: bool,
}

/// How many of the newest `limit` points match without a break, and the largest CPU among them.
fn count_while(facts: &Facts<'_>, limit: usize, matches: impl Fn(f64) -> bool) -> Run {
    let mut run = Run {
        matched: 0,
        largest: 0.0,
        ran_out: false,
    };
    let mut points = facts
        .newest_measured()
        .map(|(_, measured)| measured.utilisation);
    while run.matched < limit {
        match points.next() {
            None => {
                run.ran_out = true;
                break;
            }
            Some(utilisation) if matches(utilisation) => {
                run.matched += 1;
                run.largest = run.largest.max(utilisation);
            }
            Some(_) => break,
        }
    }
    run
}
