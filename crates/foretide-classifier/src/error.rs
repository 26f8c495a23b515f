//! What can be wrong with features, with a schema and with a model file.

use foretide_domain::UnknownCategory;
use thiserror::Error;

/// A feature vector that the model refuses.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FeatureError {
    /// NaN or infinite.
    #[error("{field} is {value}, expected a finite number")]
    NotFinite {
        /// The feature.
        field: &'static str,
        /// What was given.
        value: f64,
    },
    /// Below zero; no feature can be.
    #[error("{field} is {value}, expected a number of at least 0")]
    Negative {
        /// The feature.
        field: &'static str,
        /// What was given.
        value: f64,
    },
    /// A category that does not exist.
    #[error(transparent)]
    UnknownCategory(#[from] UnknownCategory),
    /// A category that exists, but not in this model's training.
    #[error("{field} `{value}` is not known to this model, expected one of: {expected}")]
    UntrainedCategory {
        /// The feature.
        field: &'static str,
        /// What was given.
        value: &'static str,
        /// The categories of the training.
        expected: String,
    },
    /// Not nine values.
    #[error("{given} features, expected 9: {expected}")]
    WrongCount {
        /// How many were given.
        given: usize,
        /// The nine names in their order.
        expected: String,
    },
    /// Text for a number, or a number for a category.
    #[error("{field} has the wrong type, expected {expected}")]
    WrongType {
        /// The feature.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
}

impl FeatureError {
    /// The feature at fault, where it is a single one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotFinite { field, .. }
            | Self::Negative { field, .. }
            | Self::UntrainedCategory { field, .. }
            | Self::WrongType { field, .. } => Some(field),
            Self::UnknownCategory(unknown) => Some(unknown.field),
            Self::WrongCount { .. } => None,
        }
    }
}

/// A description of columns, scaling and categories that does not hold together.
#[derive(Debug, Error)]
pub enum SchemaError {
    /// Not the JSON document expected.
    #[error("not a schema document")]
    Document(#[source] serde_json::Error),
    /// No columns, or more than a model may have.
    #[error("{given} feature columns, expected 1 to {limit}")]
    ColumnCount {
        /// How many there are.
        given: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A column that is neither a numeric feature nor a listed category.
    #[error("feature column `{column}` is neither a known number nor a category of the schema")]
    UnknownColumn {
        /// The column.
        column: String,
    },
    /// A column, category or scaled number listed twice.
    #[error("`{name}` is listed twice")]
    Duplicate {
        /// What is listed twice.
        name: String,
    },
    /// Mean and scale are not one a scaled number.
    #[error("{columns} scaled columns with {means} means and {scales} scales")]
    ScalingLengths {
        /// Scaled columns.
        columns: usize,
        /// Means.
        means: usize,
        /// Scales.
        scales: usize,
    },
    /// A mean that is not finite, or a scale that is not finite and positive.
    #[error(
        "the scaling of `{column}` is mean {mean} and scale {scale}, expected finite and above 0"
    )]
    ScalingValue {
        /// The scaled number.
        column: String,
        /// Its mean.
        mean: f64,
        /// Its scale.
        scale: f64,
    },
    /// Scaling of something that is not a numeric feature.
    #[error("scaled column `{column}` is not a known number")]
    UnknownScaled {
        /// The column.
        column: String,
    },
    /// Categories of something that is not a categorical feature, none, or too many.
    #[error("categories of `{field}`: {problem}")]
    Categories {
        /// The field.
        field: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Trees in XGBoost's JSON that cannot be used.
#[derive(Debug, Error)]
pub enum TreesError {
    /// Not the JSON that XGBoost writes.
    #[error("not a model in XGBoost's JSON format")]
    Document(#[source] serde_json::Error),
    /// A kind of model other than gradient-boosted trees with class probabilities.
    #[error("{what} is `{found}`, expected `{expected}`")]
    Kind {
        /// The property.
        what: &'static str,
        /// Its value.
        found: String,
        /// The value that is supported.
        expected: String,
    },
    /// Names of columns that differ from the schema's.
    #[error("column {index} is `{found}` in the trees and `{expected}` in the schema")]
    Column {
        /// Position.
        index: usize,
        /// Name in the trees.
        found: String,
        /// Name in the schema.
        expected: String,
    },
    /// A number of the header that does not parse.
    #[error("{what} is `{found}`, which is not {expected}")]
    Number {
        /// The property.
        what: &'static str,
        /// Its text.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// No trees, or lists that do not match.
    #[error("{what}")]
    Shape {
        /// What does not match.
        what: String,
    },
    /// A tree that is not a tree over the schema's columns.
    #[error("tree {tree}, node {node}: {problem}")]
    Node {
        /// Index of the tree.
        tree: usize,
        /// Index of the node in it.
        node: usize,
        /// What is wrong.
        problem: &'static str,
    },
}

/// A model file that is refused.
#[derive(Debug, Error)]
pub enum ModelError {
    /// Larger than any model may be.
    #[error("the model file has {bytes} bytes, at most {limit} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The JSON ends early.
    #[error("the model file ends in the middle of its JSON, after {bytes} bytes: truncated")]
    Truncated {
        /// Its size.
        bytes: usize,
    },
    /// Not JSON at all.
    #[error("the model file is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but of something else.
    #[error("not a Foretide model: {found}")]
    Foreign {
        /// What it looks like.
        found: String,
    },
    /// A version of the format that this program does not read.
    #[error("the model file has schema version {found}, this program reads {supported}")]
    Version {
        /// The file's.
        found: u64,
        /// The one supported.
        supported: u32,
    },
    /// The content is not what was hashed when the file was written.
    #[error(
        "the model file was changed after it was written: its sha256 is {computed}, it states {stated}"
    )]
    Tampered {
        /// The hash in the file.
        stated: String,
        /// The hash of its content.
        computed: String,
    },
    /// The hash is right, the content is not a model's.
    #[error("the content of the model file is not that of a model")]
    Payload(#[source] serde_json::Error),
    /// Classes other than the three, or in another order.
    #[error("the classes are {found}, expected scale_out, scale_in, hold")]
    Classes {
        /// The file's.
        found: String,
    },
    /// The schema does not hold together.
    #[error("the schema of the model is invalid")]
    Schema(#[from] SchemaError),
    /// The trees cannot be used.
    #[error("the trees of the model are invalid")]
    Trees(#[from] TreesError),
}
