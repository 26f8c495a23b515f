//! The audit: an independent check of every plan, before it is written.
//!
//! It shares no rule with the policies and guard rails: it sees the raw readings and the plan, and
//! says which invariant a plan would break. It asks a policy only which limits the policy promises
//! to keep (11, 13 and 14); tests of the audit pin them. The same check runs live, in the simulator
//! and in tests.
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
//! | 11 | leaves the newest load at or below the target (policy `forecast`: the objective) when it takes capacity away, and after the loss that `headroom` is for |
//! | 12 | does not raise desired above what exists while the breaker is open |
//! | 13 | of policy `classifier` keeps the cooldown |
//! | 14 | of policy `classifier` moves by at most one step, unless bounds or an empty group ask it |
//! | 15 | is not written while an operator has paused the group |
//! | 16 | moves no further than the pace limits allow, unless CPU is saturated or a known event needs it |
//! | 17 | takes nothing away that was wanted within the stabilisation time |
//! | 18 | is not written while a start reads the history, unless CPU is saturated, a known event needs it or the group is empty |
//! | 19 | takes nothing away until the forecast has used the history that a start reads |
//! | 20 | takes nothing away while a signal that may scale in has no fresh value |
//! | 21 | leaves the newest load of every signal at or below what 11 allows when it takes capacity away |
//!
//! The mode is the one in force: as an operator ordered, else as configured. An operator's pin is
//! bound by all but 13 and 14, which keep a model from swinging, and 16 to 19.
//!
//! A desired capacity that somebody left outside the bounds may be moved to the nearest bound
//! whatever 6, 7, 8, 11, 13, 14 and 16 to 21 say: the group would do so itself.

use std::time::Duration;

use foretide_domain::{Datapoint, GroupState, Mode, Orders, Plan, Timestamp, Violation};

use crate::config::ControllerConfig;
use crate::policy;

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
    /// The group's signals, in the order of the configuration.
    pub signals: &'a [AuditedSignal],
    /// Instances that are expected to serve and do not yet.
    pub starting: u32,
    /// Of those, the pending ones.
    pub coming: u32,
    /// Whether the breaker forbids growth.
    pub breaker_open: bool,
    /// What an operator ordered.
    pub orders: &'a Orders,
    /// Whether fresh data shows saturation.
    pub saturated: bool,
    /// Capacity that a known event needs at least; 0 without an event.
    pub event_minimum: u32,
    /// When this controller changed desired capacity lately, and by how many instances.
    pub own_changes: &'a [(Timestamp, i64)],
    /// When a capacity was wanted lately, and how much.
    pub wanted_lately: &'a [(Timestamp, u32)],
    /// A start whose history the forecast has not used yet.
    pub start: Option<AuditedStart>,
}

/// The newest value of a signal.
#[derive(Clone, Copy, Debug)]
pub struct AuditedSignal {
    /// Whether a scale-in has to suit it.
    pub scale_in: bool,
    /// End and length of the newest period; none where there is none.
    pub newest: Option<(Timestamp, Duration)>,
    /// Load of that period in instance-percent; none where it shows none.
    pub load: Option<f64>,
}

/// A start whose history the forecast has not used yet.
#[derive(Clone, Copy, Debug)]
pub struct AuditedStart {
    /// When the history was asked for.
    pub since: Timestamp,
    /// Whether parts of it are still to be read.
    pub reading: bool,
}

/// The first invariant that `plan` would break, with the evidence; none where it may be written.
pub fn audit(plan: &Plan, input: &AuditInput<'_>) -> Option<Violation> {
    let group = input.group;
    let up = plan.desired > group.desired;
    let repairs = repairs_bounds(plan, group);
    let takes_away = plan.desired < group.desired && !repairs;
    basics(plan, input)
        .or_else(|| unmeasured(input).filter(|_| takes_away))
        .or_else(|| forbidden(input, up))
        .or_else(|| too_hot(plan, input).filter(|_| takes_away))
        .or_else(|| against_signals(plan, input).filter(|_| takes_away))
        .or_else(|| unlaunchable(plan, input).filter(|_| up))
        .or_else(|| hasty(plan, input, up).filter(|_| !repairs))
        .or_else(|| input.orders.paused.is_some().then_some(Violation::Paused))
        .or_else(|| too_fast(plan, input).filter(|_| !repairs))
        .or_else(|| wanted_lately(plan, input).filter(|_| takes_away))
        .or_else(|| too_early(plan, input).filter(|_| !repairs))
}

