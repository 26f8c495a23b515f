//! Faults that answer in place of the service, chosen by operation, count and time.

use foretide_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// One scripted fault. If several apply to a call, the first one strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The kind of fault.
    pub kind: FaultKind,
    /// Operations that the fault strikes; empty for all.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Number of calls that pass before the fault strikes.
    #[serde(default)]
    pub skip: u64,
    /// Number of calls that the fault strikes; none for all that follow.
    #[serde(default)]
    pub count: Option<u64>,
    /// Seconds after the emulator's start at which the fault begins.
    #[serde(default)]
    pub from_s: Option<i64>,
    /// Seconds after the emulator's start at which the fault ends.
    #[serde(default)]
    pub until_s: Option<i64>,
}

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Answers that the rate limit is exceeded.
    Throttle,
    /// Never answers, so the caller runs into its deadline.
    Hang,
    /// Answers with status 500 and the service's internal error.
    InternalFailure,
    /// Answers with status 503 and a page that does not come from the service.
    BadGateway,
    /// Answers with status 200 and a body that cannot be decoded.
    Malformed,
    /// Answers that the session token has expired.
    ExpiredToken,
    /// Answers that the caller has no permission.
    AccessDenied,
    /// Answers that the signature is wrong and shows the expected request, session token included,
    /// as AWS does.
    WrongSignature,
}

impl FaultKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Throttle,
        Self::Hang,
        Self::InternalFailure,
        Self::BadGateway,
        Self::Malformed,
        Self::ExpiredToken,
        Self::AccessDenied,
        Self::WrongSignature,
    ];
}

impl Fault {
    /// A fault of `kind` that strikes every call of `operations`.
    pub fn new(kind: FaultKind, operations: &[&str]) -> Self {
        Self {
            kind,
            operations: operations.iter().map(|&name| name.into()).collect(),
            skip: 0,
            count: None,
            from_s: None,
            until_s: None,
        }
    }

    /// The same fault, for the next `count` calls only.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self {
            count: Some(count),
            ..self
        }
    }
}

/// The answer that replaces the service's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    Error(ApiError),
    WrongSignature,
    Hang,
    Raw { status: u16, body: &'static str },
}

/// The faults, and how many calls each has met.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: Vec<(Fault, u64)>,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self {
            active: faults.into_iter().map(|fault| (fault, 0)).collect(),
        }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.active.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// The fault that strikes this call of `operation` at `now`, if any. `start` is the emulator's
    /// start.
    pub(crate) fn strike(
        &mut self,
        operation: &str,
        start: Timestamp,
        now: Timestamp,
    ) -> Option<Strike> {
        let elapsed_s = now.as_seconds() - start.as_seconds();
        for (fault, met) in &mut self.active {
            let named =
                fault.operations.is_empty() || fault.operations.iter().any(|o| o == operation);
            let timely = fault.from_s.is_none_or(|from| elapsed_s >= from)
                && fault.until_s.is_none_or(|until| elapsed_s < until);
            if !named || !timely {
                continue;
            }
            *met += 1;
            let after = met.saturating_sub(fault.skip);
            if after > 0 && fault.count.is_none_or(|count| after <= count) {
                return Some(fault.kind.strike(operation));
            }
        }
        None
    }
}

impl FaultKind {
    fn strike(self, operation: &str) -> Strike {
        match self {
            Self::Throttle => Strike::Error(ApiError::new(400, "Throttling", "Rate exceeded")),
            Self::Hang => Strike::Hang,
            Self::WrongSignature => Strike::WrongSignature,
            Self::InternalFailure => Strike::Error(ApiError::new(
                500,
                "InternalFailure",
                "an internal error occurred",
            )),
            Self::BadGateway => Strike::Raw {
                status: 503,
                body: "<html><body>503 Service Temporarily Unavailable</body></html>",
            },
            Self::Malformed => Strike::Raw {
                status: 200,
                body: "<Unclosed><Elements",
            },
            Self::ExpiredToken => Strike::Error(ApiError::new(
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            )),
            Self::AccessDenied => Strike::Error(ApiError::new(
                403,
                "AccessDenied",
                format!("the caller is not authorized to perform: {operation}"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_after_what_it_skips_and_as_often_as_it_says() {
        let fault = Fault {
            skip: 1,
            ..Fault::new(FaultKind::Throttle, &["GetMetricData"]).times(2)
        };
        let mut faults = Faults::new(vec![fault]);
        let now = Timestamp::from_seconds(0);
        let struck: Vec<bool> = [
            "GetMetricData",
            "ListMetrics",
            "GetMetricData",
            "GetMetricData",
            "GetMetricData",
        ]
        .map(|operation| faults.strike(operation, now, now).is_some())
        .into();
        assert_eq!(struck, [false, false, true, true, false]);
    }

    #[test]
    fn a_fault_keeps_to_its_time() {
        let fault = Fault {
            from_s: Some(10),
            until_s: Some(20),
            ..Fault::new(FaultKind::Hang, &[])
        };
        let mut faults = Faults::new(vec![fault]);
        let start = Timestamp::from_seconds(1000);
        let at = |s: i64| Timestamp::from_seconds(1000 + s);
        let struck = [9, 10, 19, 20].map(|s| faults.strike("Any", start, at(s)).is_some());
        assert_eq!(struck, [false, true, true, false]);
    }
}
