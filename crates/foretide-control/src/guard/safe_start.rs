//! Guard rails of a start: policy `forecast` reads and uses the group's past before it decides.
//!
//! Saturation, a group outside its bounds, a known event's minimum, an empty group and operators'
//! orders are exempt from the first; they take nothing away, so the second does not see them.

use crate::facts::Facts;

use super::Wanted;

/// Nothing is written until the history is read or found absent. Saturation still scales out.
pub(super) fn history_unread(facts: &Facts<'_>, wanted: &mut Wanted) {
    let grows = wanted.grows() && (facts.is_saturated() || wanted.unconditional);
    if !facts.start.write.is_zero() && !grows {
        wanted.capacity = wanted.held;
    }
}

/// No scale-in until the forecast has used the history that was read.
pub(super) fn history_unused(facts: &Facts<'_>, wanted: &mut Wanted) {
    if !facts.start.scale_in.is_zero() && wanted.shrinks() {
        wanted.capacity = wanted.held;
    }
}
