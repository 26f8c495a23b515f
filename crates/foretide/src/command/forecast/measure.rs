//! A history as the forecast sees it, and how it would have been forecast.

use foretide_domain::{Bounds, Timestamp};
use foretide_forecast::{
    Accuracy, FitError, Grid, GridError, LEVELS, LoadPoint, Matured, Period, generic, rolling,
};
use foretide_sim::{Case, Setup, in_parallel};
use serde::Serialize;

use crate::cli::ConfigFlags;
use crate::command::input;
use crate::failure::{Exit, Failure};

use super::args::ForecastArgs;
use super::source::Source;

/// Version of `forecast.json`; grows when a reader of the old one would be misled.
const SCHEMA_VERSION: u32 = 1;
/// Seed of the trees, as the controller fits them.
const SEED: u64 = 1;

/// Load by period, in instance-percent.
pub(crate) struct Load {
    trace: String,
    unit: f64,
    period_s: u32,
    points: Vec<LoadPoint>,
    from: Period,
}

impl Load {
    /// Reads the history and brings it to periods.
    pub(crate) fn read(args: &ForecastArgs, flags: &ConfigFlags) -> Result<Self, Failure> {
        let source = Source::of(args, flags)?;
        let trace = source
            .trace
            .cut(args.skip, args.days)
            .map_err(|error| Failure::of(Exit::Data, &error).hint("see --skip and --days"))?;
        // Nothing is scaled here; the case is asked for its unit and its demand.
        let bounds = Bounds::new(1, 1).map_err(|error| Failure::of(Exit::Internal, &error))?;
        let setup = Setup {
            unit: args.unit.or(source.unit),
            warmup_days: args.warmup,
            ..Setup::new(bounds)
        };
        let case = Case::new(trace, setup).map_err(|error| input::no_case(&error, &source.hint))?;
        let period_s = i64::from(source.period_s.max(1));
        let start_s = case.trace().start().as_seconds();
        let points = (0..case.trace().span_s() / period_s).map(|index| {
            let mean = mean(&case, index * period_s, period_s);
            LoadPoint {
                period: (start_s + index * period_s).div_euclid(period_s),
                load: 100.0 * mean / case.unit(),
                saturated: false,
            }
        });
        Ok(Self {
            trace: source.name,
            unit: case.unit(),
            period_s: source.period_s,
            points: points.collect(),
            from: (start_s + case.scoring_from_s()).div_euclid(period_s),
        })
    }
}

/// Mean demand of a period; steps of ten seconds divide every trace's and every period.
fn mean(case: &Case, from_s: i64, period_s: i64) -> f64 {
    let steps = (period_s / 10).max(1);
    let sum: f64 = (0..steps).map(|step| case.at(from_s + 10 * step).0).sum();
    sum / steps as f64
}

/// What was measured: `forecast.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) schema_version: u32,
    pub(crate) trace: String,
    /// Load that one instance serves at 100 % CPU, in the trace's unit.
    pub(crate) unit: f64,
    pub(crate) period_s: u32,
    pub(crate) levels: [f64; 5],
    pub(crate) horizons: Vec<Horizon>,
}

/// One horizon.
#[derive(Debug, Serialize)]
pub(crate) struct Horizon {
    pub(crate) boot_s: u32,
    /// Time from the newest period to the one forecast.
    pub(crate) ahead_s: u32,
    /// Models fitted on the history.
    pub(crate) fits: u32,
    /// Of the curve that capacity is chosen by.
    pub(crate) accuracy: Accuracy,
    /// Of the trees alone, which the live error has not widened.
    pub(crate) trees: Accuracy,
    /// Load that came and the quantiles forecast for it, in instance-percent.
    #[serde(skip)]
    pub(crate) seen: Vec<Seen>,
}

/// One period that was forecast.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Seen {
    pub(crate) at: Timestamp,
    pub(crate) load: f64,
    pub(crate) quantiles: [f64; 5],
}

/// Replays the history at every horizon, on all cores.
pub(crate) fn measure(load: &Load, args: &ForecastArgs) -> Result<Measured, Failure> {
    let grids = args
        .boot
        .iter()
        .map(|boot| Ok((*boot, grid(load.period_s, *boot)?)))
        .collect::<Result<Vec<_>, GridError>>()
        .map_err(|error| Failure::of(Exit::Usage, &error).hint("see --period and --boot"))?;
    let horizons = in_parallel(&grids, |(boot, grid)| horizon(load, *boot, *grid), |_| ());
    let horizons = horizons.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Measured {
        schema_version: SCHEMA_VERSION,
        trace: load.trace.clone(),
        unit: load.unit,
        period_s: load.period_s,
        levels: LEVELS,
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

fn horizon(load: &Load, boot_s: u32, grid: Grid) -> Result<Horizon, Failure> {
    let model = generic(grid).map_err(|error| Failure::of(Exit::Internal, &error))?;
    let period_s = 60 * i64::from(grid.step_minutes());
    let mut seen = Vec::new();
    let mut keep = |period: Period, matured: &Matured| {
        seen.push(Seen {
            at: Timestamp::from_seconds(period * period_s),
            load: matured.load,
            quantiles: matured.quantiles,
        });
    };
    let rolled = rolling(&load.points, grid, model, load.from, SEED, &mut keep)
        .map_err(|error: FitError| Failure::of(Exit::Data, &error))?;
    let reports = rolled.curve.report().zip(rolled.trees.report());
    let (accuracy, trees) = reports.ok_or_else(|| {
        Failure::new(Exit::Data, format!("{}: nothing to score", load.trace))
            .hint("the trace must be longer than --warmup and the horizon")
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
