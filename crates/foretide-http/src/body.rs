//! Bytes in and out: reads a JSON body within its limits of size and time, writes a JSON answer.
//! Refuses other media types, so that no web form can post here.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderValue};
use axum::http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use serde::Serialize;

use crate::problem::Problem;

/// Room for one row, positional or named, and for its answer: the usual request then takes one
/// allocation each way.
const REQUEST_BYTES: usize = 256;
const ANSWER_BYTES: usize = 384;

/// How much to read, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most bytes.
    pub bytes: usize,
    /// Longest time that it may take.
    pub time: Duration,
}

/// Reads a body that says it is JSON.
pub async fn read_json(
    headers: &HeaderMap,
    mut body: Body,
    limits: Limits,
) -> Result<Vec<u8>, Problem> {
    check_media_type(headers)?;
    if announces_too_much(headers, limits.bytes) && headers.contains_key(EXPECT) {
        return Err(too_large(limits.bytes));
    }
    match tokio::time::timeout(limits.time, collect(&mut body, limits.bytes)).await {
        Ok(Ok(Some(whole))) => Ok(whole),
        Ok(Ok(None)) => {
            // Closing at once would reset the connection, and a client that is still sending
            // would never see the answer.
            drop(tokio::time::timeout(limits.time, discard(body)).await);
            Err(too_large(limits.bytes))
        }
        Ok(Err(problem)) => Err(problem),
        Err(_) => {
            let detail = format!("the body did not arrive within {:?}", limits.time);
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail))
        }
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers
        .get(CONTENT_TYPE)
        .map_or("", |value| value.to_str().unwrap_or("(not ASCII)"));
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = if given.is_empty() {
        "the Content-Type header is missing, expected application/json".to_owned()
    } else {
        format!("the Content-Type is `{given}`, expected application/json")
    };
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// A client that asked for leave to send (`Expect: 100-continue`) is refused before it sends.
fn announces_too_much(headers: &HeaderMap, limit: usize) -> bool {
    headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
        .is_some_and(|length| length > limit)
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

/// The body, or none as soon as it is longer than `limit`.
async fn collect(body: &mut Body, limit: usize) -> Result<Option<Vec<u8>>, Problem> {
    let mut whole = Vec::with_capacity(REQUEST_BYTES);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::bad_request("the body ended early"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > limit {
            return Ok(None);
        }
        whole.extend_from_slice(&data);
    }
    Ok(Some(whole))
}

/// Reads the rest and keeps nothing of it.
async fn discard(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// An answer in JSON.
///
/// # Panics
/// Where `value` has a map whose keys are no strings.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let mut text = Vec::with_capacity(ANSWER_BYTES);
    #[expect(
        clippy::expect_used,
        reason = "serde_json fails on I/O errors, which a Vec has not, and on map keys that are \
                  not strings, which no answer has"
    )]
    serde_json::to_writer(&mut text, value).expect("an answer is JSON");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
