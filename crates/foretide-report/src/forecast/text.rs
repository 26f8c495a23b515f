//! Accuracy of forecasts for a person at a terminal.

use std::io::{self, Write};

use foretide_chart::blocks::{Cell, buckets, draw, largest, mean};

use super::SHOWN;
use super::measure::{Horizon, Measured};

/// Rows of the chart.
const CHART_ROWS: usize = 10;

/// Prints a table a horizon, then the chart of the first in `columns` columns.
pub fn print_forecast(measured: &Measured, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", measured.trace)?;
    for horizon in &measured.horizons {
        table(horizon, measured, out)?;
    }
    if let Some(first) = measured.horizons.first() {
        chart(first, columns, out)?;
    }
    Ok(())
}

fn table(horizon: &Horizon, measured: &Measured, out: &mut dyn Write) -> io::Result<()> {
    let figures = &horizon.accuracy;
    writeln!(
        out,
        "\n{} min ahead (boot {} s): {:.0} forecasts, {} fits",
        horizon.ahead_s / 60,
        horizon.boot_s,
        figures.forecasts,
        horizon.fits
    )?;
    writeln!(
        out,
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
            out,
            "  {:<8}{:>10}{rising:>10}{:>10.2}",
            format!("{} %", 100.0 * level),
            format!("{:.2} %", 100.0 * at(&figures.coverage)),
            at(&figures.pinball),
        )?;
    }
    let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    writeln!(
        out,
        "  MASE {}, WAPE {} (a day before: {})",
        known(figures.mase),
        known(figures.wape),
        known(figures.wape_seasonal_naive)
    )?;
    Ok(())
}

/// The load as bars, the 99 % quantile forecast for it as a line, over the whole history.
fn chart(horizon: &Horizon, columns: usize, out: &mut dyn Write) -> io::Result<()> {
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
        out,
        "\nload (bars) and 99 % quantile {minutes} min before (line), to {top:.0} instance-%"
    )?;
    for row in draw(&bars, &line, top, CHART_ROWS) {
        let text: String = row.into_iter().map(Cell::symbol).collect();
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}
