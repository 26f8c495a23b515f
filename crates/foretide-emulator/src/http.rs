//! Routes each request to its protocol.

use std::borrow::Cow;
use std::io::Read;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::autoscaling;
use crate::cloudwatch::{self, Wire};
use crate::emulator::Emulator;
use crate::error::ApiError;
use crate::fault::Strike;
use crate::load_balancing;
use crate::query::{self, Form, request_id};

/// Longest body of a request, in bytes. 500 queries with their dimensions take a fifth of this.
const BODY_MAX: usize = 1024 * 1024;
/// Region of requests whose signature names none.
const DEFAULT_REGION: &str = "us-east-1";

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
    let input = plain(&headers, &body).and_then(|body| Wire::Cbor.read(&body));
    cloudwatch_call(&emulator, Wire::Cbor, &operation, &headers, input).await
}

/// AWS JSON 1.0 or Query.
async fn root(State(emulator): State<Emulator>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let body = plain(&headers, &body);
    if let Some(target) = target {
        let operation = target
            .strip_prefix("GraniteServiceVersion20100801.")
            .unwrap_or(target);
        let input = body.and_then(|body| Wire::Json.read(&body));
        return cloudwatch_call(&emulator, Wire::Json, operation, &headers, input).await;
    }
    match body.and_then(|body| Form::parse(&body)) {
        Ok(form) if form.version == cloudwatch::VERSION => {
            let Form { action, input, .. } = form;
            cloudwatch_call(&emulator, Wire::Query, &action, &headers, Ok(input)).await
        }
        Ok(form) if form.version == load_balancing::VERSION => {
            query_call(&emulator, &LOAD_BALANCING, &headers, Ok(form)).await
        }
        form => query_call(&emulator, &AUTO_SCALING, &headers, form).await,
    }
}

async fn cloudwatch_call(
    emulator: &Emulator,
    wire: Wire,
    operation: &str,
    headers: &HeaderMap,
    input: Result<Value, ApiError>,
) -> Response {
    let known = cloudwatch::operations().any(|one| one == operation);
    let (number, strike) = emulator.meet(if known { operation } else { "unknown" });
    let answer = match strike {
        Some(Strike::Error(error)) => Err(error),
        Some(Strike::WrongSignature) => Err(wrong_signature(headers)),
        Some(strike) => return replaced(strike, wire.content_type()).await,
        None => signed_region(headers)
            .and(input)
            .and_then(|input| cloudwatch::call(emulator, wire, operation, &input, number)),
    };
    let (status, error) = match &answer {
        Ok(_) => (200, None),
        Err(error) => (
            error.status,
            Some(format!("{};{}", error.code, error.fault())),
        ),
    };
    let body = answer.unwrap_or_else(|error| wire.error(&error, number));
    let mut response = respond(status, wire.content_type(), number, body);
    let headers = response.headers_mut();
    if let Some(value) = error.and_then(|error| error.parse().ok()) {
        headers.insert("x-amzn-query-error", value);
    }
    if wire == Wire::Cbor {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    }
    response
}

/// A service that speaks the Query protocol alone.
struct Service {
    namespace: &'static str,
    version: &'static str,
    knows: fn(&str) -> bool,
    /// Runs the operation of a form for a client of a region, as call of this number.
    call: fn(&Emulator, &Form, &str, u64) -> Result<String, ApiError>,
}

const AUTO_SCALING: Service = Service {
    namespace: autoscaling::NAMESPACE,
    version: autoscaling::VERSION,
    knows: |action| autoscaling::operations().any(|one| one == action),
    call: autoscaling::call,
};

const LOAD_BALANCING: Service = Service {
    namespace: load_balancing::NAMESPACE,
    version: load_balancing::VERSION,
    knows: |action| load_balancing::operations().any(|one| one == action),
    call: |emulator, form, _, number| load_balancing::call(emulator, form, number),
};

async fn query_call(
    emulator: &Emulator,
    service: &Service,
    headers: &HeaderMap,
    form: Result<Form, ApiError>,
) -> Response {
    const CONTENT_TYPE: &str = "text/xml";
    let action = form.as_ref().map_or("", |form| form.action.as_str());
    let known = (service.knows)(action);
    let (number, strike) = emulator.meet(if known { action } else { "unknown" });
    let answer = match strike {
        Some(Strike::Error(error)) => Err(error),
        Some(Strike::WrongSignature) => Err(wrong_signature(headers)),
        Some(strike) => return replaced(strike, CONTENT_TYPE).await,
        None => signed_region(headers).and_then(|region| {
            let form = form?;
            if form.version != service.version {
                return Err(ApiError::action(&form.action));
            }
            (service.call)(emulator, &form, region, number)
        }),
    };
    let status = answer.as_ref().err().map_or(200, |error| error.status);
    let body = answer.unwrap_or_else(|error| query::error(&error, service.namespace, number));
    respond(status, CONTENT_TYPE, number, body.into_bytes())
}

/// The body of a request, decompressed: SDKs compress large `PutMetricData`.
fn plain<'b>(headers: &HeaderMap, body: &'b Bytes) -> Result<Cow<'b, [u8]>, ApiError> {
    let unreadable = |why| ApiError::new(400, "SerializationException", why);
    match headers.get("content-encoding").map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity" | b"aws-chunked") => Ok(Cow::Borrowed(body)),
        Some(b"gzip") => {
            let mut plain = Vec::new();
            let limit = BODY_MAX as u64 + 1;
            let read = GzDecoder::new(body.as_ref())
                .take(limit)
                .read_to_end(&mut plain);
            match read {
                Ok(length) if length <= BODY_MAX => Ok(Cow::Owned(plain)),
                Ok(_) => Err(unreadable("the body is more than 1 MiB")),
                Err(_) => Err(unreadable("the body is no gzip")),
            }
        }
        Some(_) => Err(unreadable("the content encoding is not gzip")),
    }
}

/// Checks that the request has a signature, and returns the region of its credential scope
/// (`Credential=ID/DATE/REGION/SERVICE/aws4_request`). Does not check who signed the request, or
/// whether the signature is right.
fn signed_region(headers: &HeaderMap) -> Result<&str, ApiError> {
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let scope = authorization.and_then(|value| value.strip_prefix("AWS4-HMAC-SHA256 Credential="));
    let missing = || {
        let message = "Request is missing Authentication Token";
        ApiError::new(403, "MissingAuthenticationToken", message)
    };
    let scope = scope.ok_or_else(missing)?;
    let region = scope
        .split(',')
        .next()
        .and_then(|scope| scope.split('/').nth(2));
    let is_region = |text: &&str| {
        let proper = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=32).contains(&text.len()) && text.bytes().all(proper)
    };
    Ok(region.filter(is_region).unwrap_or(DEFAULT_REGION))
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
