//! The cost of the calls. AWS bills `GetMetricData` by metric requested; calls of Auto Scaling are
//! free.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use foretide_domain::FailureKind;

/// Price of one metric requested by `GetMetricData`: 0.01 USD a thousand. Up to five statistics of
/// one metric in one call count as one metric.
pub const USD_PER_METRIC_REQUESTED: f64 = 0.01 / 1000.0;

/// The month of AWS's price lists: 730 hours.
pub const MONTH: Duration = Duration::from_hours(730);

/// Cost of requesting `metrics` metrics every `interval`, in USD a month. AWS bills the requests
/// that it answers. This figure also counts requests that AWS refuses.
///
/// Three metrics every minute cost 1.31 USD.
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
    /// Calls by operation. A call with retries counts once.
    pub calls: BTreeMap<&'static str, u64>,
    /// Calls that failed after their retries, throttled calls included, by operation.
    pub errors: BTreeMap<&'static str, u64>,
    /// Calls that AWS or the local rate limit throttled, by operation.
    pub throttled: BTreeMap<&'static str, u64>,
    /// Metrics requested, by group.
    pub metrics_requested: BTreeMap<String, u64>,
    /// The part of `metrics_requested` that was for load history: requested once, and not every
    /// minute.
    pub history_requested: BTreeMap<String, u64>,
}

impl BillSnapshot {
    /// Number of all calls.
    pub fn total_calls(&self) -> u64 {
        self.calls.values().sum()
    }

    /// Cost of the metrics requested for `group` so far, in USD.
    pub fn usd(&self, group: &str) -> f64 {
        let metrics = self.metrics_requested.get(group).copied().unwrap_or(0);
        metrics as f64 * USD_PER_METRIC_REQUESTED
    }

    /// Cost of a month at the rate of the `elapsed` time, in USD.
    ///
    /// Elapsed time is rounded up to whole minutes, because metrics are requested once a minute:
    /// the figure is the same right before and right after a request. Load history is read once and
    /// does not count.
    pub fn usd_per_month(&self, group: &str, elapsed: Duration) -> f64 {
        let history = self.history_requested.get(group).copied().unwrap_or(0);
        let metrics = self.metrics_requested.get(group).copied().unwrap_or(0);
        let minutes = elapsed.as_secs() / 60 + 1;
        let a_minute = metrics.saturating_sub(history) as f64 / minutes as f64;
        a_minute * USD_PER_METRIC_REQUESTED * MONTH.as_secs_f64() / 60.0
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

    /// Counts metrics requested for `group`. `is_history`: they were for load history.
    pub(crate) fn count_metrics(&self, group: &str, metrics: u64, is_history: bool) {
        self.with(|counts| {
            add(&mut counts.metrics_requested, group, metrics);
            if is_history {
                add(&mut counts.history_requested, group, metrics);
            }
        });
    }

    fn with<T>(&self, use_counts: impl FnOnce(&mut BillSnapshot) -> T) -> T {
        use_counts(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Adds `metrics` to the count of `group`, without a new key if there is one.
fn add(counts: &mut BTreeMap<String, u64>, group: &str, metrics: u64) {
    if let Some(count) = counts.get_mut(group) {
        *count += metrics;
    } else {
        counts.insert(group.to_owned(), metrics);
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
    fn the_monthly_figure_does_not_jump_from_the_first_request_on() {
        let bill = Bill::default();
        bill.count_metrics("web", 700, true);
        for second in 0..7200 {
            if second % 60 == 0 {
                bill.count_metrics("web", 3, false);
            }
            let elapsed = Duration::from_secs(second);
            let month = bill.snapshot().usd_per_month("web", elapsed);
            assert!((month - 1.314).abs() < 1e-9, "{month} after {second} s");
        }
        let spent = bill.snapshot().usd("web");
        assert!(
            (spent - 1060.0 * USD_PER_METRIC_REQUESTED).abs() < 1e-12,
            "history is paid for"
        );
        assert!(bill.snapshot().usd("other").abs() < 1e-12);
    }
}
