//! Those who change a group beside its users: scaling policies, scheduled actions, and changes that
//! a scenario lists.

use foretide_sim::{Peer, Policy, View, World};
use serde::{Deserialize, Serialize};

use crate::cron;

/// A scaling policy in the answer of `DescribePolicies`. It sets desired capacity if it has `acts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table with the keys of a scaling policy"
)]
pub struct PolicySpec {
    /// The policy's name.
    pub name: String,
    /// `TargetTrackingScaling`, `StepScaling`, `SimpleScaling` or `PredictiveScaling`.
    #[serde(default = "target_tracking")]
    pub kind: String,
    /// Whether the policy is enabled.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What the policy does; none if the emulator only shows the policy.
    #[serde(default)]
    pub acts: Option<Acts>,
}

/// Target tracking on the mean CPU of the group, as `CloudWatch` shows it, once a period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table with the keys of target tracking"
)]
pub struct Acts {
    /// CPU to keep to, in percent: above 0, at most 100.
    pub target: f64,
}

fn target_tracking() -> String {
    "TargetTrackingScaling".into()
}

const fn yes() -> bool {
    true
}

/// A scheduled action. It acts unless `ScheduledActions` is suspended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table with the keys of a scheduled action"
)]
pub struct ScheduledActionSpec {
    /// The action's name.
    pub name: String,
    /// Cron expression of the action, in UTC: five fields of `*`, `*/n`, numbers, ranges and lists.
    /// Empty for an action that runs once, at `at_s`.
    #[serde(default)]
    pub recurrence: String,
    /// Seconds after the emulator's start at which the action runs once.
    #[serde(default)]
    pub at_s: Option<i64>,
    /// The minimum that the action sets.
    #[serde(default)]
    pub min: Option<u32>,
    /// The maximum that the action sets.
    #[serde(default)]
    pub max: Option<u32>,
    /// The desired capacity that the action sets.
    #[serde(default)]
    pub desired: Option<u32>,
}

impl ScheduledActionSpec {
    /// Whether the action runs in the step of ten seconds that starts at `epoch_s`, `start_s` being
    /// the emulator's start.
    pub(crate) fn runs_at(&self, epoch_s: i64, start_s: i64) -> bool {
        let step = epoch_s..epoch_s + foretide_sim::STEP_S;
        let minute_s = (step.end - 1) - (step.end - 1).rem_euclid(60);
        let recurs = !self.recurrence.is_empty()
            && step.contains(&minute_s)
            && cron::matches(&self.recurrence, minute_s);
        recurs
            || self
                .at_s
                .is_some_and(|at_s| step.contains(&(start_s + at_s)))
    }
}

/// What changes at a time while the emulator runs. Keys that are not given change nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "a table with the keys of a change"
)]
pub struct Change {
    /// Seconds after the emulator's start.
    pub at_s: i64,
    /// Whether the group is deleted.
    pub delete: bool,
    /// Whether the group is created: before, there is none. It has no history.
    pub create: bool,
    /// Smallest desired capacity.
    pub min: Option<u32>,
    /// Largest desired capacity.
    pub max: Option<u32>,
    /// Desired capacity, set by a user.
    pub desired: Option<u32>,
    /// The suspended processes: exactly these.
    pub suspended: Option<Vec<String>>,
    /// Number of instances in standby.
    pub standby: Option<u32>,
    /// Number of instances that fail their health check now.
    pub unhealthy: Option<u32>,
    /// Number of instances in service, the oldest first, that fail the health check of every target
    /// group.
    pub unhealthy_targets: Option<u32>,
    /// Whether all instances are protected from scale-in.
    pub protected: Option<bool>,
    /// Share of launches that fail, 0 to 1.
    pub launch_failure: Option<f64>,
    /// Share of launches that hang, 0 to 1.
    pub hang: Option<f64>,
    /// The AWS service that operates the group; empty for none.
    pub operator: Option<String>,
    /// Whether an instance refresh is shown as under way.
    pub refreshing: Option<bool>,
}

/// A policy at work.
pub(crate) struct Actor {
    /// Name of the policy.
    pub(crate) name: String,
    policy: Box<dyn Policy>,
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Actor")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Actor {
    /// The policy of `spec` at work, if it acts.
    pub(crate) fn of(spec: &PolicySpec) -> Option<Self> {
        let acts = spec.acts.filter(|_| spec.enabled)?;
        let peer = Peer::named("target-tracking")?.with_target(acts.target)?;
        Some(Self {
            name: spec.name.clone(),
            policy: peer.start(0),
        })
    }

    /// The desired capacity that the policy sets now, in units of `weight`; none for no change.
    pub(crate) fn decide(&mut self, world: &World) -> Option<u32> {
        let weight = world.life().weight.max(1);
        let view = View {
            desired: world.desired().div_ceil(weight),
            ..View::of(world)
        };
        let wanted = self.policy.decide(&view)?;
        let same = wanted == view.desired;
        (!same).then(|| wanted.saturating_mul(weight))
    }
}
