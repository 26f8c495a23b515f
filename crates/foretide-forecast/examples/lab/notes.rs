//! Forecasts of a run, kept to try other constants on them, and how well they cover.

use std::path::Path;

use foretide_forecast::sizing::Forecast;
use foretide_forecast::{FLOOR, Grid, Matured, Scores, is_rising};

use crate::Run;
use crate::pilot::{Noted, Pilot};
use crate::world::Setup;

pub(crate) fn write(path: &Path, noted: &[Noted]) -> Result<(), String> {
    let mut bytes = Vec::with_capacity(noted.len() * 56);
    for (demand, forecast) in noted {
        let f = forecast.unwrap_or(Forecast {
            base: f64::NAN,
            quantiles: [f64::NAN; 5],
        });
        for v in [*demand, f.base].into_iter().chain(f.quantiles) {
            bytes.extend(v.to_le_bytes());
        }
    }
    std::fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}

pub(crate) fn read(path: &Path) -> Result<Vec<Noted>, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let numbers: Vec<f64> = bytes
        .chunks_exact(8)
        .filter_map(|b| b.try_into().ok().map(f64::from_le_bytes))
        .collect();
    Ok(numbers
        .chunks_exact(7)
        .map(|n| {
            let forecast = Forecast {
                base: n[1],
                quantiles: [n[2], n[3], n[4], n[5], n[6]],
            };
            (n[0], (!n[1].is_nan()).then_some(forecast))
        })
        .collect())
}

/// Scores of the trees' quantiles and of the optimiser's curve against the true load.
pub(crate) fn scores(run: &Run<'_>, setup: &Setup, grid: Grid, pilot: &Pilot) -> [Scores; 2] {
    let load: Vec<f64> = run
        .demand
        .chunks_exact(setup.step as usize)
        .map(|d| (100.0 * d.iter().sum::<f64>() / d.len() as f64 / run.unit).max(f64::from(FLOOR)))
        .collect();
    let day = (1440 / setup.step) as usize;
    let lead = grid.lead_steps() as usize;
    let mut both = [Scores::default(), Scores::default()];
    let from = (run.score_from / setup.step) as usize;
    for (p, ((_, forecast), (_, output))) in pilot.noted.iter().zip(&pilot.outputs).enumerate() {
        let (Some(f), Some(curve), Some(&later)) = (forecast, output.curve, load.get(p + lead))
        else {
            continue;
        };
        if p < from {
            continue;
        }
        let trees = f.quantiles.map(|q| (q + f.base).exp());
        let curve = curve.points().map(f64::exp);
        for (scores, quantiles) in both.iter_mut().zip([trees, curve]) {
            scores.add(&Matured {
                load: later,
                quantiles,
                season_ago: (p + lead).checked_sub(day).map(|t| load[t]),
                rising: is_rising(&load[..=p], setup.step as u32),
            });
        }
    }
    both
}
