//! The capacity that each signal asks for, and the one that comes of all.

use foretide_domain::{
    ForecastRule, Proposal, Rule, Staleness, ThresholdRule, Timestamp, Tracked, TrackingRun,
    whole_instances,
};
use foretide_forecast::sizing::SizingOutput;

use super::Judged;
use crate::config::{Carries, Combine, OnMissing};
use crate::facts::Facts;

/// Share of desired capacity that a signal of thresholds adds at once, and at least one instance: a
/// tenth, which a threshold for latency is crossed by. Who adds more has no measure for how much.
const THRESHOLD_STEP: f64 = 0.1;

/// What one signal asks for.
#[derive(Clone, Copy, Debug)]
struct Ask {
    /// The capacity; desired capacity where it asks for no change.
    capacity: u32,
    /// The capacity that it needs at least, for the weighted mean; none where it has no measure.
    needs: Option<u32>,
    weight: f64,
    rule: Rule,
    run: Option<TrackingRun>,
}

/// The capacity that CPU and the signals ask for. CPU is number 0.
pub(crate) fn propose(facts: &Facts<'_>) -> Proposal {
    let asks = asks(facts);
    let desired = facts.group.desired;
    let largest = largest(&asks, |ask| f64::from(ask.capacity));
    let bound = match facts.config.signals.combine {
        Combine::Max => largest,
        Combine::Weighted => {
            if let Some(raised) = weighted(facts, &asks) {
                return raised;
            }
            largest
        }
    };
    let Some((signal, ask)) = bound else {
        return Proposal::new(None, Rule::Forecast(ForecastRule::NoNewPoint));
    };
    Proposal {
        desired: (ask.capacity != desired).then_some(ask.capacity),
        rule: ask.rule,
        run: ask.run,
        signal: Some(signal),
    }
}

/// The capacity that each asks for, CPU first.
pub(crate) fn capacities(facts: &Facts<'_>) -> Vec<u32> {
    asks(facts).iter().map(|ask| ask.capacity).collect()
}

fn asks(facts: &Facts<'_>) -> Vec<Ask> {
    let signals = facts.signals.iter().map(|signal| of_signal(facts, signal));
    std::iter::once(of_cpu(facts)).chain(signals).collect()
}

/// The first of those that are largest by `size`.
fn largest(asks: &[Ask], size: impl Fn(&Ask) -> f64) -> Option<(usize, Ask)> {
    let first_of_largest = |best: Option<(usize, Ask)>, next: (usize, &Ask)| match best {
        Some((_, known)) if size(&known) >= size(next.1) => best,
        _ => Some((next.0, *next.1)),
    };
    asks.iter().enumerate().fold(None, first_of_largest)
}

/// `weighted`: a scale-out to the mean of what is needed, where that is more than desired capacity.
///
/// The mean is Σ weight × needed capacity ÷ Σ weight over the signals that are judged, rounded up.
/// A signal of thresholds has no measure of what is needed: it asks as with `max`. So does
/// saturated CPU, since the demand behind it is not known. None where scale-in or no change comes
/// of it: then the largest ask stands, as with `max`, but none above desired capacity.
fn weighted(facts: &Facts<'_>, asks: &[Ask]) -> Option<Proposal> {
    let desired = facts.group.desired;
    let raises = |ask: &Ask| ask.capacity > desired;
    let measured = || asks.iter().filter_map(|ask| Some((ask, ask.needs?)));
    let weights: f64 = measured().map(|(ask, _)| ask.weight).sum();
    let sum: f64 = measured()
        .map(|(ask, needs)| ask.weight * f64::from(needs))
        .sum();
    let mean = if weights > 0.0 {
        whole_instances(sum / weights)
    } else {
        0
    };
    let unmeasured = asks.iter().enumerate().filter(|(index, ask)| {
        raises(ask) && (ask.needs.is_none() || (*index == 0 && facts.is_saturated()))
    });
    let unmeasured = unmeasured.max_by_key(|(_, ask)| ask.capacity);
    let by_mean = largest(asks, |ask| {
        ask.needs
            .filter(|_| raises(ask))
            .map_or(-1.0, |it| ask.weight * f64::from(it))
    });
    let by_mean = by_mean.filter(|(_, ask)| raises(ask) && mean > desired);
    let (capacity, signal, ask) = match (by_mean, unmeasured) {
        (mean_of, Some((index, ask))) if mean_of.is_none() || ask.capacity >= mean => {
            (ask.capacity, index, *ask)
        }
        (Some((index, ask)), _) => (mean, index, ask),
        // Nothing may be raised: what asks for more is in the minority.
        (None, _) if asks.iter().any(raises) => {
            let (index, ask) = largest(asks, |ask| f64::from(ask.capacity))?;
            (desired, index, ask)
        }
        (None, _) => return None,
    };
    Some(Proposal {
        desired: (capacity != desired).then_some(capacity),
        rule: ask.rule,
        run: ask.run,
        signal: Some(signal),
    })
}

