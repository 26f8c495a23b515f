//! The words that every part of Foretide speaks: a group and its bounds, what was measured of it,
//! what is asked of the outside and recorded, and a decision with its explanation.
//!
//! Invariant: nothing here reads a clock, does I/O or knows a wire or file format. Types derive
//! serde's traits so that the edges can choose a format; no format crate is a dependency.

mod call;
mod civil_zone;
mod datapoint;
mod decision;
mod explanation;
mod fair;
mod features;
mod group;
mod headroom;
mod health;
mod hours;
mod hours_figures;
mod mode;
mod obstacle;
mod order;
mod outlook;
mod pace;
mod plan;
mod price_table;
mod readiness;
mod record;
mod scheduled;
mod serving;
mod signal;
mod stall;
mod time;
mod tracking;
mod units;
mod violation;
mod words;

pub use call::{Asked, CallFailure, CallId, FailureKind, WriteOutcome};
pub use civil_zone::{CivilZone, NoCivilZone};
pub use datapoint::{Datapoint, Memory};
pub use decision::Decision;
pub use explanation::{
    ClassifierRule, Counterfactual, EventFigures, Explanation, FORECAST_LEVELS, ForecastFigures,
    ForecastKept, ForecastRule, Guard, GuardStep, Inputs, LoadSource, PolicyKind, PriceLimit,
    Pricing, Proposal, Rule, Staleness,
};
pub use fair::{BANK, BANK_TARGETS, Bank, Baseline, BaselineNow, Fairest, Figures, fairest};
pub use features::{Class, Features, Prediction, TaskPriority, TaskType, UnknownCategory};
pub use group::{
    Bounds, BoundsError, EarlyDeath, GroupState, Launch, LifecycleCounts, SuspendedProcesses,
};
pub use headroom::Headroom;
pub use health::{Cause, Condition, HealthState, Severity, Verdict};
pub use hours::Hours;
pub use hours_figures::HoursFigures;
pub use mode::Mode;
pub use obstacle::Obstacle;
pub use order::{Order, OrderedMode, Orders, Paused, Pinned};
pub use outlook::{HourAhead, OUTLOOK_LEVELS, Outlook};
pub use pace::{PaceFigures, PaceWindow, Stabilised};
pub use plan::{HistoryQuery, MetricsQuery, Plan};
pub use price_table::{PriceTable, Priced, PricedShare, Spent};
pub use readiness::{Readiness, ReadinessDoubt};
pub use record::{Alarm, ForeignChange, Outcome, Record};
pub use scheduled::ScheduledChange;
pub use serving::{
    GroupCpu, InTransition, InstanceCpu, SATURATED_CPU, Served, ServingCpu, Unaccounted, is_alike,
    serving_cpu,
};
pub use signal::{
    CPU_SIGNAL, SignalFigures, SignalReading, SignalStanding, SignalValue, ThresholdRule,
};
pub use stall::{stalled, stalled_after};
pub use time::{NoTimestamp, Timestamp};
pub use tracking::{TargetTracking, Tracked, TrackingRule, TrackingRun, whole_instances};
pub use units::{BytesPerSecond, Load, Percent};
pub use violation::Violation;
pub use words::{Comparison, Fact, Section, Unfolded};
