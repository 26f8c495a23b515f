//! What a controller asks for: periods to read, a capacity to set.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Bounds, Timestamp};

/// Which closed periods are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsQuery {
    /// Periods that start at or after this time.
    pub from: Timestamp,
    /// Most metrics of single instances that may be read beside those of the group.
    pub instance_metrics: u32,
}

/// Which part of the past is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// Periods that start at or after this time.
    pub from: Timestamp,
    /// Periods that start before this time.
    pub to: Timestamp,
    /// Length of a period.
    pub period: Duration,
}

/// A decision ready to be carried out: nothing is left to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Desired capacity to set.
    pub desired: u32,
    /// Desired capacity that the decision was made on.
    pub expected_desired: u32,
    /// Bounds that the decision was made on.
    pub expected_bounds: Bounds,
}
