//! The parameters of a training.

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainParams {
    /// Boosting rounds; each grows a tree per class.
    pub rounds: usize,
    /// Depth of a tree.
    pub max_depth: usize,
    /// Learning rate.
    pub eta: f64,
    /// Smallest sum of second derivatives in a leaf: keeps leaves from resting on a few rows.
    pub min_child_weight: f64,
    /// Share of the rows, the newest, that is held out.
    pub hold_out_share: f64,
    /// Rows before the held-out ones that are not fitted to.
    pub embargo_rows: usize,
    /// Utilisation that the labels take for right, percent; the threshold baseline is set by it.
    pub target_percent: f64,
    /// The rows' origin, in words, for the model file.
    pub source: String,
}

impl Default for TrainParams {
    /// 34 rounds of depth 4: about 100 trees, enough for three facts (CPU, network, size).
    fn default() -> Self {
        Self {
            rounds: 34,
            max_depth: 4,
            eta: 0.2,
            min_child_weight: 5.0,
            hold_out_share: 0.2,
            embargo_rows: 0,
            target_percent: 50.0,
            source: "unnamed rows".to_owned(),
        }
    }
}
