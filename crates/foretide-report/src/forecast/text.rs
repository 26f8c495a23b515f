//! Accuracy of forecasts as text for a terminal.

use std::io::{self, Write};

use foretide_chart::blocks::{Cell, buckets, draw, largest, mean};

use super::SHOWN;
use super::measure::{Horizon, Measured};

/// Rows of the chart.
const CHART_ROWS: usize = 10;
/// WAPE of the naive forecast below which it is almost exact, so that MASE divides by nearly 0.
const NAIVE_IS_EXACT: f64 = 0.01;

/// Prints one table for each horizon, then the chart of the first horizon in `columns` columns.
pub fn print_forecast(measured: &Measured, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", measured.trace)?;
    for horizon in &measured.horizons {
        table(horizon, measured, out)?;
    }
    legend(out)?;
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
        "  {:<8}{:>10}{:>12}{:>10}\n  {:<8}{:>10}{:>12}{:>10}",
        "", "", "coverage at", "pinball", "quantile", "coverage", "rising load", "loss"
    )?;
    for (index, level) in measured.levels.iter().enumerate() {
        let at = |shares: &[f64; 5]| shares.get(index).copied().unwrap_or(f64::NAN);
        let rising = figures.coverage_rising.as_ref().map_or_else(
            || "-".to_owned(),
            |shares| format!("{:.2} %", 100.0 * at(shares)),
        );
        writeln!(
            out,
            "  {:<8}{:>10}{rising:>12}{:>10.2}",
            format!("{} %", 100.0 * level),
            format!("{:.2} %", 100.0 * at(&figures.coverage)),
            at(&figures.pinball),
        )?;
    }
    let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    writeln!(
        out,
        "  median: WAPE {}\n  naive forecast (same time yesterday): WAPE {}\n  MASE {}",
        known(figures.wape),
        known(figures.wape_seasonal_naive),
        known(figures.mase)
    )?;
    if figures
        .wape_seasonal_naive
        .is_some_and(|wape| wape < NAIVE_IS_EXACT)
    {
        writeln!(
            out,
            "  The naive forecast is almost exact, because the load repeats daily:\n  \
             MASE says little here; read WAPE."
        )?;
    }
    Ok(())
}

/// Says what the columns mean.
fn legend(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\ncoverage: share of loads at or below the quantile; at 99 % it should be 99 %\n\
         rising load: the mean of 5 min is more than 5 % above the mean of 30 min\n\
         pinball loss: in percent of one instance; lower is better\n\
         WAPE: sum of errors ÷ sum of loads\n\
         MASE: mean error ÷ mean error of the naive forecast; below 1 is better"
    )
}

/// Draws the whole history: the load as bars, its 99 % quantile forecast as a line.
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
        "\nload (bars) and its 99 % quantile, forecast {minutes} min before (line)\n\
         top of the chart: {:.2} busy instances",
        top / 100.0
    )?;
    for row in draw(&bars, &line, top, CHART_ROWS) {
        let text: String = row.into_iter().map(Cell::symbol).collect();
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}
