//! What `POST /predict` answers. The first three keys are the original's, with `confidence` made
//! the number that its name promises.

use foretide_classifier::Model;
use foretide_domain::{Class, Prediction};
use serde::Serialize;

/// One row's answer.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    prediction: usize,
    predicted_class: &'static str,
    confidence: f64,
    probabilities: Probabilities,
    action: &'static str,
}

#[derive(Debug, Serialize)]
struct Probabilities {
    scale_out: f64,
    scale_in: f64,
    hold: f64,
}

/// Which model answered, short enough for every answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ModelName {
    /// The first digits of the artifact's hash.
    id: String,
    /// Version of the feature schema.
    schema_version: u32,
}

impl ModelName {
    /// Digits of the hash: enough to tell any two models apart that a person meets.
    const ID_DIGITS: usize = 12;

    pub(crate) fn of(model: &Model) -> Self {
        let facts = model.facts();
        Self {
            id: facts.hash.chars().take(Self::ID_DIGITS).collect(),
            schema_version: facts.schema_version,
        }
    }
}

/// The answer to one row.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    #[serde(flatten)]
    row: Row,
    model: &'a ModelName,
}

/// The answer to a batch, in its order.
#[derive(Debug, Serialize)]
pub(super) struct Batch<'a> {
    predictions: Vec<Row>,
    model: &'a ModelName,
}

impl Row {
    pub(super) fn new(prediction: &Prediction) -> Self {
        let of = |class: Class| prediction.probabilities[class.index()];
        Self {
            prediction: prediction.class.index(),
            predicted_class: prediction.class.original_name(),
            confidence: prediction.confidence(),
            probabilities: Probabilities {
                scale_out: of(Class::ScaleOut),
                scale_in: of(Class::ScaleIn),
                hold: of(Class::Hold),
            },
            action: prediction.class.action(),
        }
    }
}

impl<'a> Answer<'a> {
    pub(super) fn new(prediction: &Prediction, model: &'a ModelName) -> Self {
        Self {
            row: Row::new(prediction),
            model,
        }
    }
}

impl<'a> Batch<'a> {
    pub(super) fn new(predictions: Vec<Row>, model: &'a ModelName) -> Self {
        Self { predictions, model }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The original's clients read these keys and values.
    #[test]
    fn the_answer_keeps_the_seeds_keys_and_adds_the_odds() {
        let prediction = Prediction {
            class: Class::ScaleIn,
            probabilities: [0.125, 0.75, 0.125],
        };
        let name = ModelName {
            id: "0123456789ab".to_owned(),
            schema_version: 1,
        };
        let text = serde_json::to_string(&Answer::new(&prediction, &name)).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"prediction":1,"predicted_class":"Medium","confidence":0.75,"#,
                r#""probabilities":{"scale_out":0.125,"scale_in":0.75,"hold":0.125},"#,
                r#""action":"scale_in","model":{"id":"0123456789ab","schema_version":1}}"#
            )
        );
    }
}
