//! How far the median has lately been off: what widens the curve.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::curve::Curve;
use crate::grid::Grid;

const START: f64 = 0.05;
const HALF_LIFE_MINUTES: f64 = 60.0;

/// Running mean absolute error of the median in log load, with the medians that have not matured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LiveError {
    sigma: f64,
    medians: VecDeque<Option<f64>>,
}

impl LiveError {
    pub(crate) fn new() -> Self {
        Self {
            sigma: START,
            medians: VecDeque::new(),
        }
    }

    pub(crate) fn sigma(&self) -> f64 {
        self.sigma
    }

    /// Forgets medians of another lead.
    pub(crate) fn clear(&mut self) {
        self.medians.clear();
    }

    /// Takes the newest log load against the median forecast for it one lead ago.
    pub(crate) fn observe(&mut self, log_demand: f64, grid: Grid) {
        let lead = usize::try_from(grid.lead_steps()).unwrap_or(1);
        while self.medians.len() > lead {
            self.medians.pop_front();
        }
        if self.medians.len() == lead
            && let Some(Some(median)) = self.medians.pop_front()
        {
            let minutes = f64::from(grid.step_minutes());
            let share = 1.0 - 0.5_f64.powf(minutes / HALF_LIFE_MINUTES);
            self.sigma += share * ((log_demand - median).abs() - self.sigma);
        }
    }

    /// A period without data: no median is judged by it, and none is made from it.
    pub(crate) fn pass_over(&mut self, grid: Grid) {
        let lead = usize::try_from(grid.lead_steps()).unwrap_or(1);
        self.medians.push_back(None);
        while self.medians.len() > lead {
            self.medians.pop_front();
        }
    }

    /// Keeps the median of the forecast from the newest period, if there was one.
    pub(crate) fn remember(&mut self, curve: Option<&Curve>) {
        self.medians.push_back(curve.map(|c| c.points()[0]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_judged_by_the_load_one_lead_later() {
        let grid = Grid::new(1, 2).unwrap();
        let mut error = LiveError::new();
        let curve = Curve::new(6.0, [0.0; 5], 0.0, 1.0);
        error.remember(Some(&curve));
        error.observe(9.0, grid);
        assert!((error.sigma() - START).abs() < 1e-12, "not matured yet");
        error.remember(None);
        error.observe(6.5, grid);
        let share = 1.0 - 0.5_f64.powf(1.0 / 60.0);
        assert!((error.sigma() - (START + share * (0.5 - START))).abs() < 1e-12);
        error.remember(None);
        let before = error.sigma();
        error.observe(9.0, grid);
        assert!(
            (error.sigma() - before).abs() < 1e-12,
            "there was no forecast for it"
        );
    }
}
