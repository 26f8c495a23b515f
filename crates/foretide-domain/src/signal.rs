//! Signals: further metrics of a group that ask for capacity beside CPU.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{CallFailure, Load, Timestamp};

/// The name under which CPU stands among the signals.
pub const CPU_SIGNAL: &str = "cpu";

/// What one reading says of one signal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SignalReading {
    /// The signal's name in the configuration.
    pub name: String,
    /// Its closed periods, in any order, repeats allowed, possibly none. A period without a value
    /// is missing, never zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<SignalValue>,
    /// Why its source did not answer; none where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<CallFailure>,
}

/// One closed period of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalValue {
    /// Start of the period.
    pub start: Timestamp,
    /// Length of the period.
    pub period: Duration,
    /// The value in the metric's own unit. Sums and counts are of one minute, whatever the period.
    pub value: f64,
}

impl SignalValue {
    /// End of the period.
    pub fn end(&self) -> Timestamp {
        self.start.plus(self.period)
    }
}

/// How far a signal is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalStanding {
    /// Its newest value is young enough to act on.
    Fresh,
    /// Its newest value is too old to take capacity away by.
    Late,
    /// Its newest value is older than the limit.
    Stale,
    /// It has no value.
    Missing,
    /// What one instance carries is not learnt yet: the signal asks for nothing and holds nothing.
    NotLearnt,
}

impl SignalStanding {
    /// Whether the signal may ask for more capacity.
    pub const fn may_ask(self) -> bool {
        matches!(self, Self::Fresh | Self::Late)
    }

    /// Whether capacity may be taken away by the signal. One that is not judged yet stands against
    /// nothing.
    pub const fn may_take(self) -> bool {
        matches!(self, Self::Fresh | Self::NotLearnt)
    }
}

/// What one signal said when a decision was made. CPU is the first of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalFigures {
    /// Its name.
    pub name: String,
    /// How far it is judged.
    pub standing: SignalStanding,
    /// Its newest value, in the metric's own unit (CPU: percent).
    pub value: Option<f64>,
    /// Time since the end of that value's period.
    pub age: Option<Duration>,
    /// The newest load that it shows, in instance-percent. None for a signal of thresholds alone.
    pub load: Option<Load>,
    /// What one instance carries at 100 % in the metric's own unit, given or learnt. None for CPU,
    /// for a mean per instance, and while it is not learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_instance: Option<f64>,
    /// Share of its newest periods that have a value, 0 to 1. None before the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// Time that its own history spans. None where nothing is forecast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Duration>,
    /// Median and 99.6 % quantile of the load that is forecast for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<[Load; 2]>,
    /// The capacity that it asks for alone, within no bounds; desired capacity where it asks for no
    /// change.
    pub asks: u32,
    /// Whether its asking decided.
    pub binds: bool,
}

/// Rules of a signal that has thresholds and nothing that one instance carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdRule {
    /// Enough values in a row above the threshold for scale-out.
    Above,
    /// Enough values in a row below the threshold for scale-in: the signal stands against nothing.
    Below,
    /// Neither of the two: desired capacity stays as it is.
    Between,
    /// Values above the threshold, but a change is still under way or too young to be seen.
    AboveWaiting,
}
