//! What the model is asked about a group: its newest datapoint as the nine features.

use foretide_classifier::{Derived, derive_from_datapoint};
use foretide_domain::{Datapoint, Features, GroupState, Memory};

/// The features of the group at this datapoint; none where a value that they need is missing.
pub(crate) fn observe(point: &Datapoint, group: &GroupState) -> Option<Features> {
    derive_from_datapoint(point, group.bounds)
        .ok()
        .map(|derived| derived.features)
}

/// Memory as the model is told it: measured, or estimated from CPU.
pub(crate) fn memory(point: &Datapoint, group: &GroupState) -> Option<Memory> {
    derive_from_datapoint(point, group.bounds)
        .ok()
        .as_ref()
        .and_then(Derived::memory)
}
