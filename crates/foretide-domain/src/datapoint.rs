//! One closed period of a group's metrics.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{BytesPerSecond, Load, Percent, Timestamp, Unaccounted};

/// What CloudWatch says of one closed period of a group.
///
/// A value that was not published is `None`, never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Datapoint {
    /// Start of the period: the stamp that CloudWatch gives it.
    pub start: Timestamp,
    /// Length of the period (60 s with detailed monitoring, 300 s with basic).
    pub period: Duration,
    /// Mean CPU utilisation over the serving instances; saturates at 100. With `unaccounted`, over
    /// all that reported.
    pub cpu: Option<Percent>,
    /// Mean number of serving instances that the values stand for (not whole when instances came or
    /// went within the period).
    pub instances: f64,
    /// Received by the whole fleet.
    pub network_in: Option<BytesPerSecond>,
    /// Sent by the whole fleet.
    pub network_out: Option<BytesPerSecond>,
    /// Memory in use as the CloudWatch agent measured it; `None` where no agent reports.
    pub memory: Option<Percent>,
    /// The configured load metric, in its own unit per period, uncensored by saturation.
    pub demand: Option<f64>,
    /// Instances that reported without serving, where their CPU could not be taken out of the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unaccounted: Option<Unaccounted>,
}

impl Datapoint {
    /// End of the period.
    pub fn end(&self) -> Timestamp {
        self.start.plus(self.period)
    }

    /// Load that was served: mean utilisation × instances. A lower bound of demand where CPU is
    /// saturated.
    pub fn load(&self) -> Option<Load> {
        self.cpu
            .and_then(|cpu| Load::new(cpu.get() * self.instances))
    }
}

/// Memory in use, and where the figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "source", content = "percent")]
pub enum Memory {
    /// As the CloudWatch agent measured it.
    Measured(Percent),
    /// Derived from CPU, as the original does where nothing is measured.
    Estimated(Percent),
}

impl Memory {
    /// The percentage, wherever it comes from.
    pub const fn percent(self) -> Percent {
        match self {
            Self::Measured(percent) | Self::Estimated(percent) => percent,
        }
    }
}