/// CPU, as the policy alone would have it. While its data is stale, it asks for nothing.
fn of_cpu(facts: &Facts<'_>) -> Ask {
    let desired = facts.group.desired;
    let mut ask = if facts.forecasts {
        by_output(facts.sizing.as_ref(), facts.cpu_paid, desired)
    } else {
        let measured = facts.newest_measured();
        let utilisations: Vec<f64> = measured
            .take(facts.config.target_tracking.points())
            .map(|(_, measured)| measured.utilisation)
            .collect();
        let newest = facts.newest_measured().next();
        let instances = newest.map_or(0.0, |(point, _)| point.instances);
        let load = facts.load().map(foretide_domain::Load::get);
        by_tracking(facts, &utilisations, instances, load)
    };
    let silent =
        facts.staleness() == Staleness::Alarm && facts.config.on_missing == OnMissing::Hold;
    if silent {
        ask.capacity = desired;
        ask.needs = None;
    }
    ask
}

fn of_signal(facts: &Facts<'_>, signal: &Judged) -> Ask {
    let desired = facts.group.desired;
    let mut ask = match signal.config.carries {
        Carries::Thresholds => by_thresholds(facts, signal),
        _ if facts.forecasts => by_output(signal.sizing.as_ref(), signal.paid, desired),
        _ => by_tracking(facts, &signal.utilisations, signal.instances, signal.load),
    };
    ask.weight = signal.config.weight;
    if ask.capacity > desired && !may_raise(facts, signal) {
        ask.capacity = desired;
    }
    if ask.capacity < desired && !may_lower(facts, signal) {
        ask.capacity = desired;
    }
    if !signal.config.scale_in && ask.capacity <= desired {
        // It has no say in when capacity is taken away, only in how much its newest load needs.
        let needs = signal.load.map_or(0, |load| needed(facts, load));
        ask.capacity = needs.min(desired);
    }
    if !signal.standing.may_ask() {
        ask.needs = None;
        // What is not judged stands against nothing; what is missing holds what is there.
        ask.capacity = if signal.holds_scale_in() {
            desired
        } else {
            ask.capacity.min(desired)
        };
        if signal.standing.may_take() {
            ask.capacity = 0;
        }
    } else if !signal.standing.may_take() && signal.config.scale_in {
        ask.capacity = ask.capacity.max(desired);
    }
    ask
}

/// Instances that a load needs, spare ones included.
fn needed(facts: &Facts<'_>, load: f64) -> u32 {
    let config = facts.config;
    config
        .headroom
        .with(whole_instances(load / config.aim().get()))
}

