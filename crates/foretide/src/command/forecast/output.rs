//! Accuracy for a person at a terminal, as a page, and for machines.

use std::path::{Path, PathBuf};

use crate::chart::{Cell, buckets, draw, largest, mean};
use crate::command::Context;
use crate::command::output::whole;
use crate::failure::{Exit, Failure};
use foretide_report::{ForecastSeries, render_forecast};

use super::measure::{Horizon, Measured};

/// Rows of the chart.
const CHART_ROWS: usize = 10;
/// The level whose quantile the chart shows as a line: 99 %.
const SHOWN: usize = 3;

/// Prints a table a horizon, then the chart of the first.
pub(crate) fn print(measured: &Measured, context: &mut Context<'_>) -> Result<(), Failure> {
    writeln!(context.out, "{}", measured.trace)?;
    for horizon in &measured.horizons {
        table(horizon, measured, context)?;
    }
    if let Some(first) = measured.horizons.first() {
        chart(first, context)?;
    }
    Ok(())
}

fn table(horizon: &Horizon, measured: &Measured, context: &mut Context<'_>) -> Result<(), Failure> {
    let figures = &horizon.accuracy;
    writeln!(
        context.out,
        "\n{} min ahead (boot {} s): {:.0} forecasts, {} fits",
        horizon.ahead_s / 60,
        horizon.boot_s,
        figures.forecasts,
        horizon.fits
    )?;
    writeln!(
        context.out,
        "  {:<8}{:>10}{:>10}{:>10}",
        "level", "coverage", "rising", "pinball"
    )?;
    for (index, level) in measured.levels.iter().enumerate() {
        let at = |shares: &[f64; 5]| shares.get(index).copied().unwrap_or(f64::NAN);
        let rising = figures.coverage_rising.as_ref().map_or_else(
            || "-".to_owned(),
            |shares| format!("{:.2} %", 100.0 * at(shares)),
        );
        writeln!(
            context.out,
            "  {:<8}{:>10}{rising:>10}{:>10.2}",
            format!("{} %", 100.0 * level),
            format!("{:.2} %", 100.0 * at(&figures.coverage)),
            at(&figures.pinball),
        )?;
    }
    let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    writeln!(
        context.out,
        "  MASE {}, WAPE {} (a day before: {})",
        known(figures.mase),
        known(figures.wape),
        known(figures.wape_seasonal_naive)
    )?;
    Ok(())
}

/// The load as bars, the 99 % quantile forecast for it as a line, over the whole history.
fn chart(horizon: &Horizon, context: &mut Context<'_>) -> Result<(), Failure> {
    let columns = context.terminal.width();
    let loads: Vec<f64> = horizon.seen.iter().map(|seen| seen.load).collect();
    let upper: Vec<f64> = horizon
        .seen
        .iter()
        .map(|seen| seen.quantiles.get(SHOWN).copied().unwrap_or(0.0))
        .collect();
    let bars = buckets(&loads, columns, mean);
    let line = buckets(&upper, columns, mean);
    let tops: Vec<f64> = bars.iter().chain(&line).flatten().copied().collect();
    let top = largest(&tops);
    let minutes = horizon.ahead_s / 60;
    writeln!(
        context.out,
        "\nload (bars) and 99 % quantile {minutes} min before (line), to {top:.0} instance-%"
    )?;
    for row in draw(&bars, &line, top, CHART_ROWS) {
        let text: String = row.into_iter().map(Cell::symbol).collect();
        writeln!(context.out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// Writes the figures and the page; says which files.
pub(crate) fn write(folder: &Path, measured: &Measured) -> Result<Vec<PathBuf>, Failure> {
    let internal = |error: serde_json::Error| Failure::of(Exit::Internal, &error);
    let mut json = serde_json::to_vec_pretty(measured).map_err(internal)?;
    json.push(b'\n');
    let series: Vec<ForecastSeries> = measured.horizons.iter().map(series).collect();
    let page = render_forecast(measured, &series).map_err(internal)?;
    [
        ("forecast.json", json),
        ("forecast.html", page.into_bytes()),
    ]
    .into_iter()
    .map(|(name, content)| whole(folder, name, &content))
    .collect()
}

fn series(horizon: &Horizon) -> ForecastSeries {
    let column = |of: fn(&super::measure::Seen) -> f64| {
        let rounded = |seen| (10.0 * of(seen)).round() / 10.0;
        horizon.seen.iter().map(rounded).collect()
    };
    ForecastSeries {
        at_ms: horizon
            .seen
            .iter()
            .map(|seen| seen.at.as_millis())
            .collect(),
        load: column(|seen| seen.load),
        median: column(|seen| seen.quantiles[0]),
        upper: column(|seen| seen.quantiles[SHOWN]),
    }
}
