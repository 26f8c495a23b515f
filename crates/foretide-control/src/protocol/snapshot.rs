//! What a controller goes on from: its state, and what its forecast rests on.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{LoadSource, Timestamp};
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

    /// The load of each period that is known, by its start, in instance-percent of CPU; what was
    /// served while CPU was saturated stands for more, as forecasts take it. None where load is
    /// that of the group's own metric.
    pub fn loads(&self) -> Option<Vec<(Timestamp, f64)>> {
        let source = self.latest.as_ref().map(|latest| latest.source);
        if source == Some(LoadSource::Metric) {
            return None;
        }
        let oldest = self.history.oldest()?;
        let seconds = i64::try_from(self.period().as_secs()).ok()?;
        let periods = oldest..oldest + self.history.len();
        let known = periods.filter_map(|period| {
            let start = Timestamp::from_seconds(period * seconds);
            Some((start, f64::from(self.history.at(period)?)))
        });
        Some(known.collect())
    }

    /// Whether it holds a model of the group's own.
    pub fn has_model(&self) -> bool {
        self.own.is_some()
    }
}
