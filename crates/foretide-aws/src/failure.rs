//! Maps the SDK's errors to the kinds of failure that rules depend on.
//!
//! A detail names the operation and the service's error code. The detail has the service's message
//! only for codes whose messages are harmless: AWS answers a wrong signature with the expected
//! request, session token included.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudwatch::config::http::HttpResponse;
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use foretide_domain::{CallFailure, FailureKind};
use http_body_util::LengthLimitError;
use hyper_util::client::legacy::Error as HttpError;

use crate::answer::ANSWER_BYTES_MAX;
use crate::http_client::Unanswered;

/// Longest part of a service's message in a detail, in characters.
const MESSAGE_MAX: usize = 300;

const THROTTLED: [&str; 8] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "TooManyRequestsException",
    "LimitExceededException",
    "SlowDown",
];
const DENIED: [&str; 22] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "SubscriptionRequiredException",
    "TokenRefreshRequired",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];
const UNAVAILABLE: [&str; 6] = [
    "InternalFailure",
    "InternalServiceError",
    "InternalServiceFault",
    "InternalError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];
/// Codes that blame one of the things asked for: without that thing, AWS may answer the rest.
const INVALID: [&str; 10] = [
    "InvalidFormat",
    "InvalidParameterCombination",
    "InvalidParameterCombinationException",
    "InvalidParameterValue",
    "InvalidParameterValueException",
    "MissingParameter",
    "MissingRequiredParameterException",
    "ValidationError",
    "ValidationException",
    "InvalidParameterInput",
];
/// Codes whose message echoes parts of the request's headers.
const MESSAGE_WITHHELD: [&str; 4] = [
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "IncompleteSignatureException",
];

/// A failure of `kind` with `detail`.
pub(crate) fn failure(kind: FailureKind, detail: impl Into<String>) -> CallFailure {
    CallFailure {
        kind,
        detail: detail.into(),
    }
}

/// The failure for the SDK's `error` of `operation`.
pub(crate) fn of_sdk<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> CallFailure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(credentials) = find::<CredentialsError>(error) {
        return of_credentials(operation, credentials);
    }
    match error {
        SdkError::TimeoutError(_) => timed_out(operation),
        SdkError::DispatchFailure(dispatch) => {
            let unanswered = find::<Unanswered>(error);
            match (dispatch.is_timeout(), unanswered) {
                (true, None) => timed_out(operation),
                (true, Some(Unanswered { host, .. })) => failure(
                    FailureKind::TimedOut,
                    format!("{operation}: no answer from {host} within the deadline"),
                ),
                (false, None) => failure(
                    FailureKind::Unavailable,
                    format!("{operation}: the service cannot be reached"),
                ),
                (false, Some(unanswered)) => failure(
                    FailureKind::Unavailable,
                    format!("{operation}: {}", unreached(unanswered)),
                ),
            }
        }
        SdkError::ConstructionFailure(_) => failure(
            FailureKind::Rejected,
            format!("{operation}: the request could not be built (is a region set?)"),
        ),
        SdkError::ServiceError(service) if service.err().code().is_some() => {
            let error = service.err();
            let code = error.code().unwrap_or_default();
            of_code(
                operation,
                code,
                error.message(),
                service.raw().status().as_u16(),
            )
        }
        _ => {
            let status = error.raw_response().map(|raw| raw.status().as_u16());
            of_status(operation, status, is_too_long(error))
        }
    }
}

/// The failure for the SDK's `error` of a write. Unless the service refused the write, or the write
/// was never sent, AWS may have carried out the write and the answer was lost. A second write
/// within the cooldown would act twice.
pub(crate) fn of_write<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> CallFailure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let mapped = of_sdk(operation, error);
    if was_not_sent(error) {
        // No answer to this request can come any more.
        return match mapped.kind {
            FailureKind::TimedOut => not_sent(&mapped),
            _ => mapped,
        };
    }
    let status = error.raw_response().map(|raw| raw.status().as_u16());
    // Status 408: the server waited for the rest of the request. The server may have used the part
    // that it had.
    let refused = status.is_some_and(|status| (400..500).contains(&status) && status != 408);
    if refused || mapped.kind == FailureKind::Throttled {
        return mapped;
    }
    failure(
        FailureKind::TimedOut,
        format!("{}; it may have been carried out", mapped.detail),
    )
}

