//! The simulated group as the controller's collector would show it.

use std::time::Duration;

use foretide_domain::{
    BytesPerSecond, Datapoint, EarlyDeath, GroupCpu, GroupState, InTransition, InstanceCpu, Launch,
    LifecycleCounts, Percent, Served, ServingCpu, SignalReading, SignalValue, SuspendedProcesses,
    Timestamp, serving_cpu,
};

use crate::backtest::CaseSignal;
use crate::world::{Departure, Instance, InstanceState, Life, Period, World};

/// An instance that leaves service sooner than this after entering it has died early, in seconds.
const EARLY_S: i64 = 600;
/// An early death is in every reading for this long, in seconds; the controller counts it once.
const TOLD_S: i64 = 600;
/// Most single instances whose CPU is read in a minute, as the collector's allowance has it.
const READABLE: usize = 20;
/// Bytes received a second by an instance at 100 % CPU: 1 MB, requests of an API under load.
const RECEIVED_AT_FULL: f64 = 1e6;
/// Bytes sent a second by an instance at 100 % CPU: four times as much, as answers usually are.
const SENT_AT_FULL: f64 = 4e6;

/// What the controller's group looks like at t seconds after `epoch`.
pub(super) fn at(epoch: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(
        epoch
            .as_millis()
            .saturating_add(seconds.saturating_mul(1000)),
    )
}

/// What a signal says of `periods`, which are published.
pub(super) fn signal(
    signal: &CaseSignal,
    periods: &[Period],
    world: &World,
    epoch: Timestamp,
) -> SignalReading {
    let period_s = world.period_s();
    let value = |period: &Period| SignalValue {
        start: at(epoch, period.start_s),
        period: Duration::from_secs(period_s.into()),
        value: signal.mean(period.start_s, period_s),
    };
    SignalReading {
        name: signal.name.clone(),
        values: periods.iter().map(value).collect(),
        failure: None,
    }
}

/// One reading of the group. Allocates only for launches that ended, and where instances live
/// eventful lives.
pub(super) fn group(world: &World, epoch: Timestamp, launches: Vec<Launch>) -> GroupState {
    let (launch, terminate) = world.suspended();
    let mut pending: Vec<i64> = Vec::new();
    if world.pending() > 1 {
        let all = world.instances();
        let pending_only = all.filter(|one| one.state == InstanceState::Pending);
        pending = pending_only.map(|one| one.launched_s).collect();
        pending.sort_unstable();
    }
    let later = pending.into_iter().skip(1);
    GroupState {
        bounds: world.bounds(),
        desired: world.desired(),
        counts: LifecycleCounts {
            in_service: world.in_service(),
            warming_up: warming_up(world),
            protected: world.protected(),
            unhealthy: world.unhealthy(),
            pending: world.pending(),
            standby: world.standby(),
            terminating: world.terminating(),
        },
        oldest_pending_since: world
            .oldest_pending_s()
            .map(|launched_s| at(epoch, launched_s)),
        later_pending_since: later.map(|launched_s| at(epoch, launched_s)).collect(),
        warm_up: Duration::from_secs(world.life().warm_up_s.into()),
        readiness: None,
        suspended: SuspendedProcesses {
            launch,
            terminate,
            ..SuspendedProcesses::default()
        },
        refreshing: false,
        refresh_unknown: false,
        launches,
        early_deaths: early_deaths(world, epoch),
        obstacles: Vec::new(),
        scheduled: Vec::new(),
    }
}

fn warming_up(world: &World) -> u32 {
    if world.life().warm_up_s == 0 || world.in_service() == world.serving() {
        return 0;
    }
    let warming = |one: &Instance| one.state == InstanceState::Warming;
    let count = world.instances().filter(warming).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn early_deaths(world: &World, epoch: Timestamp) -> Vec<EarlyDeath> {
    let died = |one: Instance| {
        let lost = one.departure.is_some_and(Departure::is_loss);
        // An instance of t = 0 has served for who knows how long.
        let entered = one.in_service_s.filter(|entered| *entered > 0)?;
        let left = one.leaving_s?;
        let early = left - entered <= EARLY_S && world.at_s() - left <= TOLD_S;
        (lost && early).then(|| EarlyDeath {
            id: one.ordinal,
            entered: at(epoch, entered),
            left: at(epoch, left),
        })
    };
    let lately = |lost: i64| world.at_s() - lost <= TOLD_S;
    if !world.lost_s().is_some_and(lately) {
        return Vec::new();
    }
    let mut died: Vec<EarlyDeath> = world.instances().filter_map(died).collect();
    died.sort_unstable_by_key(|death| (death.left, death.id));
    died
}

/// A published period as a datapoint. Network follows from the load served; the request count is
/// told where the setup publishes it.
pub(super) fn datapoint(
    period: &Period,
    world: &World,
    epoch: Timestamp,
    request_count: bool,
) -> Datapoint {
    let instances_at_full = period.served / world.unit();
    let serving = serving(period, world);
    Datapoint {
        start: at(epoch, period.start_s),
        period: Duration::from_secs(u64::from(world.period_s())),
        cpu: serving.cpu,
        instances: serving.instances,
        network_in: BytesPerSecond::new(instances_at_full * RECEIVED_AT_FULL),
        network_out: BytesPerSecond::new(instances_at_full * SENT_AT_FULL),
        memory: None,
        demand: request_count.then_some(period.demand),
        unaccounted: serving.unaccounted,
    }
}

/// CPU of the serving instances: of the group's raw mean, without the instances in transition.
fn serving(period: &Period, world: &World) -> ServingCpu {
    let Some(mean) = period.cpu else {
        return ServingCpu {
            cpu: None,
            instances: period.reporting,
            unaccounted: None,
        };
    };
    let group = GroupCpu {
        mean,
        peak: period.cpu_range.map(|(_, highest)| highest),
        reporting: period.reporting,
    };
    // Every instance that reported served: the plain group, which nearly all simulations are of.
    if *world.life() == Life::default() && period.reporting <= period.serving {
        return ServingCpu {
            cpu: Percent::new(mean),
            instances: period.reporting,
            unaccounted: None,
        };
    }
    let mut transitions: Vec<InTransition> = world
        .instances()
        .filter_map(|one| in_transition(&one, period, world))
        .collect();
    if transitions.len() > READABLE {
        for one in &mut transitions {
            one.cpu = None;
        }
    }
    serving_cpu(group, Some(period.serving), &transitions)
}

/// The instance's part of the period; none if it served throughout, or did not run.
fn in_transition(one: &Instance, period: &Period, world: &World) -> Option<InTransition> {
    let (start, end) = (period.start_s, period.start_s + i64::from(world.period_s()));
    let own = world.instance_cpu(one.ordinal, start);
    let from = one.serves_from_s.unwrap_or(i64::MAX);
    let until = match one.state {
        InstanceState::Standby | InstanceState::Unrouted => start,
        _ => one.leaving_s.unwrap_or(i64::MAX),
    };
    let served = (until.min(end) - from.max(start)).max(0) as f64 / (end - start) as f64;
    let runs = one.launched_s < end && one.gone_s.is_none_or(|gone| gone > start);
    (runs && served < 1.0).then(|| InTransition {
        served: Served::For(served),
        starting: from > start,
        cpu: Some(own.map_or(
            InstanceCpu {
                mean: 0.0,
                reported: 0.0,
            },
            |own| InstanceCpu {
                mean: own.cpu,
                reported: own.share,
            },
        )),
    })
}
