//! What can happen to the controller of one group.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Bounds, Datapoint, GroupState, Order, Prediction};

/// Names one call, so that its answer finds it again; unique within a controller's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// Something happened: the only way by which the world reaches the controller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The time asked for has come.
    Woke,
    /// The group was read.
    GroupRead {
        /// The call answered.
        call: CallId,
        /// What it said.
        group: GroupState,
    },
    /// Metrics were read: closed periods, in any order, repeats allowed, possibly none.
    MetricsRead {
        /// The call answered.
        call: CallId,
        /// What it said.
        points: Vec<Datapoint>,
    },
    /// A part of the past was read: closed periods, in any order, possibly none.
    HistoryRead {
        /// The call answered.
        call: CallId,
        /// What it said.
        points: Vec<Datapoint>,
    },
    /// A fit of the forecast ended. Its model is no event: whoever runs the controller hands it
    /// over, and a replay fits again.
    Fitted {
        /// The call answered.
        call: CallId,
    },
    /// The model answered.
    Predicted {
        /// The call answered.
        call: CallId,
        /// What it said.
        prediction: Prediction,
    },
    /// A write was carried out, or not.
    WriteSettled {
        /// The call answered.
        call: CallId,
        /// How it ended.
        outcome: WriteOutcome,
    },
    /// An operator ordered something.
    Ordered {
        /// What.
        order: Order,
        /// Who.
        by: String,
    },
    /// A reading call or a prediction failed.
    CallFailed {
        /// The call that failed.
        call: CallId,
        /// What it had asked for.
        asked: Asked,
        /// Why.
        failure: CallFailure,
    },
}

/// What a call that can fail asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// The group.
    Group,
    /// Metrics.
    Metrics,
    /// A part of the past.
    History,
    /// The model.
    Prediction,
}

/// Why a call brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFailure {
    /// The kind, on which rules depend.
    pub kind: FailureKind,
    /// A sentence for a person; holds no secret.
    pub detail: String,
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.detail)
    }
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No answer within the deadline; a write may have been carried out.
    TimedOut,
    /// The service refuses for now.
    Throttled,
    /// Credentials are missing, expired or lack a permission.
    Denied,
    /// The group does not exist.
    NotFound,
    /// The service calls the request invalid.
    Rejected,
    /// The service failed, or cannot be reached.
    Unavailable,
    /// An answer came that makes no sense.
    Malformed,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "timed out",
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::NotFound => "not found",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed answer",
        })
    }
}

/// How a write ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum WriteOutcome {
    /// The group accepted the new desired capacity.
    Accepted,
    /// Not written: between decision and write, bounds or desired capacity had changed to these.
    Moved {
        /// Bounds found.
        bounds: Bounds,
        /// Desired capacity found.
        desired: u32,
    },
    /// Not written: the actuator is in dry-run.
    DryRun,
    /// The call failed. After a time-out it is unknown whether it was carried out.
    Failed(CallFailure),
}
