//! Foretide's adapters to CloudWatch and EC2 Auto Scaling, over the official SDK.
//!
//! [`AwsClients`] holds one region and one set of credentials and carries single calls out: rate
//! limited, counted, under a deadline, with every failure told as a
//! [`CallFailure`](foretide_domain::CallFailure). [`Collector`] keeps what a sequence of calls has
//! to remember of each group: when instances were first seen, whether monitoring is basic or
//! detailed, facts that change slowly; it is the runtime's [`Cloud`](foretide_runtime::Cloud).
//!
//! Invariants: nothing here decides; [`AwsClients::set_desired`] is the only place that writes;
//! time that carries meaning is an argument (only deadlines and the rate limit follow the runtime's
//! clock); no text made here holds a credential.

mod activity;
mod answer;
mod bill;
mod clients;
mod cloud;
mod collector;
mod config;
mod credentials;
mod facts;
mod failure;
mod group;
mod history;
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
    BilledMetrics, Collect, InstanceAggregate, InstanceMetric, LoadMetric, MetricOptions,
    Monitoring, Stat,
};
pub use tracker::GroupTracker;
pub use watched::{CollectSettings, MetricsReading};

/// The question that [`Collector::read_metrics`] answers.
pub use foretide_runtime::MetricsAsk;
