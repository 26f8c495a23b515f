//! A row to fit a model to.

use foretide_domain::{Class, Features};

/// What a group looked like, and what would have been right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelledRow {
    /// The nine features.
    pub features: Features,
    /// The right answer.
    pub class: Class,
}
