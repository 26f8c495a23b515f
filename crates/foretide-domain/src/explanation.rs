//! Why a decision is what it is. Built with the decision, rendered only when somebody reads it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::group::is_zero;
use crate::{
    BaselineNow, Bounds, Class, Features, Headroom, Hours, LifecycleCounts, Load, Memory, Mode,
    Orders, PaceFigures, Percent, SignalFigures, SuspendedProcesses, ThresholdRule, TrackingRule,
    TrackingRun, Unaccounted, Verdict,
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
    /// The original's rules over the three-class model.
    Classifier,
    /// Proportional to utilisation over target: the reactive fallback.
    TargetTracking,
    /// Capacity from calibrated quantiles of the load at the time when a launch first serves.
    #[default]
    Forecast,
}

/// The inputs of a decision, each with its age where it has one.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, true or not whatever the others are"
)]
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
    /// Whether an instance refresh is under way, or cannot be ruled out while it was never read.
    pub refreshing: bool,
    /// Whether the instance refresh counts as under way only because nobody could read it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refresh_unknown: bool,
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
    /// How far it is trusted.
    #[serde(default, skip_serializing_if = "Staleness::is_fresh")]
    pub staleness: Staleness,
    /// Reporting instances ÷ serving instances, where known.
    pub coverage: Option<f64>,
    /// Instances that reported without serving and could not be taken out of the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unaccounted: Option<Unaccounted>,
    /// Instances that are expected to serve and do not yet: pending or warming up.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub starting: u32,
    /// Memory as the model was told it.
    pub memory: Option<Memory>,
    /// What the model was asked; none where the policy asks no model, or nothing was fresh.
    pub features: Option<Features>,
    /// What the forecast saw; none under other policies.
    pub forecast: Option<ForecastFigures>,
    /// What each signal said, CPU first. Empty for a group without signals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<SignalFigures>,
    /// What the forecast of the signal that bound saw. None where CPU bound, where nothing is
    /// forecast, and for a signal of thresholds alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal_forecast: Option<ForecastFigures>,
    /// A known event that lifts the forecast or needs a capacity now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventFigures>,
    /// The class predicted, with its probability.
    pub class: Option<(Class, f64)>,
    /// Looks in a row at which the model's answer asked for scale-in, this one included.
    pub streak: u32,
    /// Votes within them: an answer votes once, for its datapoint.
    pub streak_datapoints: u32,
    /// Votes and cycles in a row that scaling in needs; none under a policy that does not vote, and
    /// in decisions of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streak_needed: Option<(u32, u32)>,
    /// What is left of the cooldown.
    pub cooldown_left: Duration,
    /// Name and version of the configuration that holds; none where it has no version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// An operator's orders that stand.
    #[serde(default, skip_serializing_if = "Orders::is_empty")]
    pub orders: Orders,
    /// What the pace limits allowed, where one of them changed the decision.
    #[serde(default, skip_serializing_if = "PaceFigures::is_empty")]
    pub pace: PaceFigures,
    /// The loss that the group outlasts. The capacity wanted includes the spare instances for it.
    #[serde(default, skip_serializing_if = "Headroom::is_none")]
    pub headroom: Headroom,
    /// What is left of the wait of a start that changed the decision, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_wait_left: Option<Duration>,
    /// Whether the circuit breaker forbids growth.
    pub breaker_open: bool,
    /// The group's health when it was decided. Empty in decisions of earlier versions.
    #[serde(default, skip_serializing_if = "Verdict::is_healthy")]
    pub health: Verdict,
    /// Instance-hours and time in violation since the group is held in its present mode. Empty in
    /// decisions of earlier versions.
    #[serde(default, skip_serializing_if = "Hours::is_unknown")]
    pub hours: Hours,
    /// The same of the last seven days of UTC, today included.
    #[serde(default, skip_serializing_if = "Hours::is_unknown")]
    pub week: Hours,
    /// Instances that target tracking on the same load runs now, at each target. None before the
    /// first period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineNow>,
}

/// How far data is trusted, the older it is the less. Policy `forecast` goes down every step, the
/// others from the first to the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Staleness {
    /// The next period is not overdue.
    #[default]
    Fresh,
    /// It is: the forecast is made from older data, so its quantiles lie further apart.
    Widened,
    /// Too old to take capacity away by.
    ScaleOutOnly,
    /// Older than the limit, or there is none: an alarm was raised.
    Alarm,
}

impl Staleness {
    /// Whether the data is trusted wholly, as it nearly always is: then nothing is kept of it.
    pub fn is_fresh(&self) -> bool {
        *self == Self::Fresh
    }

    /// Whether the data is older than the limit.
    pub fn is_alarm(self) -> bool {
        self == Self::Alarm
    }
}

/// A known event at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFigures {
    /// Its name in the configuration.
    pub name: String,
    /// Capacity that it needs at least.
    pub minimum: Option<u32>,
}

/// What a policy wants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The capacity wanted; none where it wants what is.
    pub desired: Option<u32>,
    /// The rule that wants it.
    pub rule: Rule,
    /// What target tracking counted, where target tracking decided. None in decisions of earlier
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<TrackingRun>,
    /// Which of [`Inputs::signals`] asks for it. None for a group without signals, and where no
    /// signal asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<usize>,
}

impl Proposal {
    /// What `rule` wants: `desired`, or no change where that is none.
    pub const fn new(desired: Option<u32>, rule: Rule) -> Self {
        Self {
            desired,
            rule,
            run: None,
            signal: None,
        }
    }
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
    /// The thresholds of a signal.
    Threshold(ThresholdRule),
    /// The group is empty and nothing can be measured: start one instance.
    EmptyGroup,
    /// An operator pinned the capacity.
    Pinned,
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
    /// There is no prediction: there is no fresh data to ask about.
    NoPrediction,
    /// The model was asked and did not answer.
    NoAnswer,
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
    /// A known event needs at least this capacity.
    Scheduled,
    /// No new period comes, and what may have happened meanwhile asks for more.
    Late,
}

