//! How good predictions are against the truth.

use foretide_domain::{Class, Prediction};
use serde::Serialize;

/// Bins of the reliability diagram: ten of equal width, as is usual.
const BINS: usize = 10;
/// A probability of 0 for what then happened would make the log loss infinite.
const MIN_PROBABILITY: f64 = 1e-15;

/// A model and the baselines on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Rows that the model was fitted to.
    pub rows_fitted: usize,
    /// Rows that it is judged by.
    pub rows_held_out: usize,
    /// The model.
    pub model: Scores,
    /// Always the commonest class.
    pub commonest: Scores,
    /// CPU thresholds at target ± 10.
    pub thresholds: Scores,
}

/// The scores of one set of predictions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Share of rows with the right class.
    pub accuracy: f64,
    /// Mean over the classes that occur of the share of their rows that was found.
    pub balanced_accuracy: f64,
    /// Mean negative natural logarithm of the probability given to the right class.
    pub log_loss: f64,
    /// Rows by `[true class][predicted class]`.
    pub confusion: [[u64; 3]; 3],
    /// Whether a probability of p comes true in a share p of the rows.
    pub calibration: Calibration,
}

/// Reliability of the predicted class's probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Ten bins of equal width over the probability of the predicted class.
    pub bins: Vec<CalibrationBin>,
    /// Expected calibration error: mean over the rows of |mean confidence − accuracy| of their bin
    /// (Naeini et al., 2015).
    pub expected_error: f64,
}

/// One bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Lower edge; the bin reaches to the next one's.
    pub from: f64,
    /// Rows in it.
    pub rows: u64,
    /// Their mean confidence; 0 where there are none.
    pub mean_confidence: f64,
    /// The share of them that was right; 0 where there are none.
    pub accuracy: f64,
}

impl Scores {
    /// Scores predictions against the true classes, pairwise. No rows score 0 throughout.
    pub fn of(truth: &[Class], predictions: &[Prediction]) -> Self {
        let mut confusion = [[0_u64; 3]; 3];
        let mut loss = 0.0;
        for (class, prediction) in truth.iter().zip(predictions) {
            confusion[class.index()][prediction.class.index()] += 1;
            loss -= prediction.probabilities[class.index()]
                .max(MIN_PROBABILITY)
                .ln();
        }
        let rows: u64 = confusion.iter().flatten().sum();
        let right: u64 = (0..3).map(|class| confusion[class][class]).sum();
        Self {
            accuracy: share(right, rows),
            balanced_accuracy: balanced(&confusion),
            log_loss: if rows == 0 { 0.0 } else { loss / rows as f64 },
            confusion,
            calibration: Calibration::of(truth, predictions),
        }
    }
}

impl Calibration {
    fn of(truth: &[Class], predictions: &[Prediction]) -> Self {
        let (mut rows, mut right, mut confidence) = ([0_u64; BINS], [0_u64; BINS], [0.0; BINS]);
        for (class, prediction) in truth.iter().zip(predictions) {
            let bin = bin_of(prediction.confidence());
            rows[bin] += 1;
            right[bin] += u64::from(prediction.class == *class);
            confidence[bin] += prediction.confidence();
        }
        let bins: Vec<_> = (0..BINS)
            .map(|bin| CalibrationBin {
                from: bin as f64 / BINS as f64,
                rows: rows[bin],
                mean_confidence: if rows[bin] == 0 {
                    0.0
                } else {
                    confidence[bin] / rows[bin] as f64
                },
                accuracy: share(right[bin], rows[bin]),
            })
            .collect();
        let total: u64 = rows.iter().sum();
        let expected_error = bins
            .iter()
            .map(|bin| share(bin.rows, total) * (bin.mean_confidence - bin.accuracy).abs())
            .sum();
        Self {
            bins,
            expected_error,
        }
    }
}

fn bin_of(confidence: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and the last bin takes what is beyond"
    )]
    let bin = (confidence * BINS as f64) as usize;
    bin.min(BINS - 1)
}

fn balanced(confusion: &[[u64; 3]; 3]) -> f64 {
    let recalls: Vec<f64> = confusion
        .iter()
        .enumerate()
        .filter_map(|(class, row)| {
            let rows: u64 = row.iter().sum();
            (rows > 0).then(|| share(row[class], rows))
        })
        .collect();
    if recalls.is_empty() {
        0.0
    } else {
        recalls.iter().sum::<f64>() / recalls.len() as f64
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sure(class: Class, confidence: f64) -> Prediction {
        let mut probabilities = [(1.0 - confidence) / 2.0; 3];
        probabilities[class.index()] = confidence;
        Prediction {
            class,
            probabilities,
        }
    }

    /// Every figure of a case small enough to reckon by hand.
    #[test]
    #[expect(clippy::float_cmp, reason = "quotients of small integers")]
    fn scores_match_hand_reckoning() {
        use Class::{Hold, ScaleIn, ScaleOut};
        let truth = [ScaleOut, ScaleOut, ScaleIn, Hold];
        let said = [
            sure(ScaleOut, 0.8),
            sure(Hold, 0.8),
            sure(ScaleIn, 0.5),
            sure(Hold, 0.5),
        ];
        let scores = Scores::of(&truth, &said);
        assert_eq!(scores.accuracy, 0.75);
        assert_eq!(scores.balanced_accuracy, (0.5 + 1.0 + 1.0) / 3.0);
        assert_eq!(scores.confusion, [[1, 0, 1], [0, 1, 0], [0, 0, 1]]);
        let loss = -(0.8_f64.ln() + 0.1_f64.ln() + 2.0 * 0.5_f64.ln()) / 4.0;
        assert!((scores.log_loss - loss).abs() < 1e-12);
        // Two bins: 0.8 with half right, 0.5 with all right.
        assert!((scores.calibration.expected_error - (0.5 * 0.3 + 0.5 * 0.5)).abs() < 1e-12);
        assert_eq!(scores.calibration.bins[8].rows, 2);
    }

    #[test]
    fn no_rows_give_no_nan() {
        let scores = Scores::of(&[], &[]);
        assert!(scores.log_loss.is_finite() && scores.calibration.expected_error.is_finite());
    }
}