/// Policy `forecast`: the range that the optimiser asks for. Capacity above it goes once it has
/// been kept for as long as relaunching it would cost.
fn by_output(output: Option<&SizingOutput>, paid: bool, desired: u32) -> Ask {
    let Some(output) = output else {
        return Ask {
            capacity: desired,
            needs: None,
            weight: 1.0,
            rule: Rule::Forecast(ForecastRule::NoNewPoint),
            run: None,
        };
    };
    let goes = output.from == desired && (paid || output.desired.is_some_and(|it| it < desired));
    let (capacity, binding) = if desired < output.low {
        (output.low, output.binding)
    } else if desired <= output.high {
        (desired, output.binding)
    } else if goes {
        let tracking = output.binding == ForecastRule::Tracking;
        let paid = if tracking {
            output.binding
        } else {
            ForecastRule::Surplus
        };
        (output.high.max(output.low), paid)
    } else {
        (desired, output.binding)
    };
    Ask {
        capacity,
        needs: Some(output.low),
        weight: 1.0,
        rule: Rule::Forecast(binding),
        run: output.tracking_run,
    }
}

/// Policy `target-tracking`.
fn by_tracking(facts: &Facts<'_>, utilisations: &[f64], instances: f64, load: Option<f64>) -> Ask {
    let desired = facts.group.desired;
    let settings = &facts.config.target_tracking;
    let group = Tracked {
        target: facts.config.target_utilisation.get(),
        instances,
        desired,
        pending: facts.starting > 0,
        headroom: facts.config.headroom,
    };
    let (wanted, run) = settings.decide(utilisations, group);
    Ask {
        capacity: wanted.unwrap_or(desired),
        needs: load.map(|load| needed(facts, load)),
        weight: 1.0,
        rule: Rule::TargetTracking(run.rule),
        run: Some(run),
    }
}

/// A signal of thresholds: a tenth more while its values are above the one, nothing held while they
/// are below the other.
fn by_thresholds(facts: &Facts<'_>, signal: &Judged) -> Ask {
    let desired = facts.group.desired;
    let settings = &facts.config.target_tracking;
    let above = |value: f64| signal.config.out_above.is_some_and(|bound| value > bound);
    let below = |value: f64| signal.config.in_below.is_none_or(|bound| value < bound);
    let all = |count: usize, holds: &dyn Fn(f64) -> bool| {
        let newest = signal.values.get(..count.max(1));
        newest.is_some_and(|values| values.iter().all(|it| holds(it.value)))
    };
    let (capacity, rule) = if all(settings.out_points, &above) {
        if facts.starting > 0 || !shows_last_change(facts, signal) {
            (desired, ThresholdRule::AboveWaiting)
        } else {
            let step = whole_instances(f64::from(desired) * THRESHOLD_STEP).max(1);
            (desired.saturating_add(step), ThresholdRule::Above)
        }
    } else if all(settings.in_points, &below) {
        (0, ThresholdRule::Below)
    } else {
        (desired, ThresholdRule::Between)
    };
    Ask {
        capacity,
        needs: None,
        weight: 1.0,
        rule: Rule::Threshold(rule),
        run: None,
    }
}

/// Whether the values that scaling out looks at all began after the last change of capacity.
fn shows_last_change(facts: &Facts<'_>, signal: &Judged) -> bool {
    let points = facts.config.target_tracking.out_points.max(1);
    let oldest = signal.values.get(points - 1).map(|value| value.start);
    let after = |at: Timestamp| oldest.is_some_and(|start| start >= at);
    facts.last_change_at.is_none_or(after)
}

/// Whether the values allow it to ask for more.
fn may_raise(facts: &Facts<'_>, signal: &Judged) -> bool {
    let Some(bound) = signal.config.out_above else {
        return true;
    };
    let points = facts.config.target_tracking.out_points.max(1);
    let newest = signal.values.get(..points);
    newest.is_some_and(|values| values.iter().all(|it| it.value > bound))
}

/// Whether the values allow it to let capacity go.
fn may_lower(facts: &Facts<'_>, signal: &Judged) -> bool {
    let Some(bound) = signal.config.in_below else {
        return true;
    };
    let points = facts.config.target_tracking.in_points.max(1);
    let newest = signal.values.get(..points);
    newest.is_some_and(|values| values.iter().all(|it| it.value < bound))
}
