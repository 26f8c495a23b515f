//! How well the forecast holds: how often the load that came lay at or below each quantile.

use super::slots::Slot;

/// The levels of the forecast's quantiles, as explanations carry them.
pub(crate) const LEVELS: [f64; 5] = [0.5, 0.9, 0.97, 0.99, 0.996];

/// Counts of forecasts that came due.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Accuracy {
    due: u64,
    covered: [u64; LEVELS.len()],
    /// Sum of the median's distance from the load, relative to the load.
    error: f64,
}

impl Accuracy {
    /// Counts a minute whose load has come.
    pub(crate) fn count(&mut self, slot: &Slot) {
        let (Some(load), Some(forecast)) = (slot.load, slot.forecast) else {
            return;
        };
        self.due += 1;
        for (covered, quantile) in self.covered.iter_mut().zip(forecast) {
            *covered += u64::from(load <= quantile);
        }
        let [median, ..] = forecast;
        self.error += f64::from((median - load).abs() / load.max(1.0));
    }

    /// Forecasts that have come due.
    pub(crate) const fn due(&self) -> u64 {
        self.due
    }

    /// Share of the loads that lay at or below each of [`LEVELS`]; none before one came due.
    pub(crate) fn coverage(&self) -> Option<[f64; LEVELS.len()]> {
        let due = self.due as f64;
        (self.due > 0).then(|| self.covered.map(|covered| covered as f64 / due))
    }

    /// Mean distance of the median from the load, relative to the load.
    pub(crate) fn median_error(&self) -> Option<f64> {
        (self.due > 0).then(|| self.error / self.due as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_on_a_quantile_is_covered_by_it_and_by_those_above() {
        let mut accuracy = Accuracy::default();
        assert_eq!(accuracy.coverage(), None);
        accuracy.count(&Slot::default());
        assert_eq!(accuracy.due(), 0);
        for load in [100.0, 130.0] {
            accuracy.count(&Slot {
                load: Some(load),
                forecast: Some([100.0, 110.0, 120.0, 130.0, 140.0]),
                ..Slot::default()
            });
        }
        assert_eq!(accuracy.coverage(), Some([0.5, 0.5, 0.5, 1.0, 1.0]));
        let error = accuracy.median_error().unwrap();
        assert!((error - 0.5 * 30.0 / 130.0).abs() < 1e-6, "{error}");
    }
}
