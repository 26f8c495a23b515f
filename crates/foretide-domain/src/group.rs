//! An Auto Scaling group as one reading shows it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Obstacle, Readiness, ScheduledChange, Timestamp};

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
/// Only those in service and warmed up carry load; pending ones are coming; the others neither
/// serve nor come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleCounts {
    /// In service, whether they serve or not.
    pub in_service: u32,
    /// Of those in service, the ones that do not serve: they are still warming up or, where target
    /// groups decide, not healthy.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub warming_up: u32,
    /// Of those in service, the ones that are protected from scale-in: AWS does not end them when
    /// desired capacity falls.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub protected: u32,
    /// Of those in service, the ones that AWS considers unhealthy. They count as serving until AWS
    /// takes them out of service.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unhealthy: u32,
    /// Launched and not yet serving (`Pending`, `Pending:Wait`, `Pending:Proceed`).
    pub pending: u32,
    /// Set aside by an operator; not serving.
    pub standby: u32,
    /// On their way out.
    pub terminating: u32,
}

impl LifecycleCounts {
    /// Instances that serve: in service, ready and warmed up.
    pub const fn serving(self) -> u32 {
        self.in_service.saturating_sub(self.warming_up)
    }

    /// Instances that serve or will: what a launch or a termination is counted against.
    pub const fn in_service_and_pending(self) -> u32 {
        self.in_service.saturating_add(self.pending)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The group's suspended processes.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each process is suspended or not, independent of the others"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendedProcesses {
    /// No instance is launched: raising desired capacity does nothing.
    pub launch: bool,
    /// No instance is terminated: lowering desired capacity does nothing.
    pub terminate: bool,
    /// New instances get no traffic from the load balancer.
    pub add_to_load_balancer: bool,
    /// Scaling policies do not act: an operator or a deploy wants no scaling.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alarm_notification: bool,
    /// Availability Zones are not rebalanced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub az_rebalance: bool,
    /// Unhealthy instances are not recognised.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub health_check: bool,
    /// No instance refresh starts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub instance_refresh: bool,
    /// Unhealthy instances are not replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace_unhealthy: bool,
    /// Scheduled actions do not run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scheduled_actions: bool,
}

impl SuspendedProcesses {
    /// The processes of these names, as AWS spells them. Other names are ignored.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut suspended = Self::default();
        for name in names {
            match name {
                "Launch" => suspended.launch = true,
                "Terminate" => suspended.terminate = true,
                "AddToLoadBalancer" => suspended.add_to_load_balancer = true,
                "AlarmNotification" => suspended.alarm_notification = true,
                "AZRebalance" => suspended.az_rebalance = true,
                "HealthCheck" => suspended.health_check = true,
                "InstanceRefresh" => suspended.instance_refresh = true,
                "ReplaceUnhealthy" => suspended.replace_unhealthy = true,
                "ScheduledActions" => suspended.scheduled_actions = true,
                _ => {}
            }
        }
        suspended
    }

    /// The names of the suspended processes, as AWS spells them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (self.launch, "Launch"),
            (self.terminate, "Terminate"),
            (self.add_to_load_balancer, "AddToLoadBalancer"),
            (self.alarm_notification, "AlarmNotification"),
            (self.az_rebalance, "AZRebalance"),
            (self.health_check, "HealthCheck"),
            (self.instance_refresh, "InstanceRefresh"),
            (self.replace_unhealthy, "ReplaceUnhealthy"),
            (self.scheduled_actions, "ScheduledActions"),
        ]
        .into_iter()
        .filter_map(|(suspended, name)| suspended.then_some(name))
    }
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

/// An instance that left service within minutes of entering it, although nobody asked for less
/// capacity: it crashed, or a health check ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyDeath {
    /// Names the instance, the same in every reading.
    pub id: u64,
    /// When it entered service.
    pub entered: Timestamp,
    /// When it was first seen out of service.
    pub left: Timestamp,
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
    /// When the other pending instances were launched, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_pending_since: Vec<Timestamp>,
    /// Time from in service until an instance serves: as configured, as the group says, or as
    /// learnt. Zero while it is not known.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub warm_up: Duration,
    /// What the group's target groups tell; none where every instance in service is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Box<Readiness>>,
    /// Suspended processes.
    pub suspended: SuspendedProcesses,
    /// Whether an instance refresh is under way, or cannot be ruled out while it was never read.
    pub refreshing: bool,
    /// Whether `refreshing` stands for a reading that is missing: never made, or too long ago.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refresh_unknown: bool,
    /// Launches that ended since the reading before this one. Repeats are allowed (a collector that
    /// restarts cannot know what it has told): the controller counts each end once.
    pub launches: Vec<Launch>,
    /// Instances that left service soon after entering it, since the reading before this one.
    /// Repeats are allowed, as for launches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub early_deaths: Vec<EarlyDeath>,
    /// What speaks against setting desired capacity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<Obstacle>,
    /// What scheduled actions of the group change within hours, and changed lately, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scheduled: Vec<ScheduledChange>,
}

impl GroupState {
    /// A group that has the instances that it wants, all of them in service, and nothing going on.
    pub fn at_rest(bounds: Bounds, in_service: u32) -> Self {
        Self {
            bounds,
            desired: in_service,
            counts: LifecycleCounts {
                in_service,
                ..LifecycleCounts::default()
            },
            oldest_pending_since: None,
            later_pending_since: Vec::new(),
            warm_up: Duration::ZERO,
            readiness: None,
            suspended: SuspendedProcesses::default(),
            refreshing: false,
            refresh_unknown: false,
            launches: Vec::new(),
            early_deaths: Vec::new(),
            obstacles: Vec::new(),
            scheduled: Vec::new(),
        }
    }

    /// Pending instances that were launched at `since` or later. Those launched before hang: nobody
    /// should wait for them.
    pub fn coming(&self, since: Timestamp) -> u32 {
        let all = self
            .oldest_pending_since
            .iter()
            .chain(&self.later_pending_since);
        let hanging = all.filter(|launched| **launched < since).count();
        let hanging = u32::try_from(hanging).unwrap_or(u32::MAX);
        self.counts.pending.saturating_sub(hanging)
    }
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
