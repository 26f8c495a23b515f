//! Five quantile forests fitted on a history: the forecast of the load one lead time ahead.

use foretide_domain::FORECAST_LEVELS;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::features::{FeatureRow, FeatureState};
use crate::gbm::{BinnedMatrix, Forest, GrowParams, MAX_ROWS, Tree, values};
use crate::grid::{Grid, Period};
use crate::history::{History, TRAINING_DAYS};

/// Days of history from which a group is forecast by a model of its own.
pub const FIRST_FIT_DAYS: f64 = 1.0;
/// Until this many days the leaves may be smaller, or five-minute data would give no tree.
const FULL_LEAVES_DAYS: f64 = 2.0;
const EARLY_MIN_ROWS: u32 = 100;

/// How to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FitParams {
    /// How the trees grow.
    pub grow: GrowParams,
}

/// Why there is no fit.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum FitError {
    /// Too little history.
    #[error("{rows} usable periods of history are fewer than the {needed} that a fit needs")]
    TooFewRows {
        /// Rows whose target is visible.
        rows: usize,
        /// Rows needed.
        needed: usize,
    },
    /// More rows than a histogram counts.
    #[error("{rows} rows exceed the {MAX_ROWS} that a fit can count")]
    TooManyRows {
        /// Rows given.
        rows: usize,
    },
    /// Rows and targets differ in number.
    #[error("{rows} rows with {targets} targets")]
    Unpaired {
        /// Rows given.
        rows: usize,
        /// Targets given.
        targets: usize,
    },
    /// The forests answer something that is no number.
    #[error("the fit answers numbers that are not finite")]
    NotFinite,
}

/// Rows with the load one lead time later, both relative to the row's recent level.
#[derive(Clone, Debug, Default)]
pub struct TrainingSet {
    /// Features.
    pub rows: Vec<FeatureRow>,
    /// `ln(load one lead later) − base`.
    pub targets: Vec<f32>,
}

impl TrainingSet {
    /// The rows of the last 14 days of `history` whose target is visible and no gap.
    pub fn of(history: &History) -> Self {
        let grid = history.grid();
        let lead = i64::from(grid.lead_steps());
        let mut set = Self::default();
        let (Some(oldest), Some(newest)) = (history.oldest(), history.newest()) else {
            return set;
        };
        let first = newest - lead + 1 - grid.periods(TRAINING_DAYS * 1440);
        let mut state = FeatureState::new(grid, oldest);
        let mut held = 0.0_f32;
        for (period, demand) in history.iter() {
            held = if demand.is_nan() { held } else { demand };
            state.push(f64::from(held));
            if period < first || demand.is_nan() {
                continue;
            }
            if let Some(later) = history.at(period + lead) {
                let target = FeatureState::log_load(f64::from(later)) - state.base();
                set.rows.push(state.row());
                set.targets.push(target);
            }
        }
        set
    }
}

/// A fitted model: quantiles of `ln(load one lead later) − base`, given a row of features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    grid: Grid,
    forests: [Forest; 5],
    rows: usize,
    through: Option<Period>,
}

/// Fits the five quantiles on the last 14 days of `history`. The same history, parameters and seed
/// give the same model.
pub fn fit(history: &History, params: &FitParams, seed: u64) -> Result<Fitted, FitError> {
    let mut params = *params;
    if history.days() < FULL_LEAVES_DAYS {
        params.grow.min_rows = params.grow.min_rows.min(EARLY_MIN_ROWS);
    }
    let set = TrainingSet::of(history);
    let mut fitted = fit_set(history.grid(), &set, &params, seed)?;
    fitted.through = history.newest();
    Ok(fitted)
}

/// Fits the five quantiles on a training set.
pub fn fit_set(
    grid: Grid,
    set: &TrainingSet,
    params: &FitParams,
    seed: u64,
) -> Result<Fitted, FitError> {
    let rows = set.rows.len();
    let needed = 2 * usize::try_from(params.grow.min_rows).unwrap_or(usize::MAX);
    if rows != set.targets.len() {
        let targets = set.targets.len();
        return Err(FitError::Unpaired { rows, targets });
    }
    if rows < needed {
        return Err(FitError::TooFewRows { rows, needed });
    }
    if rows > MAX_ROWS {
        return Err(FitError::TooManyRows { rows });
    }
    let matrix = BinnedMatrix::new(&set.rows);
    let forests =
        FORECAST_LEVELS.map(|level| Forest::fit(&matrix, &set.targets, level, &params.grow, seed));
    let fitted = Fitted {
        grid,
        forests,
        rows,
        through: None,
    };
    let newest = set.rows.last().map(|row| fitted.quantiles(row));
    if newest.is_some_and(|q| q.iter().all(|v| v.is_finite())) {
        Ok(fitted)
    } else {
        Err(FitError::NotFinite)
    }
}

impl Fitted {
    pub(crate) fn from_forests(grid: Grid, forests: [Forest; 5], rows: usize) -> Self {
        Self {
            grid,
            forests,
            rows,
            through: None,
        }
    }

    /// The same trees for another lead, as an approximation.
    pub(crate) fn on(self, grid: Grid) -> Self {
        Self { grid, ..self }
    }

    pub(crate) fn forests(&self) -> &[Forest; 5] {
        &self.forests
    }

    /// The quantiles at [`FORECAST_LEVELS`] of `ln(load one lead later) − base`, ascending.
    pub fn quantiles(&self, row: &FeatureRow) -> [f64; 5] {
        let mut quantiles = values(&self.forests, row).map(f64::from);
        quantiles.sort_unstable_by(f64::total_cmp);
        quantiles
    }

    /// Bytes of its trees.
    pub(crate) fn approximate_bytes(&self) -> usize {
        let trees = self.forests.iter().flat_map(|f| &f.trees);
        let bytes = |t: &Tree| size_of::<Tree>() + size_of_val(&*t.nodes) + size_of_val(&*t.leaves);
        trees.map(bytes).sum()
    }

    /// The grid and lead that it forecasts.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Rows that it was fitted on.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The newest period of the history that it was fitted on; none of a shipped model.
    pub fn through(&self) -> Option<Period> {
        self.through
    }
}
