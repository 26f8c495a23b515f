//! Signals from Prometheus, and from servers with the same interface (Thanos, Mimir,
//! `VictoriaMetrics`): range queries, read as closed periods.
//!
//! [`Prometheus`] is one server; [`Prometheus::signal`] makes the [`SignalSource`] of one query.
//!
//! - The value of a period is the value of the query at the period's end.
//! - Missing is never zero. A period is left out if Prometheus has no value for it, a NaN or an
//!   infinite value, or only a sample from before the period ([`signal`](Prometheus::signal)).
//! - A query has one series. Several series are an error that names them; none is an error, unless
//!   the question is for history.
//! - Answers are bounded in bytes and time. An error quotes bounded text, and never a secret.
//!
//! The crate decides nothing, retries nothing and keeps no state between two questions.
//!
//! [`SignalSource`]: foretide_runtime::SignalSource

mod answer;
mod error;
mod grid;
mod query;
mod quote;
mod server;
mod signal;
mod url;

pub use error::{Problem, QueryError};
pub use grid::POINTS_MAX;
pub use query::{DELAY_DEFAULT, InvalidQuery, PromQuery, QUERY_BYTES_MAX};
pub use server::{
    ANSWER_BYTES_MAX, InvalidServer, Prometheus, ServerSettings, TIMEOUT_DEFAULT, TIMEOUT_MAX,
};
pub use signal::PrometheusSignal;
pub use url::{InvalidPrometheusUrl, PrometheusUrl};