/// A failure before the write was sent: nothing was changed, so the kind must not say "perhaps".
pub(crate) fn not_sent(before: &CallFailure) -> CallFailure {
    let kind = match before.kind {
        FailureKind::TimedOut => FailureKind::Unavailable,
        kind => kind,
    };
    failure(kind, format!("not sent: {}", before.detail))
}

/// Whether `error` blames something that `operation` was asked for, rather than the caller.
pub(crate) fn is_of_what_was_asked(operation: &str, error: &CallFailure) -> bool {
    let rest = error.detail.strip_prefix(operation);
    let code = rest.and_then(|rest| rest.strip_prefix(": "));
    let code = code.and_then(|rest| rest.split(':').next());
    error.kind == FailureKind::Rejected && code.is_some_and(|code| INVALID.contains(&code))
}

pub(crate) fn timed_out(operation: &str) -> CallFailure {
    failure(
        FailureKind::TimedOut,
        format!("{operation}: no answer within the deadline"),
    )
}

/// The failure for an error of the credentials' provider.
pub(crate) fn of_credentials(operation: &str, error: &CredentialsError) -> CallFailure {
    if is_too_long(error) {
        let what = format!(
            "{operation}: the provider of credentials sent {}",
            too_long()
        );
        return failure(FailureKind::Malformed, what);
    }
    // The last place where credentials are searched is instance metadata: its silence is no news.
    let none_found = matches!(error, CredentialsError::CredentialsNotLoaded(_));
    if let Some(unanswered) = find::<Unanswered>(error).filter(|_| !none_found) {
        let why = unreached(unanswered);
        let what = format!("{operation}: the provider of credentials: {why}");
        return failure(FailureKind::Unavailable, what);
    }
    let (kind, what) = match error {
        CredentialsError::CredentialsNotLoaded(_) => (FailureKind::Denied, "no credentials found"),
        CredentialsError::ProviderTimedOut(_) => (
            FailureKind::TimedOut,
            "the provider of credentials did not answer in time",
        ),
        CredentialsError::InvalidConfiguration(_) => (
            FailureKind::Denied,
            "the configuration of credentials is invalid",
        ),
        _ => (
            FailureKind::Denied,
            "the provider of credentials refused or failed",
        ),
    };
    failure(kind, format!("{operation}: {what}"))
}

fn unreached(unanswered: &Unanswered) -> String {
    let (host, cause) = (&unanswered.host, unanswered.cause());
    format!("{host} cannot be reached: {cause}")
}

fn was_not_sent<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: Error + 'static,
{
    if find::<CredentialsError>(error).is_some() {
        return true;
    }
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::DispatchFailure(_) => find::<HttpError>(error).is_some_and(HttpError::is_connect),
        _ => false,
    }
}

fn of_code(operation: &str, code: &str, message: Option<&str>, status: u16) -> CallFailure {
    let message = message.filter(|_| !MESSAGE_WITHHELD.contains(&code));
    let kind = kind_of(code, message.unwrap_or_default(), status);
    let code = clip(code, 100);
    let detail = match message {
        Some(message) if !message.is_empty() => {
            format!("{operation}: {code}: {}", clip(message, MESSAGE_MAX))
        }
        _ => format!("{operation}: {code}"),
    };
    failure(kind, detail)
}

fn kind_of(code: &str, message: &str, status: u16) -> FailureKind {
    if THROTTLED.contains(&code) || status == 429 {
        FailureKind::Throttled
    } else if DENIED.contains(&code)
        || code.contains("NotAuthorized")
        || matches!(status, 401 | 403)
    {
        FailureKind::Denied
    } else if UNAVAILABLE.contains(&code) || status >= 500 {
        FailureKind::Unavailable
    } else if code == "ValidationError" && message.to_lowercase().contains("not found") {
        FailureKind::NotFound
    } else {
        FailureKind::Rejected
    }
}

