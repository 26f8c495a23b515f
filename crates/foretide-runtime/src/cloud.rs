//! One account of the cloud as the runtime reaches it.

use std::sync::Arc;

use foretide_domain::{
    CallFailure, Datapoint, GroupState, HistoryQuery, MetricsQuery, Mode, Obstacle, Plan,
    Timestamp, WriteOutcome,
};
use futures_util::future::BoxFuture;

use crate::answers::Answers;

/// One region with one identity. Reads of many groups come together, so that an adapter can ask for
/// them in one request.
///
/// The runtime bounds the time of every call and how many run at once; a call that is dropped at
/// its deadline must leave the adapter usable.
pub trait Cloud: Send + Sync {
    /// How many groups one call may ask for.
    fn limits(&self) -> BatchLimits {
        BatchLimits::default()
    }

    /// Reads the groups `names`; answers each at its index as soon as it is known.
    fn read_groups<'a>(
        &'a self,
        names: &'a [Arc<str>],
        now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()>;

    /// Reads the closed periods asked for; answers each at its index as soon as it is known.
    fn read_metrics<'a>(
        &'a self,
        asks: &'a [MetricsAsk],
        now: Timestamp,
        answers: &'a Answers<Vec<Datapoint>>,
    ) -> BoxFuture<'a, ()>;

    /// Reads a part of the past of one group. Runs beside everything else, under a deadline of its
    /// own, and gives way where calls are scarce.
    fn read_history<'a>(
        &'a self,
        ask: &'a HistoryAsk,
    ) -> BoxFuture<'a, Result<HistoryPart, CallFailure>>;

    /// What speaks against writing to the group, as last read. Asked before every write.
    fn obstacles(&self, name: &str) -> Vec<Obstacle>;

    /// Re-reads the group and, where bounds and desired capacity still are as the plan expects,
    /// sets desired capacity. The only call that changes anything; only the actuator makes it.
    fn set_desired<'a>(
        &'a self,
        name: &'a str,
        plan: Plan,
        mode: Mode,
        now: Timestamp,
    ) -> BoxFuture<'a, WriteOutcome>;
}

/// How many groups one call may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Groups in one reading of groups. `DescribeAutoScalingGroups` takes 100 names.
    pub groups: usize,
    /// Groups in one reading of metrics. `GetMetricData` takes 500 queries; five a group make 100.
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

/// Whose metrics are wanted, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsAsk {
    /// The group's name.
    pub name: Arc<str>,
    /// Which periods.
    pub query: MetricsQuery,
}

/// Whose past is wanted, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryAsk {
    /// The group whose settings say what is read.
    pub name: Arc<str>,
    /// The group that is read: the same, or the one that it takes the place of.
    pub of: Arc<str>,
    /// Which part.
    pub query: HistoryQuery,
}

/// A part of a group's past.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPart {
    /// Closed periods, in any order.
    pub points: Vec<Datapoint>,
    /// What reading them cost, in USD.
    pub usd: f64,
}
