//! `foretide forecast`: measures the accuracy of the forecast on a history.

mod args;
mod source;

use std::path::{Path, PathBuf};

use foretide_domain::Bounds;
use foretide_forecast::LoadPoint;
use foretide_report::{
    LoadHistory, MeasureError, Measured, measure, measure_outlook, print_forecast, print_outlook,
    render_forecast,
};
use foretide_sim::{Case, Setup};
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;

use super::Context;
use super::output::{prepare, whole};
use source::Source;

pub(crate) use args::ForecastArgs;

/// Runs it.
pub(crate) fn run(
    args: &ForecastArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let load = read(args, flags)?;
    if let Some(hours) = args.horizon {
        let error = |error| not_measured(&MeasureError::Grid(error));
        let measured = measure_outlook(&load, hours).map_err(error)?;
        return Ok(print_outlook(&measured, context.out)?);
    }
    if let Some(folder) = &args.out {
        prepare(folder)?;
    }
    let measured = measure(&load, &args.boot).map_err(|error| not_measured(&error))?;
    print_forecast(&measured, context.terminal.width(), context.out)?;
    if let Some(folder) = &args.out {
        for path in write(folder, &measured)? {
            writeln!(context.out, "{}", path.display())?;
        }
    }
    Ok(())
}

/// The failure for a history that cannot be measured: the history or a flag is wrong.
fn not_measured(error: &MeasureError) -> Failure {
    match error {
        MeasureError::Grid(_) => Failure::of(Exit::Usage, error).hint("see --period and --boot"),
        MeasureError::Fit(_) => Failure::of(Exit::Data, error),
        MeasureError::Generic(_) => Failure::of(Exit::Internal, error),
        MeasureError::NothingScored { .. } => Failure::of(Exit::Data, error)
            .hint("the history must be longer than --warmup and the horizon together"),
    }
}

/// Reads the history and averages it over periods.
fn read(args: &ForecastArgs, flags: &ConfigFlags) -> Result<LoadHistory, Failure> {
    let source = Source::of(args, flags)?;
    let trace = source
        .trace
        .cut(args.skip, args.days)
        .map_err(|error| Failure::of(Exit::Data, &error).hint("see --skip and --days"))?;
    // No scaling is simulated; the case only gives the unit and the demand.
    let bounds = Bounds::new(1, 1).map_err(|error| Failure::of(Exit::Internal, &error))?;
    let setup = Setup {
        unit: args.unit.or(source.unit),
        warmup_days: args.warmup,
        ..Setup::new(bounds)
    };
    let case =
        Case::new(trace, setup).map_err(|error| foretide_files::no_case(&error, &source.hint))?;
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
    Ok(LoadHistory {
        trace: source.name,
        unit: case.unit(),
        period_s: source.period_s,
        points: points.collect(),
        from: (start_s + case.scoring_from_s()).div_euclid(period_s),
    })
}

/// Mean demand of a period. Steps of ten seconds divide every period and every step of a trace.
fn mean(case: &Case, from_s: i64, period_s: i64) -> f64 {
    let steps = (period_s / 10).max(1);
    let sum: f64 = (0..steps).map(|step| case.at(from_s + 10 * step).0).sum();
    sum / steps as f64
}

/// Writes the figures and the page. Returns the files.
fn write(folder: &Path, measured: &Measured) -> Result<Vec<PathBuf>, Failure> {
    let internal = |error: serde_json::Error| Failure::of(Exit::Internal, &error);
    let mut json = serde_json::to_vec_pretty(measured).map_err(internal)?;
    json.push(b'\n');
    let page = render_forecast(measured).map_err(internal)?;
    [
        ("forecast.json", json),
        ("forecast.html", page.into_bytes()),
    ]
    .into_iter()
    .map(|(name, content)| whole(folder, name, &content))
    .collect()
}
