//! What a model has to beat: always the commonest class, and CPU thresholds. Their probabilities
//! are the frequencies among the rows that the model was fitted to, so that log loss and
//! calibration compare like with like.

use foretide_domain::{Class, Prediction};

use super::LabelledRow;

/// Half the width of the zone around the target in which thresholds hold, percent: the original
/// policy of the simulated world uses the same.
const BAND_PERCENT: f64 = 10.0;

/// Always the commonest class.
#[derive(Debug)]
pub(super) struct Commonest(Prediction);

impl Commonest {
    pub(super) fn of(fitted: &[LabelledRow]) -> Self {
        let probabilities = frequencies(fitted.iter().map(|row| row.class));
        let mut class = Class::ScaleOut;
        for candidate in Class::ALL {
            if probabilities[candidate.index()] > probabilities[class.index()] {
                class = candidate;
            }
        }
        Self(Prediction {
            class,
            probabilities,
        })
    }

    pub(super) fn predict(&self) -> Prediction {
        self.0
    }
}

/// CPU above target + 10 asks for more, below target − 10 for less.
#[derive(Debug)]
pub(super) struct CpuThresholds {
    target_percent: f64,
    /// Frequencies of the classes where the thresholds say the class of the index.
    frequencies: [[f64; 3]; 3],
}

impl CpuThresholds {
    pub(super) fn of(fitted: &[LabelledRow], target_percent: f64) -> Self {
        let frequencies = Class::ALL.map(|said| {
            let zone = fitted
                .iter()
                .filter(|row| zone(row.features.cpu_usage, target_percent) == said);
            frequencies(zone.map(|row| row.class))
        });
        Self {
            target_percent,
            frequencies,
        }
    }

    pub(super) fn predict(&self, cpu_percent: f64) -> Prediction {
        let class = zone(cpu_percent, self.target_percent);
        Prediction {
            class,
            probabilities: self.frequencies[class.index()],
        }
    }
}

fn zone(cpu_percent: f64, target_percent: f64) -> Class {
    if cpu_percent > target_percent + BAND_PERCENT {
        Class::ScaleOut
    } else if cpu_percent < target_percent - BAND_PERCENT {
        Class::ScaleIn
    } else {
        Class::Hold
    }
}

/// Frequencies with one row of each class added, so that none is impossible.
fn frequencies(classes: impl Iterator<Item = Class>) -> [f64; 3] {
    let mut counts = [1.0; 3];
    for class in classes {
        counts[class.index()] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    counts.map(|count| count / total)
}
