//! Adapters to CloudWatch and EC2 Auto Scaling, over the official SDK.
//!
//! [`AwsClients`] holds one region and one set of credentials and makes single calls: rate limited,
//! counted, under a deadline, with a [`CallFailure`](foretide_domain::CallFailure) for every
//! failure. [`Collector`] reads many groups over such a connection, and remembers facts of each
//! group between calls: first sight of instances, basic or detailed monitoring, slow facts. The
//! collector is the runtime's [`Cloud`](foretide_runtime::Cloud).
//!
//! Invariants:
//! - Nothing here decides.
//! - Only [`AwsClients::set_desired`] writes.
//! - Times of events are arguments; only deadlines and the rate limit follow tokio's clock.
//! - No text made here holds a credential.

mod activity;
mod answer;
mod bill;
mod clients;
mod cloud;
mod collector;
mod config;
mod credentials;
mod duty;
mod endpoint;
mod facts;
mod failure;
mod group;
mod history;
mod http_client;
mod metrics;
mod rate;
mod skew;
mod tracker;
mod watched;
mod write;

pub use activity::{ActivityEnd, LaunchActivity};
pub use answer::ANSWER_BYTES_MAX;
pub use bill::{Bill, BillSnapshot, MONTH, USD_PER_METRIC_REQUESTED, usd_per_month};
pub use clients::{AwsClients, ConnectError};
pub use collector::Collector;
pub use config::{AwsConfig, StaticCredentials};
pub use facts::{FactAnswers, Outdated, ScalingPolicyFact, ScheduledActionFact, SlowFacts};
pub use group::{GroupReading, InstanceReading, Lifecycle};
pub use history::{HistorySpan, Retention, history_spans};
pub use metrics::{
    BilledMetrics, Collect, InstanceAggregate, InstanceAllowance, InstanceMetric, LoadMetric,
    MetricOptions, Monitoring, Stat,
};
pub use tracker::GroupTracker;
pub use watched::{CollectSettings, MetricsReading};

/// A question for [`Collector::read_metrics`].
pub use foretide_runtime::MetricsAsk;
