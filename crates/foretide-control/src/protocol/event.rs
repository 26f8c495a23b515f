//! What can happen to the controller of one group.

use foretide_domain::{
    Asked, CallFailure, CallId, Datapoint, GroupState, Order, Prediction, SignalReading,
    WriteOutcome,
};
use serde::{Deserialize, Serialize};

use super::FitOutcome;
use crate::config::ControllerConfig;

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
        /// Metrics of single instances that were read.
        #[serde(default, skip_serializing_if = "is_zero")]
        instance_metrics: u32,
        /// What the same reading says of the signals.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signals: Vec<SignalReading>,
    },
    /// A part of the past was read: closed periods, in any order, possibly none.
    HistoryRead {
        /// The call answered.
        call: CallId,
        /// What it said.
        points: Vec<Datapoint>,
        /// What the same part says of the signals.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signals: Vec<SignalReading>,
    },
    /// A fit of the forecast ended.
    Fitted {
        /// The call answered.
        call: CallId,
        /// How it ended. A journal does not hold the model: a replay runs the job again.
        #[serde(skip)]
        outcome: FitOutcome,
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
    /// A snapshot is wanted; the answer comes at the end of the look and of the write under way.
    #[serde(skip)]
    SnapshotAsked,
    /// The group has other settings from now on, which must be valid
    /// ([`ControllerConfig::validate`]). A look under way is given up.
    #[serde(skip)]
    Configured(Box<ControllerConfig>),
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Event {
    /// The event as a journal holds it; none for those that the next snapshot stands for.
    ///
    /// A part of the history is in the snapshot that follows it. A model is made again from the
    /// job.
    pub fn journaled(&self) -> Option<Self> {
        Some(match self {
            Self::SnapshotAsked | Self::Configured(_) => return None,
            Self::HistoryRead { call, .. } => Self::HistoryRead {
                call: *call,
                points: Vec::new(),
                signals: Vec::new(),
            },
            Self::Fitted { call, .. } => Self::Fitted {
                call: *call,
                outcome: FitOutcome::NotKept,
            },
            other => other.clone(),
        })
    }
}
