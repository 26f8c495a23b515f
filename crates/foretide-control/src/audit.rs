//! The audit: an independent check of every plan, before it is written.
//!
//! It shares no code with the policies and guard rails: it sees the raw readings and the plan, and
//! says which invariant a plan would break. The same check runs live, in the simulator and in
//! tests.
//!
//! | number | a plan … |
//! |---|---|
//! | 1 | stays within the bounds of the newest reading |
//! | 2 | is based on the desired capacity and the bounds of the newest reading |
//! | 3 | rests on a reading no older than three intervals |
//! | 4 | changes something |
//! | 5 | is not written while the answer to another write is outstanding |
//! | 6 | takes nothing away without fresh data |
//! | 7 | takes nothing away while instances are pending |
//! | 8 | takes nothing away during an instance refresh |
//! | 9 | adds nothing while launching is suspended, takes nothing away while terminating is |
//! | 10 | is written only as the mode allows |
//! | 11 | leaves the newest load at or below the target (policy `forecast`: the objective) when it takes capacity away |
//! | 12 | does not raise desired above what exists while the breaker is open |
//! | 13 | of policy `classifier` keeps the cooldown |
//! | 14 | of policy `classifier` moves by at most one step, unless bounds or an empty group ask it |
//! | 15 | is not written while an operator has paused the group |
//!
//! The mode is the one in force: as an operator ordered, else as configured. An operator's pin is
//! bound by all but 13 and 14, which keep a model from swinging.
//!
//! A desired capacity that somebody left outside the bounds may be moved to the nearest bound
//! whatever 6, 7, 8, 11, 13 and 14 say: the group would do so itself.

use std::time::Duration;

use foretide_domain::{Datapoint, GroupState, Mode, Orders, Plan, PolicyKind, Timestamp};

use crate::config::ControllerConfig;

/// What the audit looks at.
#[derive(Clone, Copy, Debug)]
pub struct AuditInput<'a> {
    /// When the plan would be written.
    pub now: Timestamp,
    /// The group's settings.
    pub config: &'a ControllerConfig,
    /// The newest reading of the group.
    pub group: &'a GroupState,
    /// When it was taken.
    pub group_read_at: Timestamp,
    /// The newest datapoint.
    pub newest: Option<&'a Datapoint>,
    /// When capacity was last changed, or may have been.
    pub last_change_at: Option<Timestamp>,
    /// Whether the answer to another write is outstanding.
    pub write_in_flight: bool,
    /// Whether the breaker forbids growth.
    pub breaker_open: bool,
    /// What an operator ordered.
    pub orders: &'a Orders,
}

/// The first invariant that `plan` would break; none where it may be written.
pub fn audit(plan: &Plan, input: &AuditInput<'_>) -> Option<u8> {
    let AuditInput { config, group, .. } = *input;
    let up = plan.desired > group.desired;
    let down = plan.desired < group.desired;
    let outside = group.desired < group.bounds.min() || group.desired > group.bounds.max();
    let repairs_bounds =
        outside && (plan.desired == group.bounds.min() || plan.desired == group.bounds.max());
    let ordered_mode = input.orders.mode.as_ref().map(|ordered| ordered.mode);
    let votes = config.policy == PolicyKind::Classifier && input.orders.pinned.is_none();
    let existing = group.counts.in_service.saturating_add(group.counts.pending);
    let checks = [
        (
            1,
            plan.desired >= group.bounds.min() && plan.desired <= group.bounds.max(),
        ),
        (
            2,
            plan.expected_desired == group.desired && plan.expected_bounds == group.bounds,
        ),
        (
            3,
            input.now.since(input.group_read_at) <= config.interval.saturating_mul(3),
        ),
        (4, up || down),
        (5, !input.write_in_flight),
        (6, !down || repairs_bounds || data_is_young(input)),
        (7, !down || repairs_bounds || group.counts.pending == 0),
        (8, !down || repairs_bounds || !group.refreshing),
        (
            9,
            !(up && group.suspended.launch || down && group.suspended.terminate),
        ),
        (10, mode_allows(ordered_mode.unwrap_or(config.mode), up)),
        (11, !down || repairs_bounds || load_fits(plan, input)),
        (12, !(up && input.breaker_open && plan.desired > existing)),
        (13, !votes || repairs_bounds || cooldown_over(input, up)),
        (
            14,
            !votes || repairs_bounds || plan.desired.abs_diff(group.desired) <= step(config, up),
        ),
        (15, input.orders.paused.is_none()),
    ];
    checks
        .into_iter()
        .find(|(_, holds)| !holds)
        .map(|(number, _)| number)
}

fn mode_allows(mode: Mode, up: bool) -> bool {
    match mode {
        Mode::Observe => false,
        Mode::ScaleOutOnly => up,
        Mode::Enforce => true,
    }
}

fn data_is_young(input: &AuditInput<'_>) -> bool {
    input.newest.is_some_and(|point| {
        let nature = point.period * 2 + input.config.metric_delay;
        let limit = if nature > input.config.stale_after {
            nature
        } else {
            input.config.stale_after
        };
        let age = input.now.as_millis() - (point.start.as_millis() + millis(point.period));
        age <= millis(limit)
    })
}

fn load_fits(plan: &Plan, input: &AuditInput<'_>) -> bool {
    let Some((point, cpu)) = input.newest.and_then(|point| Some((point, point.cpu?))) else {
        return false;
    };
    let projected = cpu.get() * point.instances / f64::from(plan.desired);
    let ceiling = if input.config.policy == PolicyKind::Forecast {
        input.config.forecast.objective
    } else {
        input.config.target_utilisation
    };
    plan.desired > 0 && projected <= ceiling.get() * (1.0 + 1e-6)
}

fn cooldown_over(input: &AuditInput<'_>, up: bool) -> bool {
    let settings = &input.config.classifier;
    let cooldown = if up {
        settings.cooldown_out
    } else {
        settings.cooldown_in
    };
    input
        .last_change_at
        .is_none_or(|at| input.now.as_millis() - at.as_millis() >= millis(cooldown))
}

fn step(config: &ControllerConfig, up: bool) -> u32 {
    if up {
        config.classifier.step_out
    } else {
        config.classifier.step_in
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
