//! The committed XGBoost fixture (see `fixtures/make_xgboost_fixture.py`).

use foretide_classifier::{
    FeatureValue, Model, ModelError, Schema, TrainingFacts, features_from_values,
};
use foretide_domain::Features;
use serde::Deserialize;

pub(crate) const XGBOOST: &str = include_str!("../fixtures/xgboost_model.json");
pub(crate) const SCHEMA: &str = include_str!("../fixtures/xgboost_schema.json");
const PREDICTIONS: &str = include_str!("../fixtures/xgboost_predictions.json");

/// A row and the probabilities that XGBoost gives it.
#[derive(Deserialize)]
struct Line {
    features: Vec<serde_json::Value>,
    probabilities: [f64; 3],
}

pub(crate) fn schema() -> Schema {
    Schema::from_json(SCHEMA.as_bytes()).unwrap()
}

/// Imports trees under the fixture's schema.
pub(crate) fn import(json: &str) -> Result<Model, ModelError> {
    let facts = TrainingFacts {
        source: "fixture".to_owned(),
        ..TrainingFacts::default()
    };
    Model::import_xgboost(json.as_bytes(), &schema(), &facts)
}

pub(crate) fn rows() -> Vec<(Features, [f64; 3])> {
    let lines: Vec<Line> = serde_json::from_str(PREDICTIONS).unwrap();
    lines
        .into_iter()
        .map(|line| {
            let values: Vec<_> = line
                .features
                .into_iter()
                .map(|value| match value {
                    serde_json::Value::String(text) => FeatureValue::Text(text),
                    other => FeatureValue::Number(other.as_f64().unwrap()),
                })
                .collect();
            (features_from_values(&values).unwrap(), line.probabilities)
        })
        .collect()
}
