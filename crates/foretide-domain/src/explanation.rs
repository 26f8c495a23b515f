//! Why a decision is what it is. Built with the decision, rendered only when somebody reads it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Bounds, Class, Features, LifecycleCounts, Load, Memory, Mode, Percent, SuspendedProcesses,
};

/// Why: the inputs with their ages, what the policy wanted by which rule, what each guard rail made
/// of it, and which one bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// What may be written.
    pub mode: Mode,
    /// Which policy proposed.
    pub policy: PolicyKind,
    /// Everything that the decision depended on.
    pub inputs: Inputs,
    /// What the policy wanted.
    pub proposal: Proposal,
    /// What each guard rail changed, in the order in which they stand. Those that changed nothing
    /// are left out.
    pub steps: Vec<GuardStep>,
    /// The guard rail that had the last word; none where the policy got what it wanted.
    pub bound_by: Option<Guard>,
}

/// The policies that a group can be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// The seed's rules over the three-class model.
    #[default]
    Classifier,
    /// Proportional to utilisation over target: the reactive fallback.
    TargetTracking,
    /// Capacity from calibrated quantiles of the load at the time when a launch first serves.
    Forecast,
}

/// The inputs of a decision, each with its age where it has one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// Desired capacity.
    pub desired: u32,
    /// Bounds.
    pub bounds: Bounds,
    /// Instances by lifecycle.
    pub counts: LifecycleCounts,
    /// Age of the group's reading.
    pub group_age: Duration,
    /// Suspended processes.
    pub suspended: SuspendedProcesses,
    /// Whether an instance refresh is under way.
    pub refreshing: bool,
    /// CPU of the newest period that has it.
    pub cpu: Option<Percent>,
    /// Load of that period.
    pub load: Option<Load>,
    /// Instances that it stands for.
    pub instances: Option<f64>,
    /// Time since the end of that period.
    pub data_age: Option<Duration>,
    /// Whether data is there and young enough to act on.
    pub fresh: bool,
    /// Reporting instances ÷ instances in service, where known.
    pub coverage: Option<f64>,
    /// Memory as the model was told it.
    pub memory: Option<Memory>,
    /// What the model was asked; none where the policy asks no model, or nothing was fresh.
    pub features: Option<Features>,
    /// What the forecast saw; none under other policies.
    pub forecast: Option<ForecastFigures>,
    /// The class predicted, with its probability.
    pub class: Option<(Class, f64)>,
    /// Consecutive scale-in votes, this one included.
    pub streak: u32,
    /// Distinct datapoints that those votes span.
    pub streak_datapoints: u32,
    /// What is left of the cooldown.
    pub cooldown_left: Duration,
    /// Whether the circuit breaker forbids growth.
    pub breaker_open: bool,
}

/// What a policy wants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The capacity wanted; none where it wants what is.
    pub desired: Option<u32>,
    /// The rule that wants it.
    pub rule: Rule,
}

/// The rules of all policies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A rule of policy `classifier`.
    Classifier(ClassifierRule),
    /// A rule of policy `target-tracking`.
    TargetTracking(TrackingRule),
    /// A rule of policy `forecast`.
    Forecast(ForecastRule),
    /// The group is empty and nothing can be measured: start one instance.
    EmptyGroup,
}

/// Rules of policy `classifier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassifierRule {
    /// The model asks for more.
    ScaleOut,
    /// The model asks for less.
    ScaleIn,
    /// The model is content.
    Hold,
    /// There is no prediction.
    NoPrediction,
}

/// Rules of policy `forecast`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastRule {
    /// No period was seen since the last decision.
    NoNewPoint,
    /// There is no forecast yet: target tracking decides.
    Tracking,
    /// The forecast asks for more.
    Forecast,
    /// The load now asks for more.
    Load,
    /// CPU is saturated: unserved demand is unknown, so capacity grows by a factor.
    Surge,
    /// Capacity lies between what the cheaper and the dearer price ask for.
    Band,
    /// A surplus has cost what undoing its end would.
    Surplus,
    /// A surplus has not cost that yet.
    Waiting,
}

/// What the forecast saw and what it weighed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastFigures {
    /// Time ahead that is forecast: metric delay, lead time and the period itself.
    pub ahead: Duration,
    /// Time that the history spans which it rests on.
    pub history: Duration,
    /// Whether more of the past is still being read.
    pub reading_history: bool,
    /// Load at the levels 0.5, 0.9, 0.97, 0.99 and 0.996; none while nothing can be forecast.
    pub quantiles: Option<[Load; 5]>,
    /// Whether the model is of the group's own history, or of generated load.
    pub own_model: bool,
    /// Instance-periods that one short period is worth at present.
    pub price: f64,
    /// The knob that follows the violation budget.
    pub position: i32,
    /// Chance of being short at the capacity held.
    pub short_chance: Option<f64>,
    /// Capacity that the load now needs.
    pub need: u32,
    /// Capacity that target tracking would hold.
    pub tracking: u32,
    /// Whether the price is bounded because the forecast cost more than target tracking and served
    /// no better.
    pub demoted: bool,
}

/// Rules of policy `target-tracking`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackingRule {
    /// Too few periods seen to scale out or in.
    TooFewPoints,
    /// Enough periods in a row above target.
    AboveTarget,
    /// Enough periods in a row below the scale-in band.
    BelowBand,
    /// Below the band, but instances are still coming.
    BelowBandPending,
    /// Neither.
    Between,
}

/// The guard rails, in the order in which they stand, then the breaker and the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Capacity stays within the group's bounds.
    Bounds,
    /// A suspended process makes the change pointless.
    Suspended,
    /// Data is missing or stale.
    Freshness,
    /// Too few instances report: no scale-in.
    Coverage,
    /// CPU above the upper bound: grow whatever the model says.
    UpperUtilisation,
    /// No scale-in during an instance refresh.
    InstanceRefresh,
    /// No scale-in while launches are pending.
    PendingLaunches,
    /// A scale-in must leave utilisation at or below target.
    ProjectedUtilisation,
    /// The prediction is too uncertain.
    Confidence,
    /// Too few consecutive votes.
    Streak,
    /// Too soon after the last change.
    Cooldown,
    /// Launches fail: desired is not raised above what exists.
    Breaker,
    /// The answer to a write is outstanding.
    WriteInFlight,
    /// Writes fail: the next one waits.
    WriteBackoff,
    /// The mode does not allow it.
    Mode,
    /// An invariant would be broken.
    Audit,
}

/// What one guard rail made of the capacity wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardStep {
    /// Which.
    pub guard: Guard,
    /// The capacity wanted before it.
    pub from: u32,
    /// The capacity after it.
    pub to: u32,
}
