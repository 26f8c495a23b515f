//! Routes each request to its protocol.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::autoscaling;
use crate::cloudwatch::{self, Wire};
use crate::emulator::Emulator;
use crate::error::ApiError;
use crate::fault::Strike;
use crate::form::Form;

/// Longest body of a request, in bytes. 500 queries with their dimensions take a fifth of this.
const BODY_MAX: usize = 1024 * 1024;

pub(crate) fn router(emulator: Emulator) -> Router {
    Router::new()
        .route("/", post(root))
        .route(
            "/service/GraniteServiceVersion20100801/operation/{operation}",
            post(rpc),
        )
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(emulator)
}

/// Smithy RPC v2 CBOR.
async fn rpc(
    State(emulator): State<Emulator>,
    Path(operation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    cloudwatch_call(&emulator, Wire::Cbor, &operation, &headers, &body).await
}

/// AWS JSON 1.0 or Query.
async fn root(State(emulator): State<Emulator>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    match target {
        Some(target) => {
            let operation = target
                .strip_prefix("GraniteServiceVersion20100801.")
                .unwrap_or(target);
            cloudwatch_call(&emulator, Wire::Json, operation, &headers, &body).await
        }
        None => query(&emulator, &headers, &body).await,
    }
}

async fn cloudwatch_call(
    emulator: &Emulator,
    wire: Wire,
    operation: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let known = cloudwatch::OPERATIONS.contains(&operation);
    let (number, strike) = emulator.meet(if known { operation } else { "unknown" });
    let answer = match strike {
        Some(Strike::Error(error)) => Err(error),
        Some(Strike::WrongSignature) => Err(wrong_signature(headers)),
        Some(strike) => return replaced(strike, wire.content_type()).await,
        None => signed(headers, "MissingAuthenticationToken")
            .and_then(|()| cloudwatch::call(emulator, wire, operation, body)),
    };
    let (status, error) = match &answer {
        Ok(_) => (200, None),
        Err(error) => (
            error.status,
            Some(format!("{};{}", error.code, error.fault())),
        ),
    };
    let body = answer.unwrap_or_else(|error| wire.error(&error));
    let mut response = respond(status, wire.content_type(), number, body);
    let headers = response.headers_mut();
    if let Some(value) = error.and_then(|error| error.parse().ok()) {
        headers.insert("x-amzn-query-error", value);
    }
    if wire == Wire::Cbor {
        headers.insert(
            "smithy-protocol",
            axum::http::HeaderValue::from_static("rpc-v2-cbor"),
        );
    }
    response
}

async fn query(emulator: &Emulator, headers: &HeaderMap, body: &[u8]) -> Response {
    const CONTENT_TYPE: &str = "text/xml";
    let form = Form::parse(body);
    let action = form
        .as_ref()
        .ok()
        .and_then(|form| form.get("Action"))
        .unwrap_or_default();
    let known = autoscaling::OPERATIONS.contains(&action);
    let (number, strike) = emulator.meet(if known { action } else { "unknown" });
    let answer = match strike {
        Some(Strike::Error(error)) => Err(error),
        Some(Strike::WrongSignature) => Err(wrong_signature(headers)),
        Some(strike) => return replaced(strike, CONTENT_TYPE).await,
        None => signed(headers, "MissingAuthenticationToken")
            .and_then(|()| autoscaling::call(emulator, action, form.as_ref(), number)),
    };
    let status = answer.as_ref().err().map_or(200, |error| error.status);
    let body = answer.unwrap_or_else(|error| autoscaling::error(&error, number));
    respond(status, CONTENT_TYPE, number, body.into_bytes())
}

/// Checks that the request has a signature. Does not check who signed the request, or whether the
/// signature is right.
fn signed(headers: &HeaderMap, code: &'static str) -> Result<(), ApiError> {
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if authorization.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=")) {
        Ok(())
    } else {
        Err(ApiError::new(
            403,
            code,
            "Request is missing Authentication Token",
        ))
    }
}

/// The error for a wrong signature. AWS answers with the canonical request that the caller should
/// have signed, headers included.
fn wrong_signature(headers: &HeaderMap) -> ApiError {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let message = format!(
        "The request signature we calculated does not match the signature you provided. The \
         Canonical String for this request should have been 'POST / host:{} x-amz-date:{} \
         x-amz-security-token:{} {}'",
        header("host"),
        header("x-amz-date"),
        header("x-amz-security-token"),
        header("authorization"),
    );
    ApiError::new(403, "SignatureDoesNotMatch", message)
}

async fn replaced(strike: Strike, content_type: &'static str) -> Response {
    match strike {
        Strike::Raw { status, body } => respond(status, content_type, 0, body.into()),
        Strike::Hang | Strike::Error(_) | Strike::WrongSignature => std::future::pending().await,
    }
}

fn respond(status: u16, content_type: &'static str, number: u64, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        ("content-type", content_type.to_owned()),
        ("x-amzn-requestid", request_id(number)),
    ];
    (status, headers, Body::from(body)).into_response()
}

/// A UUID for request `number`, the same in every run.
pub(crate) fn request_id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}
