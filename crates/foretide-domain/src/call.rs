//! A call to the outside: its name, what it asks for, and how it can fail.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Bounds;

/// Names one call, so that its answer finds it again; unique within a controller's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

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
