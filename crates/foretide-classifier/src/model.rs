//! The model: a schema, its trees and what is known of both.

use std::borrow::Cow;

use foretide_domain::{Class, Features, Prediction};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::artifact::{self, SCHEMA_VERSION};
use crate::error::{FeatureError, ModelError, TreesError};
use crate::facts::{ModelFacts, TrainingFacts};
use crate::forest::{Forest, Trees};
use crate::schema::{MAX_COLUMNS, Schema};
use crate::xgboost;

/// Trained by `cargo run --release -p foretide-classifier --example train_default`.
const BUILT_IN: &[u8] = include_bytes!("../model/default.json");

/// A three-class model over the nine features. Immutable; share it behind an `Arc`.
#[derive(Debug)]
pub struct Model {
    schema: Schema,
    trees: Forest,
    facts: ModelFacts,
    bytes: Cow<'static, [u8]>,
}

/// A row of a batch that the model refuses.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("row {row} of the batch")]
pub struct BatchError {
    /// Its index.
    pub row: usize,
    /// What is wrong with it.
    #[source]
    pub source: FeatureError,
}

impl Model {
    /// Reads a model file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        artifact::refuse_too_large(bytes)?;
        Self::load(Cow::Owned(bytes.to_vec()))
    }

    /// The model that comes with the program. An error only where the build embedded a broken file.
    pub fn built_in() -> Result<Self, ModelError> {
        Self::load(Cow::Borrowed(BUILT_IN))
    }

    /// A model whose trees were trained with XGBoost: `json` is what `Booster.save_model` wrote
    /// as JSON, `schema` how its columns are computed from the nine features.
    pub fn import_xgboost(
        json: &[u8],
        schema: &Schema,
        training: &TrainingFacts,
    ) -> Result<Self, ModelError> {
        artifact::refuse_too_large(json)?;
        let xgboost: &RawValue = serde_json::from_slice(json).map_err(TreesError::Document)?;
        Self::load(Cow::Owned(artifact::write(
            schema.document(),
            training,
            xgboost,
        )?))
    }

    fn load(bytes: Cow<'static, [u8]>) -> Result<Self, ModelError> {
        let opened = artifact::open(&bytes)?;
        let schema = Schema::from_document(opened.payload.schema)?;
        let json = opened.payload.xgboost.get().as_bytes();
        let trees = xgboost::parse(json, schema.column_names())?;
        let facts = ModelFacts {
            hash: opened.hash,
            schema_version: SCHEMA_VERSION,
            classes: Class::ALL,
            feature_columns: schema.column_names().to_vec(),
            trees: trees.roots.len(),
            rounds: trees.roots.len() / Class::ALL.len(),
            training: opened.payload.training,
        };
        Ok(Self {
            schema,
            trees,
            facts,
            bytes,
        })
    }

    /// The class of one feature vector, with the probability of each.
    pub fn predict(&self, features: &Features) -> Result<Prediction, FeatureError> {
        let mut columns = [0.0; MAX_COLUMNS];
        let filled = self.schema.fill(features, &mut columns)?;
        let mut row = [0.0_f32; MAX_COLUMNS];
        for (cell, &column) in row.iter_mut().zip(filled) {
            *cell = narrow(column);
        }
        let (row, _) = row.split_at(filled.len());
        Ok(softmax(self.trees.margins(row)))
    }

    /// The classes of several feature vectors, in their order; the first that is refused ends it.
    pub fn predict_batch(&self, rows: &[Features]) -> Result<Vec<Prediction>, BatchError> {
        rows.iter()
            .enumerate()
            .map(|(row, features)| {
                self.predict(features)
                    .map_err(|source| BatchError { row, source })
            })
            .collect()
    }

    /// Identity, shape and training of the model.
    pub fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    /// How the columns are computed.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The model file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }
}

/// XGBoost compares in f32. Absurdly large numbers become infinite, which compares well.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the precision of the format"
)]
pub(crate) fn narrow(value: f64) -> f32 {
    value as f32
}

/// Probabilities of finite margins; of equal ones the first class wins.
fn softmax(margins: [f32; 3]) -> Prediction {
    let largest = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights = margins.map(|margin| f64::from(margin - largest).exp());
    let total: f64 = weights.iter().sum();
    let probabilities = weights.map(|weight| weight / total);
    let mut class = Class::ScaleOut;
    for candidate in Class::ALL {
        if probabilities[candidate.index()] > probabilities[class.index()] {
            class = candidate;
        }
    }
    Prediction {
        class,
        probabilities,
    }
}
