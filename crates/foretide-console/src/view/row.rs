//! One group at a glance: a row of the overview and the head of the group's page.

use foretide_domain::{FORECAST_LEVELS, Hours, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::board::{Slot, Track, instances_for};

use super::health::{Health, health};
use super::story::{Story, story};

/// Points of the small chart in a row: the last six hours at a point every twelve minutes.
const SPARK_POINTS: usize = 30;

/// A group at a glance.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GroupRow {
    pub(crate) id: String,
    pub(crate) account: Option<String>,
    pub(crate) name: String,
    pub(crate) mode: String,
    pub(crate) policy: String,
    pub(crate) dry_run: bool,
    pub(crate) orders: OrdersView,
    pub(crate) health: Health,
    pub(crate) story: Story,
    pub(crate) capacity: Option<Capacity>,
    pub(crate) load: LoadNow,
    pub(crate) budget: Budget,
    pub(crate) hours: HoursView,
    /// Need and in service of the last six hours, for a small chart.
    pub(crate) spark: Spark,
    pub(crate) decided_at_ms: Option<i64>,
    pub(crate) next_look_ms: Option<i64>,
    pub(crate) looked_at_ms: Option<i64>,
    pub(crate) look_took_ms: Option<u64>,
    pub(crate) interval_ms: u64,
    /// End of the newest period with data.
    pub(crate) data_at_ms: Option<i64>,
    pub(crate) data_fresh: Option<bool>,
    /// Grows with every change of the group.
    pub(crate) revision: u64,
}

/// What an operator ordered and still stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct OrdersView {
    /// The mode of the configuration, which an order may replace.
    pub(crate) configured_mode: String,
    /// Who ordered the mode in force; none where it is the configured one.
    pub(crate) mode_by: Option<String>,
    pub(crate) paused: bool,
    /// When the pause ends by itself.
    pub(crate) paused_until_ms: Option<i64>,
    pub(crate) paused_by: Option<String>,
    /// The capacity that is held.
    pub(crate) pinned: Option<u32>,
    pub(crate) pinned_until_ms: Option<i64>,
    pub(crate) pinned_by: Option<String>,
}

/// Instances by lifecycle, and what bounds them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Capacity {
    pub(crate) desired: u32,
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) in_service: u32,
    pub(crate) pending: u32,
    pub(crate) standby: u32,
    pub(crate) terminating: u32,
}

/// The load now and as forecast.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct LoadNow {
    pub(crate) cpu_percent: Option<f64>,
    pub(crate) load_instance_percent: Option<f64>,
    /// Instances that carry it at the objective.
    pub(crate) need_instances: Option<u32>,
    /// Time ahead that is forecast.
    pub(crate) forecast_ahead_s: Option<u64>,
    /// Instances that carry the load forecast for then, at each level.
    pub(crate) forecast_need_instances: Option<[u32; FORECAST_LEVELS.len()]>,
}

/// Time in violation against the violation budget.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Budget {
    /// Utilisation above which the group is in violation, percent.
    pub(crate) objective_percent: f64,
    /// Share of time that it may be in violation, 0 to 1.
    pub(crate) allowed_share: f64,
    /// Share of the last 7 days that it was: that of `hours`. Null below a day of data.
    pub(crate) violation_share: Option<f64>,
    /// The former ÷ the latter: 1 is all of the budget.
    pub(crate) spent_ratio: Option<f64>,
    pub(crate) violation_now: Option<bool>,
    pub(crate) need_instances: Option<u32>,
}

/// Instance-hours and time in violation of the last seven days of UTC, today included; since
/// Foretide holds the group in its present mode, where that is later. All are of the same periods:
/// those with data.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct HoursView {
    /// When the count begins; null before the first period.
    pub(crate) since_ms: Option<i64>,
    /// Time with data.
    pub(crate) known_s: u64,
    /// Less than a day of data: ratios and shares are null.
    pub(crate) too_early: bool,
    pub(crate) used_instance_hours: Option<f64>,
    /// Of the baseline: target tracking on the same load.
    pub(crate) baseline_instance_hours: Option<f64>,
    /// Of the hindsight optimum.
    pub(crate) optimum_instance_hours: Option<f64>,
    /// Used ÷ baseline.
    pub(crate) against_baseline: Option<f64>,
    /// Used ÷ hindsight optimum.
    pub(crate) against_optimum: Option<f64>,
    pub(crate) violation_s: u64,
    pub(crate) violation_share: Option<f64>,
    pub(crate) baseline_violation_s: u64,
    pub(crate) price_per_instance_hour: Option<f64>,
    pub(crate) currency: Option<String>,
}

/// Columns of the small chart.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Spark {
    pub(crate) need_instances: Vec<Option<u32>>,
    pub(crate) in_service: Vec<Option<u32>>,
}

fn need(slot: &Slot, track: &Track) -> Option<u32> {
    let objective = track.facts.objective.get();
    slot.load
        .map(|load| instances_for(f64::from(load), objective))
}

/// The newest minute with a load.
fn newest(track: &Track) -> Option<(Timestamp, Slot)> {
    track
        .slots
        .iter()
        .rev()
        .find(|(_, slot)| slot.load.is_some())
        .map(|(at, slot)| (at, *slot))
}

