//! How the quantiles and the budget have fared lately: what an explanation tells of them.

use std::collections::VecDeque;

use foretide_domain::ForecastKept;
use serde::{Deserialize, Serialize};

use super::curve::Curve;
use crate::grid::Grid;

const DAY_MINUTES: f64 = 1440.0;
const WEEK_MINUTES: f64 = 10_080.0;

/// Running means over about a day and a week, with the curves that have not matured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    open: VecDeque<Option<[f64; 5]>>,
    day: Means,
    week: Means,
}

/// Means over one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Means {
    minutes: f64,
    short: f64,
    forecast_minutes: f64,
    covered: [f64; 5],
}

impl Ledger {
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

    /// Takes the newest log load and the share of its period that was short.
    pub(crate) fn observe(&mut self, log_demand: f64, short: f64, grid: Grid) {
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
            means.short += share * (short - means.short);
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
            coverage: (means.forecast_minutes > 0.0).then_some(means.covered),
            short: means.short,
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
        let mut ledger = Ledger::new();
        assert_eq!(ledger.kept()[0].coverage, None);
        let curve = Curve::new(6.0, [0.0, 0.1, 0.2, 0.3, 0.4], 0.0, 1.0);
        // From period 0 for period 2, which lies between the second and the third point.
        ledger.observe(6.0, 0.0, grid);
        ledger.remember(Some(&curve));
        ledger.pass_over(grid);
        ledger.observe(6.15, 1.0, grid);
        ledger.remember(None);
        let [day, week] = ledger.kept();
        assert_eq!(day.coverage, Some([0.0, 0.0, 1.0, 1.0, 1.0]));
        assert!((day.short - 0.5).abs() < 1e-12 && day == week);
        ledger.observe(9.0, 0.0, grid);
        assert_eq!(ledger.kept()[0].coverage, day.coverage, "none was forecast");
    }

    #[test]
    fn a_day_forgets_sooner_than_a_week() {
        let grid = Grid::new(5, 2).unwrap();
        let mut ledger = Ledger::new();
        (0..288).for_each(|_| ledger.observe(6.0, 1.0, grid));
        (0..288 * 2).for_each(|_| ledger.observe(6.0, 0.0, grid));
        let [day, week] = ledger.kept();
        assert!(
            day.short < 0.2 && (week.short - 1.0 / 3.0).abs() < 1e-9,
            "{day:?} {week:?}"
        );
    }
}