/// Whether the plan moves a desired capacity outside the bounds to a bound.
fn repairs_bounds(plan: &Plan, group: &GroupState) -> bool {
    let outside = group.desired < group.bounds.min() || group.desired > group.bounds.max();
    outside && (plan.desired == group.bounds.min() || plan.desired == group.bounds.max())
}

/// 1 to 5: bounds, reading, change, other writes.
fn basics(plan: &Plan, input: &AuditInput<'_>) -> Option<Violation> {
    let AuditInput { config, group, .. } = *input;
    let (desired, bounds) = (plan.desired, group.bounds);
    if desired < bounds.min() || desired > bounds.max() {
        return Some(Violation::OutsideBounds { desired, bounds });
    }
    if plan.expected_desired != group.desired || plan.expected_bounds != bounds {
        return Some(Violation::OtherReading {
            expected: plan.expected_desired,
            desired: group.desired,
            bounds,
        });
    }
    let age = input.now.since(input.group_read_at);
    if age > config.interval.saturating_mul(3) {
        return Some(Violation::ReadingOld { age });
    }
    if desired == group.desired {
        return Some(Violation::NoChange { desired });
    }
    input.write_in_flight.then_some(Violation::WriteInFlight)
}

/// 6, 7 and 8: what a plan that takes capacity away must know.
fn unmeasured(input: &AuditInput<'_>) -> Option<Violation> {
    let group = input.group;
    if !data_is_young(input) {
        let end = |point: &Datapoint| point.start.as_millis() + millis(point.period);
        let age = input.newest.map(|point| input.now.as_millis() - end(point));
        let age = age.map(|age| Duration::from_millis(u64::try_from(age).unwrap_or(0)));
        return Some(Violation::NoFreshData { age });
    }
    if input.starting > 0 {
        let pending = input.starting;
        return Some(Violation::Pending { pending });
    }
    group.refreshing.then_some(Violation::Refreshing)
}

/// 9 and 10: suspended processes, mode.
fn forbidden(input: &AuditInput<'_>, raises: bool) -> Option<Violation> {
    let suspended = input.group.suspended;
    if (raises && suspended.launch) || (!raises && suspended.terminate) {
        return Some(Violation::Suspended { raises });
    }
    let ordered = input.orders.mode.as_ref().map(|ordered| ordered.mode);
    let mode = ordered.unwrap_or(input.config.mode);
    (!mode_allows(mode, raises)).then_some(Violation::Mode { mode })
}

/// 11: utilisation with less capacity.
fn too_hot(plan: &Plan, input: &AuditInput<'_>) -> Option<Violation> {
    let ceiling_percent = ceiling(input.config);
    let projected_percent = projected(plan, input);
    let fits = projected_percent.is_some_and(|it| it <= ceiling_percent * (1.0 + 1e-6));
    (!fits).then_some(Violation::TooHot {
        projected_percent,
        ceiling_percent,
    })
}

/// 20 and 21: the signals.
fn against_signals(plan: &Plan, input: &AuditInput<'_>) -> Option<Violation> {
    let ceiling_percent = ceiling(input.config);
    let left = input.config.headroom.left_of(plan.desired);
    let mut numbered = (1..).zip(input.signals);
    numbered.find_map(|(signal, audited)| {
        let young = audited.newest.is_some_and(|(end, period)| {
            input.now.as_millis() - end.as_millis() <= limit(input.config, period)
        });
        if audited.scale_in && !young {
            return Some(Violation::SignalMissing { signal });
        }
        let projected_percent = audited.load? / f64::from(left);
        (projected_percent > ceiling_percent * (1.0 + 1e-6)).then_some(Violation::SignalTooHot {
            signal,
            projected_percent,
            ceiling_percent,
        })
    })
}

/// 12: growth while launches fail.
fn unlaunchable(plan: &Plan, input: &AuditInput<'_>) -> Option<Violation> {
    let counts = input.group.counts;
    let existing = counts.in_service.saturating_add(input.coming);
    let above = input.breaker_open && plan.desired > existing;
    above.then_some(Violation::LaunchesFail { existing })
}

