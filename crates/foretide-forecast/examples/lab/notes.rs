//! Forecasts of a run, kept to try other laws on them, and how well they cover.

use std::path::Path;

use foretide_forecast::law::Forecast;
use foretide_forecast::{FLOOR, LEVELS};

use crate::pilot::Noted;

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

/// How often the true load lay at or below each quantile, everywhere and where load rises.
#[derive(Default)]
pub(crate) struct Coverage {
    all: [f64; 5],
    rising: [f64; 5],
    count: f64,
    count_rising: f64,
}

impl Coverage {
    /// `load[p]` is the true load of period `p` in instance-percent. At the floor, where several
    /// levels are the same value, a level counts as covered for its own share.
    pub(crate) fn add(&mut self, noted: &[Noted], load: &[f64], lead: usize, from: usize) {
        for (p, (_, forecast)) in noted.iter().enumerate().skip(from.max(30)) {
            let (Some(f), Some(later)) = (forecast, load.get(p + lead)) else {
                continue;
            };
            let mean = |n: usize| load[p + 1 - n..=p].iter().sum::<f64>() / n as f64;
            let rising = mean(5) > 1.05 * mean(30);
            let y = later.max(f64::from(FLOOR)).ln();
            self.count += 1.0;
            self.count_rising += f64::from(u8::from(rising));
            for (k, level) in LEVELS.iter().enumerate() {
                let q = f.base + f.quantiles[k];
                let covered = if (y - q).abs() < 1e-4 {
                    *level
                } else {
                    f64::from(u8::from(y < q))
                };
                self.all[k] += covered;
                self.rising[k] += if rising { covered } else { 0.0 };
            }
        }
    }

    pub(crate) fn print(&self, name: &str) {
        let share =
            |sums: &[f64; 5], count: f64| sums.map(|s| format!("{:.4}", s / count)).join(" ");
        println!(
            "coverage {name}: {} ({} periods); rising {} ({})",
            share(&self.all, self.count),
            self.count,
            share(&self.rising, self.count_rising),
            self.count_rising
        );
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for k in 0..5 {
            self.all[k] += other.all[k];
            self.rising[k] += other.rising[k];
        }
        self.count += other.count;
        self.count_rising += other.count_rising;
    }
}
