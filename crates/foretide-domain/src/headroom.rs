//! Headroom: spare instances beyond those needed, so that the group outlasts a loss.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The loss that a group outlasts with what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headroom {
    /// So many instances. 0: no headroom.
    Instances(u32),
    /// One zone of so many, with the instances spread evenly: Auto Scaling balances them.
    ZoneOf(u32),
}

impl Default for Headroom {
    fn default() -> Self {
        Self::NONE
    }
}

impl Headroom {
    /// No headroom.
    pub const NONE: Self = Self::Instances(0);

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The least capacity that leaves `needed` instances after the loss; 0 where none is needed.
    ///
    /// One zone of `z` has at most `ceil(capacity / z)` instances, so the least such capacity is
    /// `ceil(needed · z / (z − 1))`.
    pub fn with(self, needed: u32) -> u32 {
        match self {
            _ if needed == 0 => 0,
            Self::Instances(instances) => needed.saturating_add(instances),
            Self::ZoneOf(zones) => {
                let left = u64::from(zones.saturating_sub(1).max(1));
                let all = u64::from(needed) * u64::from(zones.max(2));
                u32::try_from(all.div_ceil(left)).unwrap_or(u32::MAX)
            }
        }
    }

    /// As key `headroom` of the configuration writes it.
    pub fn setting(self) -> String {
        match self {
            Self::Instances(instances) => instances.to_string(),
            Self::ZoneOf(zones) => format!("zone of {zones}"),
        }
    }

    /// Instances of `capacity` that are left after the loss.
    pub fn left_of(self, capacity: u32) -> u32 {
        match self {
            Self::Instances(instances) => capacity.saturating_sub(instances),
            Self::ZoneOf(zones) => capacity - capacity.div_ceil(zones.max(2)),
        }
    }
}

impl fmt::Display for Headroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instances(0) => f.write_str("none"),
            Self::Instances(1) => f.write_str("the loss of 1 instance"),
            Self::Instances(instances) => write!(f, "the loss of {instances} instances"),
            Self::ZoneOf(zones) => write!(f, "the loss of a zone of {zones}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_after_the_loss_is_what_is_needed_and_no_smaller_capacity_leaves_it() {
        for headroom in [
            Headroom::NONE,
            Headroom::Instances(1),
            Headroom::Instances(3),
            Headroom::ZoneOf(2),
            Headroom::ZoneOf(3),
            Headroom::ZoneOf(6),
        ] {
            for needed in 1..200 {
                let capacity = headroom.with(needed);
                assert!(
                    headroom.left_of(capacity) >= needed,
                    "{headroom:?} {needed}"
                );
                assert!(
                    headroom.left_of(capacity - 1) < needed,
                    "{headroom:?} {needed}"
                );
            }
            assert_eq!(headroom.with(0), 0);
        }
    }

    #[test]
    fn a_zone_of_three_costs_half_as_much_again() {
        assert_eq!(
            [2, 4, 5, 10].map(|n| Headroom::ZoneOf(3).with(n)),
            [3, 6, 8, 15]
        );
        assert_eq!([1, 4].map(|n| Headroom::ZoneOf(2).with(n)), [2, 8]);
        assert_eq!(Headroom::Instances(1).with(u32::MAX), u32::MAX);
        assert_eq!(Headroom::ZoneOf(2).with(u32::MAX), u32::MAX);
    }
}
