//! How a history would have been forecast.

use foretide_domain::{FORECAST_LEVELS, Timestamp};
use foretide_forecast::{
    Accuracy, FitError, GenericError, Grid, GridError, LoadPoint, Matured, Period, generic, rolling,
};
use foretide_sim::in_parallel;
use serde::Serialize;
use thiserror::Error;

/// Version of `forecast.json`; grows when a reader of the old one would be misled.
const SCHEMA_VERSION: u32 = 1;
/// Seed of the trees, as the controller fits them.
const SEED: u64 = 1;

/// Load by period, in instance-percent, as the forecast sees it.
#[derive(Clone, Debug)]
pub struct LoadHistory {
    /// What it is called.
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
    /// The periods and the boot allow no forecast.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// Nothing can be fitted to it.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The built-in model is at fault.
    #[error(transparent)]
    Generic(#[from] GenericError),
    /// It ends before anything is scored.
    #[error("{trace}: nothing to score")]
    NothingScored {
        /// What it is called.
        trace: String,
    },
}

/// What was measured: `forecast.json`.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Version of what is written.
    pub schema_version: u32,
    /// What the history is called.
    pub trace: String,
    /// Load that one instance serves at 100 % CPU, in the trace's unit.
    pub unit: f64,
    /// Length of a period, in seconds.
    pub period_s: u32,
    /// Levels of the quantiles, ascending.
    pub levels: [f64; 5],
    /// What was measured of each boot asked for.
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
    /// Of the curve that capacity is chosen by.
    pub accuracy: Accuracy,
    /// Of the trees alone, which the live error has not widened.
    pub trees: Accuracy,
    /// Load that came and the quantiles forecast for it, in instance-percent.
    #[serde(skip)]
    pub seen: Vec<Seen>,
}

/// One period that was forecast.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Seen {
    /// When it began.
    pub at: Timestamp,
    /// Load that came.
    pub load: f64,
    /// Quantiles forecast for it, at the levels of [`Measured`].
    pub quantiles: [f64; 5],
}

/// Replays the history at every horizon, one for each of `boots_s`, on all cores.
///
/// # Errors
/// Where a horizon cannot be forecast, or nothing of it scored.
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
