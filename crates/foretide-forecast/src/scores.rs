//! How good forecasts were: pinball loss, coverage, MASE, WAPE.
//!
//! Formulas: pinball `ρ(y, q) = max(τ(y − q), (τ − 1)(y − q))` (Koenker and Bassett 1978); MASE as
//! Hyndman and Koehler 2006, scaled by the seasonal naive forecast; WAPE `Σ|y − f| / Σ|y|`. MAPE is
//! left out: it breaks at low load.

use foretide_domain::FORECAST_LEVELS;
use serde::{Deserialize, Serialize};

/// Pinball loss of quantile `q` at `level`, in the unit of `y`.
pub fn pinball(y: f64, q: f64, level: f64) -> f64 {
    let above = y - q;
    (level * above).max((level - 1.0) * above)
}

/// Sums over matured forecasts; loads in instance-percent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    count: f64,
    covered: [f64; 5],
    pinball: [f64; 5],
    rising_count: f64,
    rising_covered: [f64; 5],
    error: f64,
    naive_error: f64,
    naive_count: f64,
    load: f64,
    naive_load: f64,
}

/// One forecast with what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matured {
    /// Load that came.
    pub load: f64,
    /// Load forecast at [`FORECAST_LEVELS`], ascending.
    pub quantiles: [f64; 5],
    /// Load one season (a day or a week) before the load that came; none where it is not known.
    pub season_ago: Option<f64>,
    /// Whether load was rising when the forecast was made.
    pub rising: bool,
}

/// Whether load rises: its mean of the last 5 minutes exceeds that of the last 30 by 5 %. `recent`
/// holds periods of `step_minutes`, the newest last; too few periods are not rising.
pub fn is_rising(recent: &[f64], step_minutes: u32) -> bool {
    let mean = |minutes: u32| {
        let periods = usize::try_from(minutes / step_minutes.max(1)).ok()?.max(1);
        let tail = recent.get(recent.len().checked_sub(periods)?..)?;
        Some(tail.iter().sum::<f64>() / periods as f64)
    };
    match (mean(5), mean(30)) {
        (Some(now), Some(before)) => now > 1.05 * before,
        _ => false,
    }
}

impl Scores {
    /// Takes a matured forecast. Where quantiles coincide with the load (an idle group), a level
    /// counts as covered for its own share, as a randomised probability integral transform would.
    pub fn add(&mut self, matured: &Matured) {
        let y = matured.load;
        self.count += 1.0;
        self.load += y.abs();
        self.rising_count += f64::from(u8::from(matured.rising));
        for (k, (&q, level)) in matured.quantiles.iter().zip(FORECAST_LEVELS).enumerate() {
            let tied = (y - q).abs() <= 1e-4 * y.abs().max(1e-9);
            let covered = if tied {
                level
            } else {
                f64::from(u8::from(y < q))
            };
            self.covered[k] += covered;
            self.pinball[k] += pinball(y, q, level);
            self.rising_covered[k] += if matured.rising { covered } else { 0.0 };
        }
        self.error += (y - matured.quantiles[0]).abs();
        if let Some(ago) = matured.season_ago {
            self.naive_error += (y - ago).abs();
            self.naive_load += y.abs();
            self.naive_count += 1.0;
        }
    }

    /// Adds what another has seen.
    pub fn merge(&mut self, other: &Self) {
        for k in 0..FORECAST_LEVELS.len() {
            self.covered[k] += other.covered[k];
            self.pinball[k] += other.pinball[k];
            self.rising_covered[k] += other.rising_covered[k];
        }
        self.count += other.count;
        self.rising_count += other.rising_count;
        self.error += other.error;
        self.naive_error += other.naive_error;
        self.naive_count += other.naive_count;
        self.load += other.load;
        self.naive_load += other.naive_load;
    }

    /// The figures; nothing before the first forecast has matured.
    pub fn report(&self) -> Option<Accuracy> {
        let share = |sums: [f64; 5], count: f64| (count > 0.0).then(|| sums.map(|s| s / count));
        let ratio = |a: f64, b: f64| (b > 0.0).then(|| a / b);
        Some(Accuracy {
            forecasts: self.count,
            coverage: share(self.covered, self.count)?,
            coverage_rising: share(self.rising_covered, self.rising_count),
            pinball: share(self.pinball, self.count)?,
            mase: ratio(self.error / self.count, self.naive_error / self.naive_count),
            wape: ratio(self.error, self.load),
            wape_seasonal_naive: ratio(self.naive_error, self.naive_load),
        })
    }
}

/// Accuracy over a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Matured forecasts.
    pub forecasts: f64,
    /// Share of loads at or below each of [`FORECAST_LEVELS`].
    pub coverage: [f64; 5],
    /// The same where load was rising.
    pub coverage_rising: Option<[f64; 5]>,
    /// Mean pinball loss per level, in instance-percent.
    pub pinball: [f64; 5],
    /// Mean absolute error of the median over that of the seasonal naive forecast.
    pub mase: Option<f64>,
    /// Sum of absolute errors of the median over the sum of loads.
    pub wape: Option<f64>,
    /// The same of the seasonal naive forecast.
    pub wape_seasonal_naive: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinball_weighs_the_side_of_the_level() {
        assert!((pinball(10.0, 8.0, 0.9) - 1.8).abs() < 1e-12);
        assert!((pinball(8.0, 10.0, 0.9) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn figures_of_a_small_case_are_those_by_hand() {
        let mut scores = Scores::default();
        for (load, ago) in [(100.0, Some(90.0)), (200.0, Some(160.0)), (50.0, None)] {
            scores.add(&Matured {
                load,
                quantiles: [100.0, 120.0, 150.0, 180.0, 210.0],
                season_ago: ago,
                rising: load > 150.0,
            });
        }
        let report = scores.report().unwrap();
        // The tie at 100 counts half, 200 is above four levels, 50 is below all.
        assert!((report.coverage[0] - 0.5).abs() < 1e-12);
        assert!((report.coverage[4] - 1.0).abs() < 1e-12);
        assert_eq!(report.coverage_rising, Some([0.0, 0.0, 0.0, 0.0, 1.0]));
        assert!((report.wape.unwrap() - 150.0 / 350.0).abs() < 1e-12);
        assert!((report.wape_seasonal_naive.unwrap() - 50.0 / 300.0).abs() < 1e-12);
        assert!((report.mase.unwrap() - 50.0 / 25.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_matured_is_nothing_reported() {
        assert_eq!(Scores::default().report(), None);
    }

    #[test]
    fn rising_needs_half_an_hour() {
        let flat = [100.0; 30];
        assert!(!is_rising(&flat, 1));
        let mut up = flat;
        up[25..].fill(120.0);
        assert!(is_rising(&up, 1));
        assert!(!is_rising(&up[5..], 1));
        assert!(is_rising(&[100.0, 100.0, 100.0, 100.0, 100.0, 120.0], 5));
    }
}
