//! Guard rails that follow from the group and its data; they bind every policy.

use crate::capacity::ceil_instances;
use crate::config::OnMissing;
use crate::facts::Facts;

use super::Wanted;

/// Capacity stays within the group's bounds.
pub(super) fn bounds(facts: &Facts<'_>, wanted: &mut Wanted) {
    wanted.capacity = facts.group.bounds.clamp(wanted.capacity);
}

/// A change that a suspended process keeps from happening is not asked for.
pub(super) fn suspended(facts: &Facts<'_>, wanted: &mut Wanted) {
    let suspended = facts.group.suspended;
    if (suspended.launch && wanted.grows()) || (suspended.terminate && wanted.shrinks()) {
        wanted.capacity = wanted.desired;
    }
}

/// Without fresh data capacity is held, or only raised.
///
/// A desired capacity outside the bounds is put right all the same: that needs no data.
pub(super) fn freshness(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.is_fresh() || wanted.unconditional {
        return;
    }
    wanted.capacity = match facts.config.on_missing {
        OnMissing::Hold => wanted.held,
        OnMissing::ScaleOutOnly => wanted.capacity.max(wanted.held),
    };
}

/// No scale-in during an instance refresh: capacity is already short by what is being replaced.
pub(super) fn instance_refresh(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.group.refreshing && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// No scale-in while launches are pending: what they bring is not measured yet.
pub(super) fn pending_launches(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.group.counts.pending > 0 && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// No scale-in while too few instances report: those that are silent may be the busy ones.
pub(super) fn coverage(facts: &Facts<'_>, wanted: &mut Wanted) {
    let too_few = facts
        .coverage
        .is_some_and(|coverage| coverage < facts.config.coverage_min);
    if too_few && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// A scale-in must leave the newest load at or below the target, and one instance to measure by.
pub(super) fn projected_utilisation(facts: &Facts<'_>, wanted: &mut Wanted) {
    if !wanted.shrinks() {
        return;
    }
    let needed = match facts.load() {
        Some(load) => ceil_instances(load.get() / facts.config.scale_in_ceiling().get()),
        None => wanted.held,
    };
    wanted.capacity = wanted.capacity.max(needed.max(1)).min(wanted.held);
}