/// The failure for an answer without an error code: a proxy's page, or an answer cut short.
fn of_status(operation: &str, status: Option<u16>, is_too_long: bool) -> CallFailure {
    let Some(status) = status else {
        return failure(
            FailureKind::Malformed,
            format!("{operation}: the answer could not be read"),
        );
    };
    let kind = match status {
        429 => FailureKind::Throttled,
        401 | 403 => FailureKind::Denied,
        500.. => FailureKind::Unavailable,
        _ => FailureKind::Malformed,
    };
    let what = if is_too_long {
        format!("{}, HTTP {status}", too_long())
    } else {
        format!(
            "HTTP {status}, and the answer is not one of AWS: another server answers at the \
             endpoint, or a proxy on the way"
        )
    };
    failure(kind, format!("{operation}: {what}"))
}

/// Whether the reading of the answer stopped at the limit of its length.
fn is_too_long(error: &(dyn Error + 'static)) -> bool {
    find::<LengthLimitError>(error).is_some()
}

fn too_long() -> String {
    let mib = ANSWER_BYTES_MAX >> 20;
    format!("an answer longer than {mib} MiB, of which no more is read")
}

/// The first error of type `T` in the chain of causes.
fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn clip(text: &str, chars: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(chars)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, message: &str, status: u16, kind: FailureKind) {
        assert_eq!(
            of_code("Op", code, Some(message), status).kind,
            kind,
            "{code}"
        );
    }

    #[test]
    fn codes_fall_into_the_kinds_that_rules_depend_on() {
        check("Throttling", "Rate exceeded", 400, FailureKind::Throttled);
        check("ExpiredToken", "expired", 403, FailureKind::Denied);
        check(
            "AccessDenied",
            "User: arn is not authorized",
            403,
            FailureKind::Denied,
        );
        check("InternalFailure", "", 500, FailureKind::Unavailable);
        check("Strange", "", 503, FailureKind::Unavailable);
        check(
            "ValidationError",
            "AutoScalingGroup name not found - null",
            400,
            FailureKind::NotFound,
        );
        check(
            "ValidationError",
            "New SetDesiredCapacity value 9 is above max value 5",
            400,
            FailureKind::Rejected,
        );
        check("ScalingActivityInProgress", "", 400, FailureKind::Rejected);
        check("OneOfTomorrow", "", 403, FailureKind::Denied);
        check("InvalidSignatureException", "", 400, FailureKind::Denied);
    }

    #[test]
    fn only_a_code_of_validation_says_that_a_part_of_the_request_is_at_fault() {
        let of = |code| of_code("Op", code, Some("Value: too: long"), 400);
        assert!(is_of_what_was_asked("Op", &of("ValidationError")));
        assert!(!is_of_what_was_asked("Op", &of("OneOfTomorrow")));
        assert!(!is_of_what_was_asked("Op", &of("AccessDenied")));
    }

    #[test]
    fn a_wrong_signature_does_not_leak_the_canonical_request() {
        let told = of_code(
            "Op",
            "SignatureDoesNotMatch",
            Some("The Canonical String should have been 'x-amz-security-token:SECRET'"),
            403,
        );
        assert_eq!(told.to_string(), "denied: Op: SignatureDoesNotMatch");
    }

    #[test]
    fn a_message_is_bounded_and_free_of_control_characters() {
        let told = of_code(
            "Op",
            "ValidationError",
            Some(&"a\u{1b}\n".repeat(1000)),
            400,
        );
        assert_eq!(
            told.detail.len(),
            "Op: ValidationError: ".len() + MESSAGE_MAX
        );
        assert!(!told.detail.contains(['\u{1b}', '\n']));
    }
}
