//! What is known of a model: its identity, its shape and how it was trained. No dates, so that
//! training again gives the same file.

use foretide_domain::Class;
use serde::{Deserialize, Serialize};

/// Identity and shape of a loaded model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelFacts {
    /// SHA-256 of the model's content, hexadecimal.
    pub hash: String,
    /// Version of the file format and of the features.
    pub schema_version: u32,
    /// The three classes by what they ask, at the index that is their number.
    pub classes: [Class; 3],
    /// The columns that the trees see.
    pub feature_columns: Vec<String>,
    /// Trees over all classes.
    pub trees: usize,
    /// Boosting rounds.
    pub rounds: usize,
    /// How it was trained.
    pub training: TrainingFacts,
}

/// How a model came to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingFacts {
    /// The rows' origin, in words.
    pub source: String,
    /// What fitted the trees.
    pub booster: String,
    /// Rows that the trees were fitted to; none where they were trained elsewhere.
    pub rows_fitted: Option<usize>,
    /// Rows that they were judged by.
    pub rows_held_out: Option<usize>,
    /// Utilisation that the labels take for right, percent.
    pub target_percent: Option<f64>,
    /// The model's scores on the rows held out.
    pub hold_out: Option<HoldOutScores>,
}

/// Scores on rows that the model has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldOutScores {
    /// Share of rows with the right class.
    pub accuracy: f64,
    /// Mean over the classes of the share of their rows that was found.
    pub balanced_accuracy: f64,
    /// Mean negative logarithm of the probability given to the right class.
    pub log_loss: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Accuracy of always saying the commonest class.
    pub accuracy_of_commonest: f64,
    /// Accuracy of CPU thresholds at target ± 10.
    pub accuracy_of_thresholds: f64,
}
