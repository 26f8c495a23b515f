//! One group at a glance: a row of the overview and the head of the group's page.

use foretide_domain::{Decision, Guard, Hours, Timestamp};

use crate::board::{Slot, Track, instances_for};

use super::health::health;
use super::shape::{Budget, Capacity, ChangeView, GroupRow, HoursView, LoadNow, OrdersView, Spark};
use super::story::story;

/// Points of the small chart in a row: the last six hours at a point every twelve minutes.
const SPARK_POINTS: usize = 30;

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
        changed: track.change.as_deref().and_then(changed),
        decided_at_ms: decision.map(|decision| decision.at.as_millis()),
        next_cycle_ms: decision.map(|decision| decision.next_look.as_millis()),
        checked_at_ms: looked_at(track).map(Timestamp::as_millis),
        cycle_took_ms: track
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

fn changed(decision: &Decision) -> Option<ChangeView> {
    Some(ChangeView {
        at_ms: decision.at.as_millis(),
        from: decision.explanation.inputs.desired,
        to: decision.desired?,
        withheld: decision.explanation.bound_by == Some(Guard::Mode),
    })
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
        figures: hours.figures(),
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
