//! Reads metrics by `GetMetricData`, many groups a call, and turns values into datapoints.
//!
//! `query` makes the calls. `sampling` tells basic from detailed monitoring. `fleet` and
//! `instances` make datapoints in group mode and in instance mode. No gap is filled: an unpublished
//! value is absent.

mod billed;
mod fleet;
mod instance_metric;
mod instances;
mod options;
mod query;
mod sampling;
mod signals;
mod stat;

pub use billed::BilledMetrics;
pub use instance_metric::InstanceMetric;
pub use instances::InstanceAggregate;
pub use options::{Collect, LoadMetric, MetricOptions};
pub use sampling::Monitoring;
pub use signals::SignalMetric;
pub use stat::Stat;

pub(crate) use fleet::{
    Fleet, group_datapoints, group_queries, history_datapoints, history_queries, own_cpu_queries,
    peak_query,
};
pub(crate) use instances::{instance_datapoints, instance_queries, learn_warm_ups};
pub(crate) use query::{Key, Query, Span, Values, billed_metrics};
pub(crate) use sampling::Sampling;
pub(crate) use signals::signal_readings;
