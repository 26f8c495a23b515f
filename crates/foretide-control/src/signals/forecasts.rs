//! What the forecasts of the signals rest on.

use std::collections::BTreeMap;
use std::time::Duration;

use foretide_domain::{CallId, SignalReading};

use crate::forecasting::Forecasting;

/// History and model of each signal, and what was read of their past and is not used yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct SignalForecasts {
    pub(super) of: BTreeMap<String, Forecasting>,
    pub(super) past: Vec<SignalReading>,
}

impl SignalForecasts {
    pub(crate) fn get(&self, name: &str) -> Option<&Forecasting> {
        self.of.get(name)
    }

    /// The forecast of the signal `name`, which begins with periods of this length where there is
    /// none. None where no such periods can be forecast.
    pub(super) fn of(
        &mut self,
        name: &str,
        period: Duration,
        lead_time: Duration,
    ) -> Option<&mut Forecasting> {
        if !self.of.contains_key(name) {
            let begun = Forecasting::start(period, lead_time)?;
            self.of.insert(name.to_owned(), begun);
        }
        self.of.get_mut(name)
    }

    /// Whether a model came that a snapshot should hold.
    pub(crate) fn has_refitted(&self) -> bool {
        self.of.values().any(|it| it.refitted)
    }

    /// Whether a fit is under way.
    pub(crate) fn is_fitting(&self) -> bool {
        self.of.values().any(Forecasting::is_fitting)
    }

    /// Whether `call` is a fit under way.
    pub(crate) fn awaits(&self, call: CallId) -> bool {
        self.of.values().any(|it| it.awaits(call))
    }

    /// Keeps a part of the past until it is used.
    pub(crate) fn keep_past(&mut self, readings: Vec<SignalReading>) {
        self.past.extend(readings);
    }
}
