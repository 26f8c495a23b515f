//! An Auto Scaling group as one reading shows it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Obstacle, Timestamp};

/// The smallest and the largest desired capacity that the group allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    min: u32,
    max: u32,
}

/// Why two numbers are no bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("minimum capacity {min} is above maximum capacity {max}")]
pub struct BoundsError {
    /// The minimum as given.
    pub min: u32,
    /// The maximum as given.
    pub max: u32,
}

impl Bounds {
    /// Bounds from `min` to `max`, both included.
    ///
    /// # Errors
    /// Where `min` is above `max`.
    pub fn new(min: u32, max: u32) -> Result<Self, BoundsError> {
        if min > max {
            Err(BoundsError { min, max })
        } else {
            Ok(Self { min, max })
        }
    }

    /// The smallest capacity allowed.
    pub const fn min(self) -> u32 {
        self.min
    }

    /// The largest capacity allowed.
    pub const fn max(self) -> u32 {
        self.max
    }

    /// The capacity within the bounds that is nearest to `capacity`.
    pub fn clamp(self, capacity: u32) -> u32 {
        capacity.clamp(self.min, self.max)
    }

    /// Whether `capacity` is within the bounds.
    pub const fn contains(self, capacity: u32) -> bool {
        self.min <= capacity && capacity <= self.max
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.min, self.max)
    }
}

/// How many instances of the group stand in which part of their life.
///
/// Only those in service carry load; pending ones are coming; the others neither serve nor come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleCounts {
    /// Serving.
    pub in_service: u32,
    /// Launched and not yet serving (`Pending`, `Pending:Wait`, `Pending:Proceed`).
    pub pending: u32,
    /// Set aside by an operator; not serving.
    pub standby: u32,
    /// On their way out.
    pub terminating: u32,
}

impl LifecycleCounts {
    /// Instances that serve or will: what a launch or a termination is counted against.
    pub const fn in_service_and_pending(self) -> u32 {
        self.in_service.saturating_add(self.pending)
    }
}

/// The group's suspended processes that change what a scaling decision can achieve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendedProcesses {
    /// No instance is launched: raising desired capacity does nothing.
    pub launch: bool,
    /// No instance is terminated: lowering desired capacity does nothing.
    pub terminate: bool,
    /// New instances get no traffic from the load balancer.
    pub add_to_load_balancer: bool,
}

/// How one launch of an instance ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Names the launch, the same in every reading.
    pub id: u64,
    /// When the launch began.
    pub started: Timestamp,
    /// When it ended, well or badly.
    pub ended: Timestamp,
    /// Whether the instance came into service.
    pub succeeded: bool,
    /// AWS's status message of a launch that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Launch {
    /// Time from launch to its end.
    pub fn duration(&self) -> Duration {
        self.ended.since(self.started)
    }
}

/// One reading of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupState {
    /// Capacity limits, read anew in every cycle.
    pub bounds: Bounds,
    /// Desired capacity as the group holds it now.
    pub desired: u32,
    /// Instances by lifecycle state.
    pub counts: LifecycleCounts,
    /// When the oldest instance still pending was launched.
    pub oldest_pending_since: Option<Timestamp>,
    /// Suspended processes.
    pub suspended: SuspendedProcesses,
    /// Whether an instance refresh is under way, or cannot be ruled out while it was never read.
    pub refreshing: bool,
    /// Launches that ended since the reading before this one. Repeats are allowed (a collector that
    /// restarts cannot know what it has told): the controller counts each end once.
    pub launches: Vec<Launch>,
    /// What speaks against setting desired capacity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<Obstacle>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_refuse_a_minimum_above_the_maximum() {
        let error = Bounds::new(3, 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "minimum capacity 3 is above maximum capacity 2"
        );
    }

    #[test]
    fn clamping_moves_a_capacity_into_the_bounds() {
        let bounds = Bounds::new(2, 5).unwrap();
        assert_eq!([1, 2, 4, 5, 9].map(|n| bounds.clamp(n)), [2, 2, 4, 5, 5]);
        assert!(bounds.contains(2) && bounds.contains(5) && !bounds.contains(6));
    }
}
