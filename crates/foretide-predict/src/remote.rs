//! A prediction service elsewhere, asked as the original's monitor asked its own: nine features
//! posted to `/predict`. The answer is bounded and checked; whatever is wrong with it is a failed
//! call, on which the controller holds.

use axum::http::{StatusCode, Uri};
use foretide_domain::{CallFailure, Class, FailureKind, Features, Prediction};
use foretide_http::Token;
use foretide_http::client::{HttpClient, NoCertificates, OutboundUrl, failure};
use foretide_outbound::Outbound;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Address of a prediction service; `/predict` is added to it.
pub type PredictorUrl = OutboundUrl;
/// Why a text is no such address.
pub type InvalidPredictorUrl = foretide_http::client::InvalidOutboundUrl;

/// An answer has some 250 bytes; a service that sends more than this is another one.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// How far the sum of the probabilities may be from 1: they are printed with few digits.
const SUM_TOLERANCE: f64 = 1e-3;

/// Asks a prediction service over HTTP.
#[derive(Clone, Debug)]
pub struct RemotePredictor {
    client: HttpClient,
    /// What a person is told.
    origin: String,
    predict: Uri,
    token: Option<Token>,
}

/// The original's request: the features by position.
#[derive(Serialize)]
struct Question<'a> {
    features: (f64, f64, f64, f64, f64, f64, f64, &'a str, &'a str),
}

/// The original's answer; what later services add is used where it is there.
#[derive(Deserialize)]
struct Reply {
    prediction: u64,
    predicted_class: Option<String>,
    /// The original put a sentence here.
    confidence: Option<Value>,
    probabilities: Option<Probabilities>,
}

#[derive(Deserialize)]
struct Probabilities {
    scale_out: f64,
    scale_in: f64,
    hold: f64,
}

impl RemotePredictor {
    /// A predictor that asks the service at `url`, with `token` where the service wants one.
    /// Calls as `outbound` says.
    pub fn new(
        url: &PredictorUrl,
        token: Option<Token>,
        outbound: &Outbound,
    ) -> Result<Self, NoCertificates> {
        let path = format!("{}/predict", url.path().trim_end_matches('/'));
        let mut parts = url.uri().clone().into_parts();
        parts.path_and_query = path.parse().ok();
        Ok(Self {
            client: HttpClient::new(outbound)?,
            origin: url.origin(),
            predict: Uri::from_parts(parts).unwrap_or_else(|_| url.uri().clone()),
            token,
        })
    }

    /// The service's class for `features`. Takes as long as the service does: bound it.
    pub async fn predict(&self, features: &Features) -> Result<Prediction, CallFailure> {
        let told = |mut failure: CallFailure| {
            failure.detail = format!("prediction service {}: {}", self.origin, failure.detail);
            failure
        };
        self.ask(features).await.map_err(told)
    }

    async fn ask(&self, features: &Features) -> Result<Prediction, CallFailure> {
        let body = serde_json::to_vec(&question(features)).map_err(|error| malformed(&error))?;
        let (status, answer) = self
            .client
            .post_json(&self.predict, self.token.as_ref(), body, ANSWER_BYTES_MAX)
            .await?;
        match status {
            StatusCode::OK => read(&answer),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(failure(
                FailureKind::Denied,
                format!("answered {status}: it wants a token (predictor_token_file)"),
            )),
            StatusCode::TOO_MANY_REQUESTS => Err(failure(
                FailureKind::Throttled,
                format!("answered {status}"),
            )),
            status if status.is_server_error() => Err(failure(
                FailureKind::Unavailable,
                format!("answered {status}"),
            )),
            status => Err(failure(FailureKind::Rejected, format!("answered {status}"))),
        }
    }
}

fn question(features: &Features) -> Question<'_> {
    Question {
        features: (
            features.cpu_usage,
            features.memory_usage,
            features.network_traffic,
            features.power_consumption,
            features.num_executed_instructions,
            features.execution_time,
            features.energy_efficiency,
            features.task_type.name(),
            features.task_priority.name(),
        ),
    }
}

fn malformed(error: &impl std::fmt::Display) -> CallFailure {
    failure(
        FailureKind::Malformed,
        format!("its answer makes no sense: {error}"),
    )
}

fn read(answer: &[u8]) -> Result<Prediction, CallFailure> {
    let reply: Reply = serde_json::from_slice(answer).map_err(|error| malformed(&error))?;
    let class = usize::try_from(reply.prediction)
        .ok()
        .and_then(Class::from_index);
    let class = class.ok_or_else(|| malformed(&format!("class {}", reply.prediction)))?;
    if reply
        .predicted_class
        .as_deref()
        .is_some_and(|name| name != class.original_name())
    {
        let what = format!(
            "class {} is not called {}",
            class.index(),
            class.original_name()
        );
        return Err(malformed(&what));
    }
    Ok(Prediction {
        class,
        probabilities: probabilities(class, &reply)?,
    })
}

/// Those told; else what `confidence` leaves is shared by the other two classes. A service that
/// tells neither, as the original's, is taken at its word.
fn probabilities(class: Class, reply: &Reply) -> Result<[f64; 3], CallFailure> {
    if let Some(told) = &reply.probabilities {
        let told = [told.scale_out, told.scale_in, told.hold];
        let sum: f64 = told.iter().sum();
        let is_share = told.iter().all(|share| (0.0..=1.0).contains(share));
        if !is_share || (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(malformed(&format!("probabilities {told:?}")));
        }
        return Ok(told);
    }
    let confidence = match &reply.confidence {
        Some(Value::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
        _ => 1.0,
    };
    if !(0.0..=1.0).contains(&confidence) {
        return Err(malformed(&format!("confidence {confidence}")));
    }
    let mut shared = [(1.0 - confidence) / 2.0; 3];
    shared[class.index()] = confidence;
    Ok(shared)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values are exact")]
mod tests {
    use super::*;

    fn kind(answer: &str) -> FailureKind {
        read(answer.as_bytes()).unwrap_err().kind
    }

    #[test]
    fn the_seeds_answer_is_taken_at_its_word() {
        let answer = r#"{"prediction": 0, "predicted_class": "Low",
                         "confidence": "Model prediction successful"}"#;
        let prediction = read(answer.as_bytes()).unwrap();
        assert_eq!(prediction.class, Class::ScaleOut);
        assert_eq!(prediction.probabilities, [1.0, 0.0, 0.0]);
    }

    #[test]
    fn our_own_answer_keeps_its_probabilities() {
        let answer = r#"{"prediction": 1, "predicted_class": "Medium", "confidence": 0.75,
            "probabilities": {"scale_out": 0.125, "scale_in": 0.75, "hold": 0.125}}"#;
        let prediction = read(answer.as_bytes()).unwrap();
        assert_eq!(prediction.probabilities, [0.125, 0.75, 0.125]);
        let without = r#"{"prediction": 1, "confidence": 0.5}"#;
        assert_eq!(
            read(without.as_bytes()).unwrap().probabilities,
            [0.25, 0.5, 0.25]
        );
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_malformed() {
        for answer in [
            "",
            "<html>",
            "{}",
            r#"{"prediction": 3}"#,
            r#"{"prediction": -1}"#,
            r#"{"prediction": 0.5}"#,
            r#"{"prediction": 0, "predicted_class": "High"}"#,
            r#"{"prediction": 0, "confidence": 1.5}"#,
            r#"{"prediction": 0,
                "probabilities": {"scale_out": 0.9, "scale_in": 0.9, "hold": 0.1}}"#,
        ] {
            assert_eq!(kind(answer), FailureKind::Malformed, "{answer}");
        }
    }
}
