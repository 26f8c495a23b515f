//! How good outlooks would have been on a history, beside the same minute of the day before.

use std::collections::BTreeMap;

use crate::grid::{Grid, Period};
use crate::history::{History, LoadPoint};
use crate::outlook::{OUTLOOK_LEVELS, outlook};
use crate::scores::pinball;

/// Hours between two outlooks that are checked.
const EVERY_HOURS: i64 = 6;
/// Days of history before the first one.
const AFTER_DAYS: i64 = 3;

/// Pinball losses and coverage of outlooks, at [`OUTLOOK_LEVELS`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutlookAccuracy {
    /// Periods that were forecast and whose load is known.
    pub forecasts: f64,
    /// Mean pinball loss of the outlook, in instance-percent.
    pub pinball: [f64; 3],
    /// The same of the load at the same minute of the last day known: one value for every level.
    pub pinball_naive: [f64; 3],
    /// Share of loads at or below the quantile.
    pub coverage: [f64; 3],
}

impl OutlookAccuracy {
    /// Loss over that of the day before, all levels together: below 1 the outlook is better. None
    /// where the day before was never wrong.
    pub fn against_naive(&self) -> Option<f64> {
        let naive: f64 = self.pinball_naive.iter().sum();
        (naive > 0.0).then(|| self.pinball.iter().sum::<f64>() / naive)
    }
}

/// Checks the outlook over `hours` that there would have been every six hours, from the fourth day
/// of `points` on. `points` are in order. None if no outlook has come true. Nothing later than an
/// outlook enters it.
pub fn outlook_accuracy(points: &[LoadPoint], grid: Grid, hours: u32) -> Option<OutlookAccuracy> {
    let load: BTreeMap<Period, f64> = points.iter().map(|it| (it.period, it.demand())).collect();
    let first = *load.first_key_value()?.0;
    let hour = grid.periods(60);
    let mut history = History::new(grid);
    let mut sums = OutlookAccuracy::default();
    for point in points {
        if !history.push(*point) {
            continue;
        }
        let told = point.period % (EVERY_HOURS * hour) == 0
            && point.period - first >= AFTER_DAYS * 24 * hour;
        if !told {
            continue;
        }
        for row in outlook(&history, hours) {
            for target in row.from..row.from + hour {
                let days = (target - point.period + 24 * hour - 1) / (24 * hour);
                let naive = load.get(&(target - days * 24 * hour));
                if let (Some(came), Some(naive)) = (load.get(&target), naive) {
                    sums.add(*came, row.quantiles, *naive);
                }
            }
        }
    }
    (sums.forecasts > 0.0).then(|| sums.means())
}

impl OutlookAccuracy {
    fn add(&mut self, came: f64, quantiles: [f64; 3], naive: f64) {
        self.forecasts += 1.0;
        for (k, level) in OUTLOOK_LEVELS.into_iter().enumerate() {
            self.pinball[k] += pinball(came, quantiles[k], level);
            self.pinball_naive[k] += pinball(came, naive, level);
            self.coverage[k] += f64::from(u8::from(came <= quantiles[k]));
        }
    }

    fn means(self) -> Self {
        let mean = |sums: [f64; 3]| sums.map(|sum| sum / self.forecasts);
        Self {
            forecasts: self.forecasts,
            pinball: mean(self.pinball),
            pinball_naive: mean(self.pinball_naive),
            coverage: mean(self.coverage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of a sine with some noise that repeats with no day.
    fn points(days: i64) -> Vec<LoadPoint> {
        let point = |period: Period| {
            let angle = std::f64::consts::TAU * (period % 1440) as f64 / 1440.0;
            let noise = (period * 7919 % 1009) as f64 / 1009.0;
            LoadPoint {
                period,
                load: 400.0 + 200.0 * angle.sin() + 60.0 * noise,
                saturated: false,
            }
        };
        (0..days * 1440).map(point).collect()
    }

    #[test]
    fn a_daily_wave_is_foreseen_better_than_by_the_day_before() {
        let grid = Grid::new(1, 5).unwrap();
        let accuracy = outlook_accuracy(&points(9), grid, 24).unwrap();
        assert!(accuracy.against_naive().unwrap() < 0.8, "{accuracy:?}");
        let [half, most, _] = accuracy.coverage;
        assert!(
            (0.4..0.6).contains(&half) && (0.85..0.95).contains(&most),
            "{accuracy:?}"
        );
    }

    #[test]
    fn too_little_history_is_no_accuracy_and_later_points_change_no_outlook() {
        let grid = Grid::new(1, 5).unwrap();
        assert_eq!(outlook_accuracy(&points(3), grid, 24), None);
        let mut altered = points(6);
        let whole = outlook_accuracy(&altered[..5 * 1440], grid, 24).unwrap();
        altered[5 * 1440..].iter_mut().for_each(|it| it.load *= 9.0);
        assert_eq!(
            outlook_accuracy(&altered[..5 * 1440], grid, 24),
            Some(whole)
        );
    }
}
