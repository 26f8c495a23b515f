//! Why a query brought no values: what happened, and what to do.

use std::fmt;
use std::time::Duration;

use foretide_domain::{CallFailure, FailureKind};
use http::StatusCode;
use thiserror::Error;

use crate::quote::listed;

/// Most series and most warnings that a message names.
const NAMED_MAX: usize = 3;
/// `errorType` of Prometheus where the query itself is wrong.
const BAD_DATA: &str = "bad_data";

/// A query that brought no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Scheme, host and port of the server.
    pub(crate) server: String,
    /// The query, shortened.
    pub(crate) query: String,
    /// What happened.
    pub(crate) problem: Problem,
}

/// What happened. Texts of the other side are shortened and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// No connection, or no answer on it; why.
    #[error("{0}")]
    Unreachable(String),
    /// The request could not be made; why.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// No whole answer in time.
    #[error("no whole answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The connection ended within the answer.
    #[error("the connection was cut off after {bytes} bytes of the answer ({why})")]
    CutOff {
        /// Bytes of the body that came.
        bytes: usize,
        /// How the connection ended.
        why: String,
    },
    /// The answer is longer than the limit.
    #[error(
        "the answer has more than {most} bytes{}",
        begins_with(.series)
    )]
    TooLong {
        /// The limit.
        most: usize,
        /// The series at the beginning of the answer.
        series: Vec<String>,
    },
    /// The server wants other credentials, or gives these no permission.
    #[error("it refused the credentials: {status}")]
    Denied {
        /// The status.
        status: StatusCode,
    },
    /// The server sends its callers elsewhere. Foretide does not follow.
    #[error("it answered {status}, a redirect to {to}, and redirects are not followed")]
    Redirected {
        /// The status.
        status: StatusCode,
        /// Scheme, host and port of the other place.
        to: String,
    },
    /// The answer is not from Prometheus.
    #[error("it answered {status} with {content}, which is not an answer of Prometheus")]
    NotPrometheus {
        /// The status.
        status: StatusCode,
        /// The media type of the answer.
        content: String,
    },
    /// Prometheus refused the query.
    #[error("Prometheus refused the query: {error_type}: {error}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// `errorType` of the answer.
        error_type: String,
        /// `error` of the answer.
        error: String,
    },
    /// The answer makes no sense; why.
    #[error("the answer makes no sense: {0}")]
    Malformed(String),
    /// Prometheus says that parts of the answer are missing.
    #[error("the answer is partial: {}", listed(.0, NAMED_MAX, "; "))]
    Partial(Vec<String>),
    /// No series.
    #[error("it returned no series for the last {} s", .0.as_secs())]
    NoSeries(Duration),
    /// More than one series.
    #[error(
        "it returned {}{} series, and a signal has one: {}",
        if *.more { "at least " } else { "" },
        .series.len(),
        listed(.series, NAMED_MAX, ", ")
    )]
    SeveralSeries {
        /// The series, as far as they came.
        series: Vec<String>,
        /// Whether there may be more of them.
        more: bool,
    },
    /// A series of native histograms, which have no single value.
    #[error("it returned native histograms for {0}, and a signal needs numbers")]
    Histograms(String),
    /// More periods than one question may ask for.
    #[error("{periods} periods are too many for one question")]
    TooManyPeriods {
        /// Their number.
        periods: i64,
    },
}

fn begins_with(series: &[String]) -> String {
    if series.is_empty() {
        return String::new();
    }
    format!(" and begins with {}", listed(series, NAMED_MAX, ", "))
}

impl Problem {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        const ONE: &str = "make one series of them, such as by sum(…), max(…) or a label in {…}";
        match self {
            Self::Unreachable(_) => "are url and ca_file right, and does Prometheus run?",
            Self::Unsendable(_) => "are query, token and password right?",
            Self::TimedOut(_) => "a recording rule makes a slow query fast; or raise timeout",
            Self::CutOff { .. } => "Prometheus or a proxy ended; the next reading asks again",
            Self::TooLong { .. } | Self::SeveralSeries { .. } => ONE,
            Self::Denied { .. } => "are token_file, or user and password_file, right?",
            Self::Redirected { .. } => {
                "set url to the address that answers itself, with the path before /api/v1"
            }
            Self::NotPrometheus { .. } => {
                "is url right, with the path before /api/v1? A proxy may have answered instead"
            }
            Self::Refused { error_type, .. } if error_type == BAD_DATA => {
                "try the query on Prometheus's own page"
            }
            Self::Refused { .. } => "Prometheus's log and its page say more of this query",
            Self::Malformed(_) => "is url that of a Prometheus, and of nothing between?",
            Self::Partial(_) => "the server names what is missing; the next reading asks again",
            Self::NoSeries(_) => {
                "try the query on Prometheus's own page: is a name or a label wrong, or is the \
                 target down?"
            }
            Self::Histograms(_) => "ask for a number, such as by histogram_quantile(0.99, …)",
            Self::TooManyPeriods { .. } => "ask for less, or in longer periods",
        }
    }

    /// The kind, on which rules depend.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Unreachable(_) | Self::CutOff { .. } | Self::Partial(_) => {
                FailureKind::Unavailable
            }
            Self::TimedOut(_) => FailureKind::TimedOut,
            Self::Denied { .. } => FailureKind::Denied,
            Self::NoSeries(_) => FailureKind::NotFound,
            Self::Malformed(_) => FailureKind::Malformed,
            Self::NotPrometheus { status, .. } if status.is_success() => FailureKind::Malformed,
            Self::NotPrometheus { status, .. } => of_status(*status),
            Self::Refused {
                status, error_type, ..
            } => match error_type.as_str() {
                "timeout" => FailureKind::TimedOut,
                "canceled" | "internal" | "unavailable" => FailureKind::Unavailable,
                "not_found" => FailureKind::NotFound,
                _ => of_status(*status),
            },
            Self::Unsendable(_)
            | Self::TooLong { .. }
            | Self::Redirected { .. }
            | Self::SeveralSeries { .. }
            | Self::Histograms(_)
            | Self::TooManyPeriods { .. } => FailureKind::Rejected,
        }
    }
}

fn of_status(status: StatusCode) -> FailureKind {
    match status {
        StatusCode::NOT_FOUND => FailureKind::NotFound,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => FailureKind::TimedOut,
        StatusCode::TOO_MANY_REQUESTS => FailureKind::Throttled,
        status if status.is_server_error() => FailureKind::Unavailable,
        _ => FailureKind::Rejected,
    }
}

impl QueryError {
    /// What happened.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What to do.
    pub fn hint(&self) -> &'static str {
        self.problem.hint()
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            query,
            problem,
        } = self;
        write!(f, "Prometheus {server}, query `{query}`: {problem}")
    }
}

impl std::error::Error for QueryError {}

impl From<QueryError> for CallFailure {
    fn from(error: QueryError) -> Self {
        Self {
            kind: error.problem.kind(),
            detail: format!("{error}; hint: {}", error.hint()),
        }
    }
}
