//! From a datapoint of the group to the nine features of the model.

use foretide_domain::{Datapoint, Features, GroupState, Memory};

/// The features, and whether memory in them is an estimate.
pub(crate) struct Observed {
    pub(crate) features: Features,
}

pub(crate) fn observe(_point: &Datapoint, _group: &GroupState) -> Option<Observed> {
    None
}

pub(crate) fn memory(_point: &Datapoint) -> Option<Memory> {
    None
}