fn orders(track: &Track) -> OrdersView {
    let orders = &track.orders;
    let (paused, pinned) = (orders.paused.as_ref(), orders.pinned.as_ref());
    let until = |at: Timestamp| at.as_millis();
    OrdersView {
        configured_mode: track.facts.mode.to_string(),
        mode_by: orders.mode.as_ref().map(|ordered| ordered.by.clone()),
        paused: paused.is_some(),
        paused_until_ms: paused.and_then(|paused| paused.until).map(until),
        paused_by: paused.map(|paused| paused.by.clone()),
        pinned: pinned.map(|pinned| pinned.capacity),
        pinned_until_ms: pinned.map(|pinned| until(pinned.until)),
        pinned_by: pinned.map(|pinned| pinned.by.clone()),
    }
}

/// The row as of `now`.
pub(crate) fn row(track: &Track, now: Timestamp) -> GroupRow {
    let load = load(track);
    let hours = track.week();
    let budget = budget(&hours, track, &load);
    let facts = &track.facts;
    let decision = track.decision();
    GroupRow {
        id: facts.id.clone(),
        account: facts.account.clone(),
        name: facts.name.clone(),
        mode: track.mode().to_string(),
        policy: facts.policy.to_string(),
        dry_run: facts.dry_run,
        orders: orders(track),
        health: health(track, now),
        story: story(track, &load),
        capacity: track.reading.map(|reading| Capacity {
            desired: reading.desired,
            min: reading.bounds.min(),
            max: reading.bounds.max(),
            in_service: reading.counts.in_service,
            pending: reading.counts.pending,
            standby: reading.counts.standby,
            terminating: reading.counts.terminating,
        }),
        hours: hours_view(&hours, track),
        spark: spark(track),
        decided_at_ms: decision.map(|decision| decision.at.as_millis()),
        next_look_ms: decision.map(|decision| decision.next_look.as_millis()),
        looked_at_ms: looked_at(track).map(Timestamp::as_millis),
        look_took_ms: track
            .looked
            .map(|looked| u64::try_from(looked.took.as_millis()).unwrap_or(u64::MAX)),
        interval_ms: u64::try_from(facts.interval.as_millis()).unwrap_or(u64::MAX),
        data_at_ms: track.data_at.map(Timestamp::as_millis),
        data_fresh: decision.map(|known| known.explanation.inputs.fresh),
        revision: track.version,
        load,
        budget,
    }
}

fn looked_at(track: &Track) -> Option<Timestamp> {
    let looked = track.looked.map(|looked| looked.at);
    looked.max(track.reading.map(|reading| reading.at))
}

fn load(track: &Track) -> LoadNow {
    let newest = newest(track).map(|(_, slot)| slot);
    let figures = track
        .decision()
        .and_then(|known| known.explanation.inputs.forecast);
    let objective = track.facts.objective.get();
    let quantiles = figures.and_then(|figures| figures.quantiles);
    LoadNow {
        cpu_percent: newest.and_then(|slot| slot.cpu).map(tidy),
        load_instance_percent: newest.and_then(|slot| slot.load).map(tidy),
        need_instances: newest.and_then(|slot| need(&slot, track)),
        forecast_ahead_s: figures.map(|figures| figures.ahead.as_secs()),
        forecast_need_instances: quantiles
            .map(|levels| levels.map(|load| instances_for(load.get(), objective))),
    }
}

fn budget(hours: &Hours, track: &Track, load: &LoadNow) -> Budget {
    let objective = track.facts.objective.get();
    let allowed = track.facts.budget;
    let share = hours.violation_share();
    Budget {
        objective_percent: objective,
        allowed_share: allowed,
        violation_share: share,
        spent_ratio: share.filter(|_| allowed > 0.0).map(|share| share / allowed),
        violation_now: load.cpu_percent.map(|cpu| cpu > objective),
        need_instances: load.need_instances,
    }
}

fn hours_view(hours: &Hours, track: &Track) -> HoursView {
    let price = track.facts.price.as_ref();
    HoursView {
        since_ms: (!hours.is_empty()).then(|| hours.since.as_millis()),
        known_s: hours.known_s,
        too_early: hours.is_too_early(),
        used_instance_hours: hours.used(),
        baseline_instance_hours: hours.baseline(),
        optimum_instance_hours: hours.optimum(),
        against_baseline: hours.against_baseline(),
        against_optimum: hours.against_optimum(),
        violation_s: hours.violation_s,
        violation_share: hours.violation_share(),
        baseline_violation_s: hours.baseline_violation_s,
        price_per_instance_hour: price.map(|price| price.amount),
        currency: price.map(|price| price.currency.clone()),
    }
}

fn spark(track: &Track) -> Spark {
    let objective = track.facts.objective.get();
    let peaks = track.slots.peaks(SPARK_POINTS);
    let (need_instances, in_service) = peaks
        .map(|peak| {
            let load = peak.load.map(f64::from);
            let need = load.map(|load| instances_for(load, objective));
            (need, peak.in_service)
        })
        .unzip();
    Spark {
        need_instances,
        in_service,
    }
}

/// Two decimals: what a single holds of a percentage beyond that is noise.
fn tidy(value: f32) -> f64 {
    (f64::from(value) * 100.0).round() / 100.0
}
