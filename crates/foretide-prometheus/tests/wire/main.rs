//! Range queries against servers that answer well, badly or not at all.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

mod errors;
mod fake;
mod reading;

use std::time::Duration;

use foretide_domain::{HistoryQuery, Timestamp};
use foretide_http::{Credentials, Token};
use foretide_outbound::Outbound;
use foretide_prometheus::{PromQuery, Prometheus, PrometheusSignal, QueryError, ServerSettings};
use foretide_runtime::SignalPart;

/// A minute of the grid, in seconds.
const BEGIN: i64 = 1_700_000_040;
const MINUTE: Duration = Duration::from_mins(1);
const SECRET: &str = "correct-horse-battery";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn settings(origin: &str) -> ServerSettings {
    ServerSettings {
        credentials: Credentials::Bearer(Token::new(SECRET).unwrap()),
        ..ServerSettings::new(origin.parse().unwrap())
    }
}

/// The query `load` of the server at `origin`, in minutes, closed at their end.
fn signal(origin: &str) -> PrometheusSignal {
    of(settings(origin))
}

fn of(settings: ServerSettings) -> PrometheusSignal {
    let server = Prometheus::new(settings, &Outbound::default()).unwrap();
    let query = PromQuery::new("load", MINUTE).unwrap();
    server.signal(query.with_delay(Duration::ZERO).unwrap())
}

/// Reads the newest five minutes.
async fn newest(signal: &PrometheusSignal) -> Result<SignalPart, QueryError> {
    signal.newest(at(BEGIN), at(BEGIN + 300)).await
}

/// Reads minutes of the past.
async fn history(signal: &PrometheusSignal, minutes: i64) -> Result<SignalPart, QueryError> {
    let query = HistoryQuery {
        from: at(BEGIN),
        to: at(BEGIN + minutes * 60),
        period: MINUTE,
    };
    signal.history(query).await
}

/// Start, in seconds after [`BEGIN`], and value of each period.
fn shown(part: &SignalPart) -> Vec<(i64, f64)> {
    let period = |it: &foretide_runtime::SignalPeriod| {
        assert_eq!(it.period, MINUTE);
        (it.start.as_seconds() - BEGIN, it.value)
    };
    part.periods.iter().map(period).collect()
}
