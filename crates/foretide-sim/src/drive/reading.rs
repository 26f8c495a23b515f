//! The simulated group as the controller's collector would show it.

use std::time::Duration;

use foretide_domain::{
    BytesPerSecond, Datapoint, GroupState, Launch, LifecycleCounts, Percent, SuspendedProcesses,
    Timestamp,
};

use crate::world::{Period, World};

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

/// One reading of the group. Allocates only for launches that ended.
pub(super) fn group(world: &World, epoch: Timestamp, launches: Vec<Launch>) -> GroupState {
    let (launch, terminate) = world.suspended();
    GroupState {
        bounds: world.bounds(),
        desired: world.desired(),
        counts: LifecycleCounts {
            in_service: world.in_service(),
            warming_up: 0,
            pending: world.pending(),
            standby: 0,
            terminating: 0,
        },
        oldest_pending_since: world
            .oldest_pending_s()
            .map(|launched_s| at(epoch, launched_s)),
        suspended: SuspendedProcesses {
            launch,
            terminate,
            ..SuspendedProcesses::default()
        },
        refreshing: false,
        launches,
        obstacles: Vec::new(),
        later_pending_since: Vec::new(),
        warm_up: Duration::ZERO,
        early_deaths: Vec::new(),
    }
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
    Datapoint {
        start: at(epoch, period.start_s),
        period: Duration::from_secs(u64::from(world.period_s())),
        cpu: period.cpu.and_then(Percent::new),
        instances: period.instances,
        network_in: BytesPerSecond::new(instances_at_full * RECEIVED_AT_FULL),
        network_out: BytesPerSecond::new(instances_at_full * SENT_AT_FULL),
        memory: None,
        demand: request_count.then_some(period.demand),
        unaccounted: None,
    }
}
