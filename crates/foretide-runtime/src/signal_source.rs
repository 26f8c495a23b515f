//! One signal of a group, as the runtime reads it: from CloudWatch, Prometheus or another system.

use std::time::Duration;

use foretide_domain::{CallFailure, HistoryQuery, Timestamp};
use futures_util::future::BoxFuture;

/// Where the values of one signal come from.
///
/// An adapter is made for one signal: it knows what to read and the length of the signal's periods.
/// Several adapters may share one connection.
///
/// A period lies on the grid of its length: its start is a multiple of the length since the epoch.
/// A period without a value is left out of the answer. An adapter never puts a zero, a NaN or an
/// infinite value in its place.
///
/// The caller limits the duration of each call and drops a call at its deadline. The adapter must
/// stay usable then.
pub trait SignalSource: Send + Sync {
    /// Reads the periods that start at or after `from` and are closed at `now`.
    ///
    /// A period is closed once the source no longer changes it, which may be later than its end.
    ///
    /// # Errors
    /// Why there is no answer. A signal that does not exist is an error: otherwise a wrong name
    /// would look like a signal without load.
    fn read_newest(
        &self,
        from: Timestamp,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<SignalPart, CallFailure>>;

    /// Reads a part of the past: the periods of length `query.period` that start in
    /// `query.from..query.to`. The caller asks for closed periods only.
    ///
    /// # Errors
    /// Why there is no answer. A part from before the signal's first value is empty and no error.
    fn read_history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<SignalPart, CallFailure>>;
}

/// The value of a signal in one closed period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignalPeriod {
    /// Start of the period.
    pub start: Timestamp,
    /// Length of the period.
    pub period: Duration,
    /// The value, finite, in the signal's own unit.
    pub value: f64,
}

/// An answer of a [`SignalSource`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignalPart {
    /// The periods that have a value, oldest first, none twice.
    pub periods: Vec<SignalPeriod>,
    /// Cost of reading them, USD; 0 for a source that bills nothing.
    pub usd: f64,
}
