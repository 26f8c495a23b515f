//! One account of the cloud, as the runtime calls it.

use std::sync::Arc;

use foretide_domain::{
    CallFailure, Datapoint, GroupState, HistoryQuery, MetricsQuery, Mode, Obstacle, Plan,
    SignalReading, Timestamp, WriteOutcome,
};
use futures_util::future::BoxFuture;

use crate::answers::Answers;

/// One region with one identity. One call reads many groups, so an adapter can put them into one
/// request.
///
/// The runtime limits the duration of each call, and the number of calls under way. The runtime
/// drops a call at its deadline; the adapter must stay usable then.
pub trait Cloud: Send + Sync {
    /// Most groups of one call.
    fn limits(&self) -> BatchLimits {
        BatchLimits::default()
    }

    /// Reads the groups `names` at `now`. Puts each answer at the index of the group's name as soon
    /// as the answer is known.
    fn read_groups<'a>(
        &'a self,
        names: &'a [Arc<str>],
        now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()>;

    /// Reads the closed periods of `asks` at `now`. Puts each answer at its index as soon as the
    /// answer is known.
    fn read_metrics<'a>(
        &'a self,
        asks: &'a [MetricsAsk],
        now: Timestamp,
        answers: &'a Answers<MetricsAnswer>,
    ) -> BoxFuture<'a, ()>;

    /// Reads a part of the history of one group. This call runs beside all others, has a longer
    /// deadline, and gives way where calls are scarce.
    fn read_history<'a>(
        &'a self,
        ask: &'a HistoryAsk,
    ) -> BoxFuture<'a, Result<HistoryPart, CallFailure>>;

    /// The obstacles to writing to the group `name`, from the newest reading. The actuator asks
    /// before every write.
    fn obstacles(&self, name: &str) -> Vec<Obstacle>;

    /// Reads the group `name` again and sets its desired capacity, if bounds and desired capacity
    /// still are those that `plan` expects. Only this call changes anything, and only the actuator
    /// makes this call.
    fn set_desired<'a>(
        &'a self,
        name: &'a str,
        plan: Plan,
        mode: Mode,
        now: Timestamp,
    ) -> BoxFuture<'a, WriteOutcome>;
}

/// Most groups of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Groups in one reading of groups. `DescribeAutoScalingGroups` takes 100 names.
    pub groups: usize,
    /// Groups in one reading of metrics. `GetMetricData` takes 500 queries; five queries a group
    /// make 100 groups.
    pub metrics: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            groups: 100,
            metrics: 100,
        }
    }
}

/// A question for the metrics of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsAsk {
    /// The group's name.
    pub name: Arc<str>,
    /// The periods to read.
    pub query: MetricsQuery,
}

/// The answer to a [`MetricsAsk`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsAnswer {
    /// Closed periods, in any order.
    pub points: Vec<Datapoint>,
    /// Metrics of single instances that were read.
    pub instance_metrics: u32,
    /// What the same reading says of the signals.
    pub signals: Vec<SignalReading>,
}

impl From<Vec<Datapoint>> for MetricsAnswer {
    /// An answer without metrics of single instances and without signals.
    fn from(points: Vec<Datapoint>) -> Self {
        Self {
            points,
            ..Self::default()
        }
    }
}

/// A question for a part of the history of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryAsk {
    /// The group whose settings name the metrics.
    pub name: Arc<str>,
    /// The group whose metrics are read: the same group, or its predecessor.
    pub of: Arc<str>,
    /// The periods to read.
    pub query: HistoryQuery,
}

/// A part of a group's history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPart {
    /// Closed periods, in any order.
    pub points: Vec<Datapoint>,
    /// What the same part says of the signals.
    pub signals: Vec<SignalReading>,
    /// Cost of reading the points, USD.
    pub usd: f64,
}
