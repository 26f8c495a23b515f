//! The cost of the calls. AWS bills `GetMetricData` by metric requested; calls of Auto Scaling are
//! free.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use foretide_domain::FailureKind;
use tokio::time::Instant;

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

/// How many metrics can be requested for `usd`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float to integer cast saturates"
)]
pub fn metrics_for(usd: f64) -> u64 {
    // A thousandth of a metric makes up for the rounding of the division.
    (usd / USD_PER_METRIC_REQUESTED + 0.001) as u64
}

/// Counts calls and metrics requested since the connection was made.
#[derive(Debug, Default)]
pub struct Bill {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    counts: BillSnapshot,
    /// When each group's metrics were first requested, load history apart.
    began: BTreeMap<String, Instant>,
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
    /// The part of `metrics_requested` that was for single instances while they start or stop:
    /// requested now and then, and bounded by an allowance of its own.
    pub single_requested: BTreeMap<String, u64>,
    /// Time since the first request for the metrics of a cycle, by group. A connection or a group
    /// that a reload adds begins with its own first request.
    pub counted_for: BTreeMap<String, Duration>,
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

    /// Cost of a month at the rate so far, in USD; 0 before the first request.
    ///
    /// Time is rounded up to whole minutes, because metrics are requested once a minute: the figure
    /// is the same right before and right after a request. Load history is read once and does not
    /// count, nor do single instances, which have an allowance of their own. `most` is the number
    /// of metrics that one reading requests, where that is known: readings beyond one a minute are
    /// repetitions of failed ones, out of a reserve that is used up once, and do not count for
    /// later minutes.
    pub fn usd_per_month(&self, group: &str, most: Option<u32>) -> f64 {
        let elapsed = self.counted_for.get(group).copied().unwrap_or_default();
        let history = self.history_requested.get(group).copied().unwrap_or(0);
        let metrics = self.metrics_requested.get(group).copied().unwrap_or(0);
        let single = self.single_requested.get(group).copied().unwrap_or(0);
        let minutes = elapsed.as_secs() / 60 + 1;
        let regular = metrics.saturating_sub(history).saturating_sub(single);
        let a_minute = regular as f64 / minutes as f64;
        let a_minute = most.map_or(a_minute, |most| a_minute.min(f64::from(most)));
        a_minute * USD_PER_METRIC_REQUESTED * MONTH.as_secs_f64() / 60.0
    }
}

impl Bill {
    /// The counts now.
    pub fn snapshot(&self) -> BillSnapshot {
        let held = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts = held.counts.clone();
        let began = held.began.iter();
        counts.counted_for = began
            .map(|(group, began)| (group.clone(), began.elapsed()))
            .collect();
        counts
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
        if !is_history {
            let mut held = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            if !held.began.contains_key(group) {
                held.began.insert(group.to_owned(), Instant::now());
            }
        }
        self.with(|counts| {
            add(&mut counts.metrics_requested, group, metrics);
            if is_history {
                add(&mut counts.history_requested, group, metrics);
            }
        });
    }

    /// Counts metrics of single instances that [`Bill::count_metrics`] has counted for `group`.
    pub(crate) fn count_single_instances(&self, group: &str, metrics: u64) {
        if metrics > 0 {
            self.with(|counts| add(&mut counts.single_requested, group, metrics));
        }
    }

    fn with<T>(&self, use_counts: impl FnOnce(&mut BillSnapshot) -> T) -> T {
        let mut held = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        use_counts(&mut held.counts)
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

    /// The counts as they would be `second` seconds after the first request for `web`.
    fn after(bill: &Bill, second: u64) -> BillSnapshot {
        let mut counts = bill.snapshot();
        assert_eq!(counts.counted_for.len(), 1, "history starts no clock");
        let elapsed = Duration::from_secs(second);
        counts.counted_for.insert("web".to_owned(), elapsed);
        counts
    }

    #[test]
    fn readings_of_the_reserve_raise_the_bill_so_far_and_not_the_month() {
        let bill = Bill::default();
        for _ in 0..11 {
            bill.count_metrics("web", 3, false);
        }
        let counts = after(&bill, 30);
        assert!((counts.usd_per_month("web", Some(3)) - 1.314).abs() < 1e-9);
        assert!(counts.usd_per_month("web", None) > 14.0, "the control");
        assert!((counts.usd("web") - 33.0 * USD_PER_METRIC_REQUESTED).abs() < 1e-12);
        let quiet = after(&bill, 59 * 60);
        assert!(
            quiet.usd_per_month("web", Some(3)) < 1.314,
            "fewer cost less"
        );
    }

    #[test]
    fn the_monthly_figure_does_not_jump_from_the_first_request_on() {
        let bill = Bill::default();
        bill.count_metrics("web", 700, true);
        for second in 0..7200 {
            if second % 60 == 0 {
                bill.count_metrics("web", 3, false);
            }
            let month = after(&bill, second).usd_per_month("web", None);
            assert!((month - 1.314).abs() < 1e-9, "{month} after {second} s");
        }
        let spent = bill.snapshot().usd("web");
        assert!(
            (spent - 1060.0 * USD_PER_METRIC_REQUESTED).abs() < 1e-12,
            "history is paid for"
        );
        bill.count_metrics("web", 20, false);
        bill.count_single_instances("web", 20);
        let month = after(&bill, 7199).usd_per_month("web", None);
        assert!(
            (month - 1.314).abs() < 1e-9,
            "single instances are apart: {month}"
        );
        assert!(bill.snapshot().usd("other").abs() < 1e-12);
    }
}
