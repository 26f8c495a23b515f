//! A signal as the decision of a cycle sees it.

use std::time::Duration;

use foretide_domain::{ForecastFigures, Load, SignalStanding, SignalValue};
use foretide_forecast::sizing::SizingOutput;

use crate::config::SignalConfig;

/// A signal as the decision of a cycle sees it.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) config: SignalConfig,
    pub(crate) standing: SignalStanding,
    /// The newest values, the newest first.
    pub(crate) values: Vec<SignalValue>,
    /// Load on each instance in those periods, in percent; empty where it has none.
    pub(crate) utilisations: Vec<f64>,
    /// Instances in the newest period.
    pub(crate) instances: f64,
    /// The newest load, in instance-percent.
    pub(crate) load: Option<f64>,
    /// Time since the end of the newest period.
    pub(crate) age: Option<Duration>,
    pub(crate) per_instance: Option<f64>,
    pub(crate) coverage: Option<f64>,
    /// The optimiser's answer to the newest period, made wider while the next one is late.
    pub(crate) sizing: Option<SizingOutput>,
    /// Whether the instances beyond what it asks for have paid for their end.
    pub(crate) paid: bool,
    pub(crate) figures: Option<ForecastFigures>,
}

impl Judged {
    /// Whether a scale-in has to wait for a value of it.
    pub(crate) fn holds_scale_in(&self) -> bool {
        self.config.scale_in && !self.standing.may_take()
    }

    /// Load for the guard rails; none where what an instance carries is not known.
    pub(crate) fn shown_load(&self) -> Option<Load> {
        Load::new(self.load?)
    }
}
