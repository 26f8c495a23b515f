//! What the calls cost. Auto Scaling's are free; `GetMetricData` is billed by metric requested.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use foretide_domain::FailureKind;

/// Price of one metric requested by `GetMetricData`: 0.01 USD a thousand. Up to five statistics of
/// one metric in one call count as one metric.
pub const USD_PER_METRIC_REQUESTED: f64 = 0.01 / 1000.0;

/// A month as AWS bills it: 730 hours.
pub const MONTH: Duration = Duration::from_hours(730);

/// Cost of `metrics` metrics requested every `interval`, in USD a month. AWS bills requests that it
/// answers: what it refuses costs nothing, and is counted here all the same.
///
/// Three metrics every minute: 1.31 USD.
pub fn usd_per_month(metrics: u32, interval: Duration) -> f64 {
    if interval.is_zero() {
        return f64::INFINITY;
    }
    f64::from(metrics) * USD_PER_METRIC_REQUESTED * MONTH.as_secs_f64() / interval.as_secs_f64()
}

/// Counts calls and metrics requested since the connection was made.
#[derive(Debug, Default)]
pub struct Bill {
    counts: Mutex<BillSnapshot>,
}

/// The counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BillSnapshot {
    /// Calls by operation. Retries within a call are not counted apart.
    pub calls: BTreeMap<&'static str, u64>,
    /// Those of them that failed after their retries, the throttled ones included.
    pub errors: BTreeMap<&'static str, u64>,
    /// Those of them that were throttled, by AWS or by the rate limit on this side.
    pub throttled: BTreeMap<&'static str, u64>,
    /// Metrics requested, by group.
    pub metrics_requested: BTreeMap<String, u64>,
}

impl BillSnapshot {
    /// All calls.
    pub fn total_calls(&self) -> u64 {
        self.calls.values().sum()
    }

    /// What the metrics requested for `group` cost so far, in USD.
    pub fn usd(&self, group: &str) -> f64 {
        let metrics = self.metrics_requested.get(group).copied().unwrap_or(0);
        metrics as f64 * USD_PER_METRIC_REQUESTED
    }

    /// What they would cost in a month at the pace of the `elapsed` time counted, in USD.
    pub fn usd_per_month(&self, group: &str, elapsed: Duration) -> Option<f64> {
        (!elapsed.is_zero()).then(|| self.usd(group) * MONTH.as_secs_f64() / elapsed.as_secs_f64())
    }
}

impl Bill {
    /// The counts now.
    pub fn snapshot(&self) -> BillSnapshot {
        self.with(|counts| counts.clone())
    }

    pub(crate) fn count_call(&self, operation: &'static str) {
        self.with(|counts| *counts.calls.entry(operation).or_default() += 1);
    }

    pub(crate) fn count_failure(&self, operation: &'static str, kind: FailureKind) {
        self.with(|counts| {
            *counts.errors.entry(operation).or_default() += 1;
            if kind == FailureKind::Throttled {
                *counts.throttled.entry(operation).or_default() += 1;
            }
        });
    }

    pub(crate) fn count_metrics(&self, group: &str, metrics: u64) {
        self.with(|counts| {
            if let Some(count) = counts.metrics_requested.get_mut(group) {
                *count += metrics;
            } else {
                counts.metrics_requested.insert(group.to_owned(), metrics);
            }
        });
    }

    fn with<T>(&self, use_counts: impl FnOnce(&mut BillSnapshot) -> T) -> T {
        use_counts(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_metrics_a_minute_stay_below_the_promised_cost() {
        let minute = Duration::from_mins(1);
        assert!((usd_per_month(3, minute) - 1.314).abs() < 1e-9);
        assert!(usd_per_month(3, minute) <= 1.50);
        assert!(usd_per_month(1, minute) <= 0.45);
    }

    #[test]
    fn failures_are_counted_and_throttles_among_them() {
        let bill = Bill::default();
        bill.count_failure("GetMetricData", FailureKind::Throttled);
        bill.count_failure("GetMetricData", FailureKind::TimedOut);
        let counts = bill.snapshot();
        assert_eq!(counts.errors["GetMetricData"], 2);
        assert_eq!(counts.throttled["GetMetricData"], 1);
    }

    #[test]
    fn a_count_is_scaled_to_a_month() {
        let bill = Bill::default();
        for _ in 0..60 {
            bill.count_metrics("web", 3);
        }
        let hour = bill
            .snapshot()
            .usd_per_month("web", Duration::from_hours(1));
        assert!((hour.unwrap() - 1.314).abs() < 1e-9);
        assert_eq!(bill.snapshot().usd_per_month("web", Duration::ZERO), None);
        assert!(bill.snapshot().usd("other").abs() < 1e-12);
    }
}
