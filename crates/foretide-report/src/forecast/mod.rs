//! Accuracy of forecasts: measured, as text, and as `forecast.html`.

mod measure;
mod outlook;
mod text;

use maud::html;
use serde::Serialize;

use crate::page::{page, scripts};
use crate::thin;

pub use measure::{Horizon, LoadHistory, MeasureError, Measured, Seen, measure};
pub use outlook::{OutlookMeasured, OutlookRow, measure_outlook, print_outlook};
pub use text::print_forecast;

/// Index of the quantile that charts show as a line: 99 %.
const SHOWN: usize = 3;

const SCRIPT: &str = include_str!("../forecast.js");
/// Most points of all horizons of a page together. A point has four numbers, about 30 bytes, so the
/// page stays below 400 KB.
const POINTS_MAX: usize = 9_000;

/// The series of one horizon for the page, in instance-percent; each column has one value for each
/// period.
struct Series {
    /// Start of the period, milliseconds since 1970.
    at_ms: Vec<i64>,
    /// The load.
    load: Vec<f64>,
    /// The median forecast for it.
    median: Vec<f64>,
    /// The 99 % quantile forecast for it.
    upper: Vec<f64>,
}

/// The same series, thinned to the points that a page may have.
#[derive(Serialize)]
struct Thinned {
    /// Periods in one point.
    cells: usize,
    at_ms: Vec<i64>,
    load: Vec<f64>,
    median: Vec<f64>,
    upper: Vec<f64>,
}

/// The page of `measured`, with a chart of each horizon.
///
/// # Errors
/// If the figures cannot be written as JSON.
pub fn render_forecast(measured: &Measured) -> Result<String, serde_json::Error> {
    let points_max = POINTS_MAX / measured.horizons.len().max(1);
    let horizons = measured.horizons.iter().map(series);
    let drawn: Vec<Thinned> = horizons.map(|it| thinned(&it, points_max)).collect();
    let scripts = scripts(measured, &drawn, SCRIPT)?;
    let body = html! {
        header {
            h1 { "Foretide forecast" }
            p.soft {
                "Every period of the history is forecast from the periods before it, by the model that the \
                 group would have had at that time. Coverage: share of loads at or below the quantile; at the \
                 99 % quantile it should be 99 %. Rising load: the mean of 5 min is more than 5 % above the \
                 mean of 30 min. Pinball loss: in percent of one instance; lower is better. WAPE: sum of \
                 errors ÷ sum of loads. MASE: mean error ÷ mean error of the naive forecast; below 1 is better."
            }
        }
        main #horizons {}
        noscript {
            p {
                "A script draws the figures of this page, and scripts are switched off here. The file "
                code { "forecast.json" } " in the same folder has all figures."
            }
        }
    };
    Ok(page("Foretide forecast", &body, &scripts))
}

fn thinned(series: &Series, points_max: usize) -> Thinned {
    let cells = thin::cells(series.at_ms.len(), points_max);
    let highest = |column: &[f64]| {
        let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
        column.chunks(cells).map(most).collect()
    };
    Thinned {
        cells,
        at_ms: series.at_ms.iter().step_by(cells).copied().collect(),
        load: highest(&series.load),
        median: highest(&series.median),
        upper: highest(&series.upper),
    }
}

fn series(horizon: &Horizon) -> Series {
    let column = |of: fn(&Seen) -> f64| {
        let rounded = |seen| (10.0 * of(seen)).round() / 10.0;
        horizon.seen.iter().map(rounded).collect()
    };
    Series {
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
