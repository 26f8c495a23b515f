//! Guard rails that follow from the group and its data; they bind every policy.

use foretide_domain::{Staleness, whole_instances};

use crate::config::OnMissing;
use crate::facts::Facts;
use crate::policy;
use crate::signals::Judged;

use super::Wanted;

/// Capacity stays within the group's bounds.
pub(super) fn bounds(facts: &Facts<'_>, wanted: &mut Wanted) {
    wanted.capacity = facts.group.bounds.clamp(wanted.capacity);
}

/// A change that a suspended process keeps from happening is not asked for.
pub(super) fn suspended(facts: &Facts<'_>, wanted: &mut Wanted) {
    let suspended = facts.group.suspended;
    if (suspended.launch && wanted.raises()) || (suspended.terminate && wanted.lowers()) {
        wanted.capacity = wanted.desired;
    }
}

/// Without fresh data capacity is held, or only raised; policy `forecast` takes nothing away by
/// data half as old as that already.
///
/// A desired capacity outside the bounds is put right all the same: that needs no data.
pub(super) fn freshness(facts: &Facts<'_>, wanted: &mut Wanted) {
    if wanted.unconditional && !wanted.shrinks() {
        return;
    }
    wanted.capacity = match (facts.staleness(), facts.config.on_missing) {
        (Staleness::Fresh | Staleness::Widened, _) => return,
        (Staleness::Alarm, OnMissing::Hold) if wanted.by_signal => wanted.capacity.max(wanted.held),
        (Staleness::Alarm, OnMissing::Hold) => wanted.held,
        (Staleness::ScaleOutOnly, _) | (_, OnMissing::ScaleOutOnly) => {
            wanted.capacity.max(wanted.held)
        }
    };
}

/// No scale-in during an instance refresh: capacity is already short by what is being replaced.
pub(super) fn instance_refresh(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.group.refreshing && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// No scale-in while instances start: what they bring is not measured yet. A launch that hangs is
/// not waited for.
pub(super) fn pending_launches(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.starting > 0 && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// No scale-in while new instances die: those that serve may be the last that do.
pub(super) fn early_deaths(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.dying && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// No scale-in for half an hour after a sudden drop of load: it may come back as suddenly.
pub(super) fn load_dropped(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.dropped && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// No scale-in while too few instances report: those that are silent may be the busy ones. None
/// either while others report than those that serve: the mean is not that of the serving ones.
pub(super) fn coverage(facts: &Facts<'_>, wanted: &mut Wanted) {
    let too_few = facts
        .coverage
        .is_some_and(|coverage| coverage < facts.config.coverage_min);
    if (too_few || facts.unaccounted().is_some()) && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// No scale-in while a signal that may scale in has no fresh value: it may be the one that needs
/// what would be taken away.
pub(super) fn signal_missing(facts: &Facts<'_>, wanted: &mut Wanted) {
    let missing = facts.signals.iter().any(Judged::holds_scale_in);
    if missing && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}

/// A scale-in must leave the newest load at or below the target, headroom on top, and one instance
/// to measure by.
pub(super) fn projected_utilisation(facts: &Facts<'_>, wanted: &mut Wanted) {
    if !wanted.shrinks() {
        return;
    }
    let ceiling = policy::of(facts.config)
        .scale_in_ceiling(facts.config)
        .get();
    // A load metric that says less than CPU is no reason to go beyond what CPU allows.
    let by_cpu = facts.newest().and_then(|(point, _)| point.load());
    let needed = [facts.load(), by_cpu]
        .map(|load| load.map_or(wanted.held, |load| whole_instances(load.get() / ceiling)));
    let by_signals = facts.signals.iter().filter_map(Judged::shown_load);
    let by_signals = by_signals.map(|load| whole_instances(load.get() / ceiling));
    let needed = by_signals.chain(needed).max().unwrap_or(wanted.held);
    let needed = facts.config.headroom.with(needed);
    wanted.capacity = wanted.capacity.max(needed.max(1)).min(wanted.held);
}
