//! The words that every part of Foretide speaks: a group and its bounds, what was measured of it,
//! the events and effects of the control cycle, and a decision with its explanation.
//!
//! Invariant: nothing here reads a clock, does I/O or knows a wire or file format. Types derive
//! serde's traits so that the edges can choose a format; no format crate is a dependency.

mod datapoint;
mod decision;
mod effect;
mod event;
mod explanation;
mod features;
mod group;
mod order;
mod sentence;
mod time;
mod tracking;
mod unfold;
mod units;

pub use datapoint::{Datapoint, Memory};
pub use decision::{Decision, Mode};
pub use effect::{Alarm, Effect, ForeignChange, HistoryQuery, MetricsQuery, Outcome, Plan, Record};
pub use event::{Asked, CallFailure, CallId, Event, FailureKind, WriteOutcome};
pub use explanation::{
    ClassifierRule, Counterfactual, EventFigures, Explanation, ForecastFigures, ForecastKept,
    ForecastRule, Guard, GuardStep, Inputs, LoadSource, PolicyKind, Pricing, Proposal, Rule,
    Staleness, TrackingRule,
};
pub use features::{Class, Features, Prediction, TaskPriority, TaskType, UnknownCategory};
pub use group::{Bounds, BoundsError, GroupState, Launch, LifecycleCounts, SuspendedProcesses};
pub use order::{Order, OrderedMode, Orders, Paused, Pinned};
pub use time::{NoTimestamp, Timestamp};
pub use tracking::{TargetTracking, Tracked, whole_instances};
pub use unfold::{Fact, Section, Unfolded};
pub use units::{BytesPerSecond, Load, Percent};
