//! The calibration record: how often loads stayed below their quantiles, and how much time was in
//! violation. Explanations show both.

use std::collections::VecDeque;

use foretide_domain::ForecastKept;
use serde::{Deserialize, Serialize};

use super::curve::Curve;
use crate::grid::Grid;

const DAY_MINUTES: f64 = 1440.0;
const WEEK_MINUTES: f64 = 10_080.0;

/// Running means over about a day and about a week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CalibrationRecord {
    /// Curves whose load is not known yet, as logarithms of load at each level, oldest first. None
    /// for a period without a forecast.
    open: VecDeque<Option<[f64; 5]>>,
    day: Means,
    week: Means,
}

/// Means over one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Means {
    /// Minutes seen.
    minutes: f64,
    /// Share of time in violation, 0 to 1.
    #[serde(rename = "short")]
    violation: f64,
    /// Minutes for which there was a forecast.
    forecast_minutes: f64,
    /// Share of loads at or below the quantile at each level, 0 to 1.
    covered: [f64; 5],
}

impl CalibrationRecord {
    pub(crate) fn new() -> Self {
        Self {
            open: VecDeque::new(),
            day: Means::default(),
            week: Means::default(),
        }
    }

    /// Forgets curves of another lead.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }

    /// Takes the newest log load and the share of its period in violation, 0 to 1.
    pub(crate) fn observe(&mut self, log_demand: f64, violation: f64, grid: Grid) {
        let minutes = f64::from(grid.step_minutes());
        let matured = self.mature(grid).map(|points| {
            points.map(|q| {
                // The load of an idle group is the floor itself and no level misses it.
                f64::from(u8::from(log_demand <= q + 1e-6))
            })
        });
        for (means, window) in [(&mut self.day, DAY_MINUTES), (&mut self.week, WEEK_MINUTES)] {
            means.minutes += minutes;
            let share = share(minutes, means.minutes, window);
            means.violation += share * (violation - means.violation);
            if let Some(covered) = matured {
                means.forecast_minutes += minutes;
                let share = self::share(minutes, means.forecast_minutes, window);
                for (mean, covered) in means.covered.iter_mut().zip(covered) {
                    *mean += share * (covered - *mean);
                }
            }
        }
    }

    /// A period without data.
    pub(crate) fn pass_over(&mut self, grid: Grid) {
        self.mature(grid);
        self.open.push_back(None);
    }

    /// Keeps the curve from the newest period, if there was one.
    pub(crate) fn remember(&mut self, curve: Option<&Curve>) {
        self.open.push_back(curve.map(Curve::points));
    }

    /// Over about a day, and about a week.
    pub(crate) fn kept(&self) -> [ForecastKept; 2] {
        [self.day, self.week].map(|means| ForecastKept {
            minutes: Some(means.forecast_minutes),
            coverage: (means.forecast_minutes > 0.0).then_some(means.covered),
            short: means.violation,
        })
    }

    /// The curve that was made for the period now seen.
    fn mature(&mut self, grid: Grid) -> Option<[f64; 5]> {
        let lead = usize::try_from(grid.lead_steps()).unwrap_or(1);
        while self.open.len() > lead {
            self.open.pop_front();
        }
        if self.open.len() == lead {
            self.open.pop_front().flatten()
        } else {
            None
        }
    }
}

/// The weight of the newest stretch in a mean over all that was seen, at most about a window.
fn share(minutes: f64, seen: f64, window: f64) -> f64 {
    (minutes / seen).max(minutes / window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_of_the_period_that_was_forecast_and_gaps_keep_the_count() {
        let grid = Grid::new(1, 2).unwrap();
        let mut record = CalibrationRecord::new();
        assert_eq!(record.kept()[0].coverage, None);
        let curve = Curve::new(6.0, [0.0, 0.1, 0.2, 0.3, 0.4], 0.0, 1.0);
        // From period 0 for period 2, which lies between the second and the third point.
        record.observe(6.0, 0.0, grid);
        record.remember(Some(&curve));
        record.pass_over(grid);
        record.observe(6.15, 1.0, grid);
        record.remember(None);
        let [day, week] = record.kept();
        assert_eq!(day.coverage, Some([0.0, 0.0, 1.0, 1.0, 1.0]));
        assert!((day.short - 0.5).abs() < 1e-12 && day == week);
        record.observe(9.0, 0.0, grid);
        assert_eq!(record.kept()[0].coverage, day.coverage, "none was forecast");
    }

    #[test]
    fn a_day_forgets_sooner_than_a_week() {
        let grid = Grid::new(5, 2).unwrap();
        let mut record = CalibrationRecord::new();
        (0..288).for_each(|_| record.observe(6.0, 1.0, grid));
        (0..288 * 2).for_each(|_| record.observe(6.0, 0.0, grid));
        let [day, week] = record.kept();
        assert!(
            day.short < 0.2 && (week.short - 1.0 / 3.0).abs() < 1e-9,
            "{day:?} {week:?}"
        );
    }
}
