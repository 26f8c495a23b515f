//! `POST /predict`: the body's rows through the model, in the body's order.

mod answer;
mod place;
mod request;
mod row;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use foretide_classifier::Model;
use foretide_domain::{Features, Prediction};

pub(crate) use self::answer::ModelName;
use self::answer::{Answer, Batch, Row};
use self::request::Request;
use foretide_http::Problem;
use foretide_http::body;

/// Rows of a batch, at most: 20 ms of one core at the 20 µs that one prediction may take.
pub const MAX_BATCH_ROWS: usize = 1024;

/// After this many rows a batch lets other connections of its thread go first: under a
/// millisecond at the 20 µs that one prediction may take.
const ROWS_BETWEEN_YIELDS: usize = 32;

/// Answers one body.
pub(crate) async fn answer(
    model: &Model,
    name: &ModelName,
    body: &[u8],
) -> Result<Response<Body>, Problem> {
    match request::parse(body)? {
        Request::One(features) => {
            let prediction = predict(model, &features, None)?;
            let answer = Answer::new(&prediction, name);
            Ok(body::json(StatusCode::OK, &answer))
        }
        Request::Batch(rows) => {
            let predictions = predict_all(model, &rows).await?;
            Ok(body::json(StatusCode::OK, &Batch::new(predictions, name)))
        }
    }
}

async fn predict_all(model: &Model, rows: &[Features]) -> Result<Vec<Row>, Problem> {
    let mut predictions = Vec::with_capacity(rows.len());
    for (index, features) in rows.iter().enumerate() {
        if index % ROWS_BETWEEN_YIELDS == ROWS_BETWEEN_YIELDS - 1 {
            tokio::task::yield_now().await;
        }
        predictions.push(Row::new(&predict(model, features, Some(index))?));
    }
    Ok(predictions)
}

/// The model has the last word on its inputs: a category that it was not trained with is known
/// only here. What it refuses is the caller's fault.
fn predict(model: &Model, features: &Features, row: Option<usize>) -> Result<Prediction, Problem> {
    model.predict(features).map_err(|error| {
        let row = row.map_or_else(String::new, |row| format!("[{row}]"));
        let name = error
            .field()
            .map_or_else(String::new, |name| format!(".{name}"));
        let field = format!("features{row}{name}");
        Problem::unprocessable(format!("{field}: {error}")).at(field)
    })
}
