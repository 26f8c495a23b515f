//! The peaks of a small chart. They follow every change of a minute, since a thousand rows are made
//! in a second.

use foretide_domain::whole_instances;

use super::slots::Slot;

/// Minutes that a peak is of.
pub(crate) const PEAK_SLOTS: i64 = 12;

/// The fewest whole instances that carry `load` at the objective, both in percent.
pub(crate) fn instances_for(load: f64, objective: f64) -> u32 {
    whole_instances(load / objective)
}

/// The most of some minutes that follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peak {
    /// In instance-percent.
    pub(crate) load: Option<f32>,
    pub(crate) in_service: Option<u32>,
}

impl Peak {
    pub(crate) fn of<'a>(slots: impl Iterator<Item = &'a Slot>) -> Self {
        slots.fold(Self::default(), |peak, slot| Self {
            load: match (peak.load, slot.load) {
                (Some(known), Some(load)) => Some(known.max(load)),
                (known, load) => known.or(load),
            },
            in_service: peak.in_service.max(slot.in_service),
        })
    }
}
