//! What a controller goes on from: its state, and what its forecast rests on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{LoadSource, Outlook, Timestamp};
use foretide_forecast::sizing::SizingOutput;
use foretide_forecast::{Fitted, History};
use serde::{Deserialize, Serialize};

use crate::state::SavedState;

/// A controller between two looks with no write outstanding. The default is one that knows nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Its state; none for a controller that begins with nothing.
    pub state: Option<SavedState>,
    /// History and model of its forecast; none where nothing is forecast. It holds the history
    /// that was read, which a journal of events does not.
    pub forecast: Option<Arc<ForecastSnapshot>>,
}

/// What a group's forecast rests on: history and model. About half a megabyte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastSnapshot {
    pub(crate) history: History,
    pub(crate) own: Option<Fitted>,
    /// Back to when history was asked for and read.
    pub(crate) read_from: Option<Timestamp>,
    /// No fit is asked for before this time.
    pub(crate) not_before: Option<Timestamp>,
    /// The newest forecast. Snapshots of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latest: Option<LatestForecast>,
    /// The newest outlook. Snapshots of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outlook: Option<Outlook>,
    /// The same of each signal, by name; each without signals of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) signals: BTreeMap<String, ForecastSnapshot>,
}

/// What was forecast from the newest period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatestForecast {
    /// Start of that period: a forecast of another one than the state's newest is not used.
    pub(crate) of: Timestamp,
    pub(crate) output: SizingOutput,
    /// What the load was measured by.
    pub(crate) source: LoadSource,
    /// Factor by which a known event lifts the forecast; 1 without.
    pub(crate) uplift: f64,
    /// The event that lifts it.
    pub(crate) lifting: Option<String>,
}

impl ForecastSnapshot {
    /// Days from the oldest period held to the newest.
    pub fn days(&self) -> f64 {
        self.history.days()
    }

    /// Periods held, gaps left out.
    pub fn periods(&self) -> usize {
        self.history.known()
    }

    /// Length of a period of the history.
    pub fn period(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.history.grid().step_minutes()))
    }

    /// What its loads were measured by; none before the first forecast.
    pub fn source(&self) -> Option<LoadSource> {
        self.latest.as_ref().map(|latest| latest.source)
    }

    /// Start and load of the periods held, the oldest first, gaps left out. Loads are in
    /// instance-percent as the forecast takes them: a period with CPU at its limit counts as half
    /// as much again, since it says only what was served.
    pub fn loads(&self) -> impl Iterator<Item = (Timestamp, f64)> {
        let step = 60 * i64::from(self.history.grid().step_minutes());
        let known = self.history.iter().filter(|(_, load)| !load.is_nan());
        known.map(move |(period, load)| {
            let start = Timestamp::from_seconds(period.saturating_mul(step));
            (start, f64::from(load))
        })
    }

    /// Whether it holds a model of the group's own.
    pub fn has_model(&self) -> bool {
        self.own.is_some()
    }
}