/// 13 and 14: cooldown and step of policy `classifier`.
fn hasty(plan: &Plan, input: &AuditInput<'_>, up: bool) -> Option<Violation> {
    if !policy::of(input.config).votes() || input.orders.pinned.is_some() {
        return None;
    }
    if !cooldown_over(input, up) {
        let since_change = input.last_change_at.map(|at| input.now.since(at));
        let since_change = since_change.unwrap_or_default();
        return Some(Violation::Cooldown { since_change });
    }
    let moves = plan.desired.abs_diff(input.group.desired);
    let step = step(input.config, up);
    (moves > step).then_some(Violation::Step { moves, step })
}

/// 16: pace.
fn too_fast(plan: &Plan, input: &AuditInput<'_>) -> Option<Violation> {
    let bounds = input.group.bounds;
    let (min, max) = (bounds.min(), bounds.max());
    let (desired, now) = (plan.desired, input.group.desired.clamp(min, max));
    let up = desired > now;
    let exempt = up && (input.saturated || desired <= input.event_minimum);
    if desired == now || exempt || input.orders.pinned.is_some() {
        return None;
    }
    let limit = if up {
        input.config.pace.scale_out
    } else {
        input.config.pace.scale_in
    };
    let mut before = i64::from(now);
    for (at, change) in input.own_changes {
        if input.now.as_millis() - at.as_millis() < millis(limit.per) {
            before -= change;
        }
    }
    let before = u32::try_from(before.max(0)).unwrap_or(max).clamp(min, max);
    let moved = if up {
        desired.saturating_sub(before)
    } else {
        before.saturating_sub(desired)
    };
    let by_percent = limit.at_most.percent.map(|percent| {
        // Rounded up: less than one instance beyond the share.
        f64::from(moved) - f64::from(before) * percent / 100.0 < 1.0 - 1e-9
    });
    let by_instances = limit.at_most.instances.map(|most| moved <= most);
    let keeps = match (by_percent, by_instances) {
        (None, None) => true,
        (percent, instances) => percent == Some(true) || instances == Some(true),
    };
    (moved > 1 && !keeps).then_some(Violation::Pace {
        desired,
        reference: before,
        moved,
    })
}

/// 17: stabilisation.
fn wanted_lately(plan: &Plan, input: &AuditInput<'_>) -> Option<Violation> {
    let within = millis(input.config.pace.stabilisation);
    let lately = |at: Timestamp| input.now.as_millis() - at.as_millis() < within;
    let wanted = input.wanted_lately.iter().filter(|(at, _)| lately(*at));
    let wanted = wanted.map(|(_, wanted)| *wanted).max()?;
    let needed = wanted.min(input.group.desired);
    let taken = needed > plan.desired && input.orders.pinned.is_none();
    taken.then_some(Violation::WantedLately {
        desired: plan.desired,
        wanted,
    })
}

/// 18 and 19: a start.
fn too_early(plan: &Plan, input: &AuditInput<'_>) -> Option<Violation> {
    if input.orders.pinned.is_some() {
        return None;
    }
    let start = input.start?;
    let waited = input.now.as_millis() - start.since.as_millis();
    let settings = &input.config.forecast;
    let counts = input.group.counts;
    let empty = input.group.desired == 0 && counts.in_service == 0 && counts.pending == 0;
    let up = plan.desired > input.group.desired;
    let exempt = up && (input.saturated || empty || plan.desired <= input.event_minimum);
    if start.reading && waited < millis(settings.history_wait) && !exempt {
        return Some(Violation::HistoryUnread);
    }
    (!up && waited < millis(settings.scale_in_wait)).then_some(Violation::HistoryUnused)
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
        let age = input.now.as_millis() - (point.start.as_millis() + millis(point.period));
        age <= limit(input.config, point.period)
    })
}

/// Age above which data is old, in milliseconds.
fn limit(config: &ControllerConfig, period: Duration) -> i64 {
    let nature = period.saturating_mul(2).saturating_add(config.metric_delay);
    millis(if nature > config.stale_after {
        nature
    } else {
        config.stale_after
    })
}

/// Utilisation to expect with the planned capacity after the loss that headroom is for, percent;
/// none where the load is not known, or nothing would be left.
fn projected(plan: &Plan, input: &AuditInput<'_>) -> Option<f64> {
    let (point, cpu) = input.newest.and_then(|point| Some((point, point.cpu?)))?;
    let left = input.config.headroom.left_of(plan.desired);
    (left > 0).then(|| cpu.get() * point.instances / f64::from(left))
}

/// Utilisation allowed, percent.
fn ceiling(config: &ControllerConfig) -> f64 {
    policy::of(config).scale_in_ceiling(config).get()
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
