//! The predictive curve of the load one lead time ahead, and the chance that it exceeds a capacity.

use serde::{Deserialize, Serialize};

use crate::normal::{self, LEVEL_SCORES};

/// Least distance in log load between neighbouring points.
const LEAST_STEP: f64 = 0.01;
/// Least distance in log load per unit of the score beyond the last point.
const LEAST_SLOPE: f64 = 0.004;

/// Logarithms of load at five levels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    points: [f64; 5],
}

impl Curve {
    /// The curve through `base + quantiles`, no narrower than `widening · sigma` per unit of the
    /// normal score: `sigma` is the live mean error of the median, which a fit made before the
    /// load became rougher does not know.
    pub(crate) fn new(base: f64, quantiles: [f64; 5], sigma: f64, widening: f64) -> Self {
        let median = base + quantiles[0];
        let mut points = [median; 5];
        for k in 1..points.len() {
            let spread = (quantiles[k] - quantiles[0]).max(widening * sigma * LEVEL_SCORES[k]);
            points[k] = (median + spread).max(points[k - 1] + LEAST_STEP);
        }
        Self { points }
    }

    /// The curve of a load `factor` times as high; factors below one change nothing.
    pub(crate) fn raised(&self, factor: f64) -> Self {
        let by = factor.max(1.0).ln();
        Self {
            points: self.points.map(|x| x + by),
        }
    }

    /// The curve with its points `factor` times as far above the median; factors below one change
    /// nothing.
    pub(crate) fn widened(&self, factor: f64) -> Self {
        let [median, ..] = self.points;
        Self {
            points: self.points.map(|x| median + (x - median) * factor.max(1.0)),
        }
    }

    /// Logarithms of load at [`foretide_domain::FORECAST_LEVELS`].
    pub fn points(&self) -> [f64; 5] {
        self.points
    }

    /// The chance that load exceeds `exp(log_capacity)`. Below the median it is one half.
    pub(crate) fn exceedance(&self, log_capacity: f64) -> f64 {
        1.0 - normal::cdf(self.score(log_capacity))
    }

    /// The chance that the load needs more than `capacity` instances, where each of them may be
    /// busy for `objective` percent.
    pub(crate) fn violation_chance(&self, capacity: u32, objective: f64) -> f64 {
        self.exceedance((f64::from(capacity.max(1)) * objective).ln())
    }

    fn score(&self, x: f64) -> f64 {
        let p = &self.points;
        if x <= p[0] {
            return 0.0;
        }
        for k in 1..p.len() {
            if x <= p[k] {
                let share = (x - p[k - 1]) / (p[k] - p[k - 1]);
                return LEVEL_SCORES[k - 1] + share * (LEVEL_SCORES[k] - LEVEL_SCORES[k - 1]);
            }
        }
        let slope = ((p[4] - p[3]) / (LEVEL_SCORES[4] - LEVEL_SCORES[3])).max(LEAST_SLOPE);
        LEVEL_SCORES[4] + (x - p[4]) / slope
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foretide_domain::FORECAST_LEVELS;

    #[test]
    fn exceedance_at_the_points_is_one_minus_the_level() {
        let curve = Curve::new(6.0, [0.0, 0.2, 0.4, 0.5, 0.9], 0.0, 0.75);
        for (x, level) in curve.points().into_iter().zip(FORECAST_LEVELS) {
            assert!(
                (curve.exceedance(x) - (1.0 - level)).abs() < 2e-5,
                "{level}"
            );
        }
        assert!(curve.exceedance(8.0) < 0.004);
        assert!((curve.exceedance(1.0) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn live_error_widens_and_never_narrows() {
        let quantiles = [0.0, 0.05, 0.4, 0.5, 0.9];
        let calm = Curve::new(6.0, quantiles, 0.0, 0.75).points();
        let rough = Curve::new(6.0, quantiles, 0.3, 0.75).points();
        assert!((rough[1] - 6.0 - 0.75 * 0.3 * 1.2816).abs() < 1e-9);
        assert!(calm.iter().zip(&rough).all(|(c, r)| c <= r));
    }
}
