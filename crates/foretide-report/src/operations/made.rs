//! A decision made for tests.

use std::time::Duration;

use foretide_domain::{
    Bounds, Decision, Explanation, Hours, Inputs, LifecycleCounts, Mode, Orders, PolicyKind,
    Proposal, Rule, Staleness, SuspendedProcesses, TrackingRule, Verdict,
};

/// A decision to hold that carries `hours`.
pub(super) fn decision(hours: &Hours) -> Decision {
    let inputs = Inputs {
        desired: 4,
        bounds: Bounds::new(1, 9).unwrap(),
        counts: LifecycleCounts::default(),
        group_age: Duration::ZERO,
        suspended: SuspendedProcesses::default(),
        refreshing: false,
        refresh_unknown: false,
        cpu: None,
        load: None,
        instances: None,
        data_age: None,
        fresh: true,
        staleness: Staleness::Fresh,
        coverage: None,
        unaccounted: None,
        starting: 0,
        memory: None,
        features: None,
        forecast: None,
        signals: Vec::new(),
        signal_forecast: None,
        event: None,
        class: None,
        streak: 0,
        streak_datapoints: 0,
        streak_needed: None,
        cooldown_left: Duration::ZERO,
        settings: None,
        orders: Orders::default(),
        pace: foretide_domain::PaceFigures::default(),
        headroom: foretide_domain::Headroom::NONE,
        start_wait_left: None,
        breaker_open: false,
        health: Verdict::default(),
        hours: *hours,
        week: Hours::default(),
        baseline: None,
    };
    Decision {
        at: hours.until,
        desired: None,
        next_look: hours.until,
        explanation: Explanation {
            mode: Mode::Enforce,
            policy: PolicyKind::TargetTracking,
            inputs,
            proposal: Proposal::new(None, Rule::TargetTracking(TrackingRule::Between)),
            steps: Vec::new(),
            bound_by: None,
        },
    }
}
