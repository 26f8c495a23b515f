//! Measures how accurately a history would have been forecast.

use foretide_domain::{FORECAST_LEVELS, Timestamp};
use foretide_forecast::{
    Accuracy, FitError, GenericError, Grid, GridError, LoadPoint, Matured, Period, generic, rolling,
};
use foretide_sim::in_parallel;
use serde::Serialize;
use thiserror::Error;

/// Version of `forecast.json`; raised when readers of the old version would misread the new one.
const SCHEMA_VERSION: u32 = 1;
/// Seed of the trees, as the controller fits them.
const SEED: u64 = 1;

/// Load of each period, in instance-percent, as the forecast sees the load.
#[derive(Clone, Debug)]
pub struct LoadHistory {
    /// Name of the history.
    pub trace: String,
    /// Load that one instance serves at 100 % CPU, in the trace's unit.
    pub unit: f64,
    /// Length of a period, in seconds.
    pub period_s: u32,
    /// The load of each period.
    pub points: Vec<LoadPoint>,
    /// The first period that is scored.
    pub from: Period,
}

/// Why a history cannot be measured.
#[derive(Debug, Error)]
pub enum MeasureError {
    /// No forecast is possible with this length of periods and this boot time.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// No model can be fitted to the history.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The built-in model is broken.
    #[error(transparent)]
    Generic(#[from] GenericError),
    /// The history ends before any forecast can be scored.
    #[error(
        "{trace}: no forecast can be scored: the history has {periods} periods of {period_s} s, \
         and warm-up and horizon take all of them"
    )]
    NothingScored {
        /// Name of the history.
        trace: String,
        /// Periods in the history.
        periods: usize,
        /// Length of a period, in seconds.
        period_s: u32,
    },
}

/// The measured accuracy: `forecast.json`.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Version of the format.
    pub schema_version: u32,
    /// Name of the history.
    pub trace: String,
    /// Load that one instance serves at 100 % CPU, in the trace's unit.
    pub unit: f64,
    /// Length of a period, in seconds.
    pub period_s: u32,
    /// Levels of the quantiles, ascending.
    pub levels: [f64; 5],
    /// One horizon for each boot time.
    pub horizons: Vec<Horizon>,
}

/// One horizon.
#[derive(Debug, Serialize)]
pub struct Horizon {
    /// Time that a launch takes, in seconds.
    pub boot_s: u32,
    /// Time from the newest period to the one forecast.
    pub ahead_s: u32,
    /// Models fitted on the history.
    pub fits: u32,
    /// Accuracy of the curve from which capacity is chosen.
    pub accuracy: Accuracy,
    /// Accuracy of the trees alone, before the live error widens them.
    pub trees: Accuracy,
    /// Observed loads and the quantiles that were forecast for them, in instance-percent.
    #[serde(skip)]
    pub seen: Vec<Seen>,
}

/// One period that was forecast.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Seen {
    /// Start of the period.
    pub at: Timestamp,
    /// Observed load.
    pub load: f64,
    /// Quantiles that were forecast for the period, at the levels of [`Measured`].
    pub quantiles: [f64; 5],
}

/// Replays the history at every horizon, one for each of `boots_s`, on all cores.
///
/// # Errors
/// If a horizon cannot be forecast, or no forecast of a horizon can be scored.
pub fn measure(load: &LoadHistory, boots_s: &[u32]) -> Result<Measured, MeasureError> {
    let grids = boots_s
        .iter()
        .map(|boot| Ok((*boot, grid(load.period_s, *boot)?)))
        .collect::<Result<Vec<_>, GridError>>()?;
    let horizons = in_parallel(&grids, |(boot, grid)| horizon(load, *boot, *grid), |_| ());
    let horizons = horizons.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Measured {
        schema_version: SCHEMA_VERSION,
        trace: load.trace.clone(),
        unit: load.unit,
        period_s: load.period_s,
        levels: FORECAST_LEVELS,
        horizons,
    })
}

fn grid(period_s: u32, boot_s: u32) -> Result<Grid, GridError> {
    let step = if period_s.is_multiple_of(60) {
        period_s / 60
    } else {
        0
    };
    Grid::for_boot(step, boot_s.div_ceil(60))
}

fn horizon(load: &LoadHistory, boot_s: u32, grid: Grid) -> Result<Horizon, MeasureError> {
    let model = generic(grid)?;
    let period_s = 60 * i64::from(grid.step_minutes());
    let mut seen = Vec::new();
    let mut keep = |period: Period, matured: &Matured| {
        seen.push(Seen {
            at: Timestamp::from_seconds(period * period_s),
            load: matured.load,
            quantiles: matured.quantiles,
        });
    };
    let rolled = rolling(&load.points, grid, model, load.from, SEED, &mut keep)?;
    let reports = rolled.curve.report().zip(rolled.trees.report());
    let (accuracy, trees) = reports.ok_or_else(|| MeasureError::NothingScored {
        trace: load.trace.clone(),
        periods: load.points.len(),
        period_s: load.period_s,
    })?;
    Ok(Horizon {
        boot_s,
        ahead_s: 60 * grid.step_minutes() * grid.lead_steps(),
        fits: rolled.fits,
        accuracy,
        trees,
        seen,
    })
}