/// Levels of the quantiles that are forecast, ascending. The upper four are where capacity is
/// chosen: one minute in ten, in 33, in 100 and in 250 needs more.
pub const FORECAST_LEVELS: [f64; 5] = [0.5, 0.9, 0.97, 0.99, 0.996];

/// What the forecast saw and what it weighed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastFigures {
    /// Time ahead that is forecast: metric delay, lead time and the period itself.
    pub ahead: Duration,
    /// Utilisation above which time is a violation: what an instance serves of the load at most.
    /// None in decisions of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Percent>,
    /// Time that the history spans which it rests on.
    pub history: Duration,
    /// Whether more of the past is still being read.
    pub reading_history: bool,
    /// Time from launch to in service: the p90 of what was measured, or as configured.
    pub lead_time: Duration,
    /// Load at [`FORECAST_LEVELS`]; none while nothing can be forecast.
    pub quantiles: Option<[Load; 5]>,
    /// Whether the model is of the group's own history, or of generated load.
    pub own_model: bool,
    /// What load was measured by.
    pub load_source: LoadSource,
    /// Factor by which a known event lifts the quantiles; 1 without.
    pub uplift: f64,
    /// What the level is chosen by.
    pub pricing: Pricing,
    /// Instance-periods that one short period is worth at present.
    pub price: f64,
    /// Chance of being short at `high`: one minus the level that capacity is chosen at.
    pub short_chance: Option<f64>,
    /// Chance of being short at `low`, 0 to 1. None without a forecast, and in decisions of earlier
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_chance: Option<f64>,
    /// Capacity that is enough at the cheaper price: less is raised to it.
    pub low: u32,
    /// Capacity that is enough at the dearer price: more is a surplus.
    pub high: u32,
    /// Capacity that the load now needs.
    pub need: u32,
    /// What came of forecasts and budget over about a day, and about a week.
    pub kept: [ForecastKept; 2],
    /// Mean capacity and share of time short, of this policy and of target tracking on the same
    /// load, over the last seven days.
    pub against_tracking: Counterfactual,
    /// What limits the price; none if nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PriceLimit>,
}

/// What limits the risk price, and so the spare capacity that it buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceLimit {
    /// What may be spent to keep the violation budget is spent.
    MaxCost,
    /// The budget is overspent, and the group already costs as much as target tracking.
    Overspent,
}

/// What a load was measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadSource {
    /// CPU times instances in service.
    #[default]
    Cpu,
    /// The group's own load metric over what one instance serves.
    Metric,
}

/// What the level of the quantiles is chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// A price that follows a violation budget.
    Budget {
        /// Share of time that may be short.
        share: f64,
        /// The knob that follows it: each step makes a short period dearer by half.
        position: i32,
        /// The highest position that it may take.
        position_max: i32,
    },
    /// Stated prices: the newsvendor's level.
    Prices {
        /// Price of an instance-minute short over that of an instance-minute.
        short_per_instance: f64,
    },
}

/// What came of forecasts and budget over a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastKept {
    /// Minutes for which there was a forecast whose load is known by now. None in decisions of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// Share of loads at or below the quantile at each of [`FORECAST_LEVELS`]. None before the
    /// first forecast has matured.
    pub coverage: Option<[f64; 5]>,
    /// Share of time that the group was short.
    pub short: f64,
}

/// Means over the last seven days: this policy against the baseline, which is target tracking
/// simulated on the same load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counterfactual {
    /// Mean desired capacity of this policy.
    pub own: f64,
    /// Share of time that it was short.
    pub own_short: f64,
    /// Mean number of instances that target tracking would have had in service.
    pub tracking: f64,
    /// Share of time that it would have been short.
    pub tracking_short: f64,
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
    /// The group's history is being read: nothing is written.
    HistoryUnread,
    /// The forecast has not used the group's history yet: no scale-in.
    HistoryUnused,
    /// CPU above the upper bound: grow whatever the model says.
    UpperUtilisation,
    /// No scale-in during an instance refresh.
    InstanceRefresh,
    /// No scale-in while instances start: pending ones, and those that warm up.
    PendingLaunches,
    /// No scale-in while new instances die.
    EarlyDeaths,
    /// Load dropped suddenly, and may come back as suddenly: no scale-in for half an hour.
    LoadDropped,
    /// Too few instances report, or others than those that serve: no scale-in.
    Coverage,
    /// A signal that may scale in is missing or too old: no scale-in.
    SignalMissing,
    /// A scale-in must leave utilisation at or below the target, or under policy `forecast` the
    /// objective, and one instance.
    ProjectedUtilisation,
    /// The prediction is too uncertain.
    Confidence,
    /// Too few consecutive votes.
    Streak,
    /// Too soon after the last change.
    Cooldown,
    /// More was wanted within the stabilisation time: no scale-in below that capacity.
    Stabilisation,
    /// Scale-out is limited within a time.
    ScaleOutPace,
    /// Scale-in is limited within a time.
    ScaleInPace,
    /// Launches fail: desired is not raised above what exists.
    Breaker,
    /// Desired capacity cannot be set: another policy, weights, an operator of AWS.
    CannotWrite,
    /// The answer to a write is outstanding.
    WriteInFlight,
    /// Writes fail: the next one waits.
    WriteBackoff,
    /// Somebody suspended process `AlarmNotification`, so that nothing scales.
    HandsOff,
    /// An operator paused the group.
    Paused,
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
