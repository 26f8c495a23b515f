//! Guard rails on the way to a write.

use foretide_domain::Mode;

use crate::facts::Facts;

use super::Wanted;

/// While launches fail, desired is not raised above what exists: a ratcheting desired capacity
/// launches everything at once on the day when launches work again.
pub(super) fn breaker(facts: &Facts<'_>, wanted: &mut Wanted) {
    if let Some(cap) = facts.breaker_cap.filter(|_| wanted.raises()) {
        wanted.capacity = wanted.capacity.min(cap.max(wanted.desired));
    }
}

/// Where somebody else sets desired capacity, nothing is written. Mode `observe` writes nothing
/// anyway and shows what it would have done.
pub(super) fn cannot_write(facts: &Facts<'_>, wanted: &mut Wanted) {
    if !facts.group.obstacles.is_empty() && facts.mode != Mode::Observe {
        wanted.capacity = wanted.desired;
    }
}

/// While the answer to a write is outstanding nothing else is written.
pub(super) fn in_flight(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.write_in_flight {
        wanted.capacity = wanted.desired;
    }
}

/// After failed writes the next one waits.
pub(super) fn backoff(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts
        .write_backoff_until
        .is_some_and(|until| facts.now < until)
    {
        wanted.capacity = wanted.desired;
    }
}

/// Where somebody suspended scaling, nothing is written.
pub(super) fn hands_off(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.hands_off {
        wanted.capacity = wanted.desired;
    }
}

/// What an operator paused stays as it is.
pub(super) fn paused(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.orders.paused.is_some() {
        wanted.capacity = wanted.desired;
    }
}

/// Mode `scale-out-only` takes nothing away. Mode `observe` decides as `enforce` does and is held
/// back at the write.
pub(super) fn mode(facts: &Facts<'_>, wanted: &mut Wanted) {
    if facts.mode == Mode::ScaleOutOnly && wanted.lowers() {
        wanted.capacity = wanted.desired;
    }
}
