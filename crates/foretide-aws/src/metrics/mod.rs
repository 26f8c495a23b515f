//! Reading metrics: `GetMetricData`, many groups a call, and what its numbers mean.
//!
//! `query` carries calls out, `sampling` tells basic from detailed monitoring, `fleet` and
//! `instances` make datapoints of the two ways to collect. Refuses to fill gaps: what was not
//! published is absent.

mod fleet;
mod instances;
mod query;
mod sampling;

pub use instances::{InstanceAggregate, InstanceMetric};
pub use sampling::Monitoring;

pub(crate) use fleet::{
    Fleet, group_datapoints, group_queries, history_datapoints, history_queries,
};
pub(crate) use instances::{instance_datapoints, instance_queries};
pub(crate) use query::{Key, Query, Span, Values, billed_metrics};
pub(crate) use sampling::Sampling;

/// The way metrics are collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collect {
    /// By the `AutoScalingGroupName` dimension: a constant number of metrics whatever the group's
    /// size.
    #[default]
    Group,
    /// The original's way: seven metrics of every instance in service, healthy and warmed up.
    Instance,
}

/// What is asked beside CPU and network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricOptions {
    /// The way metrics are collected.
    pub collect: Collect,
    /// Memory as the CloudWatch agent reports it, where it aggregates on the group. Billed as one
    /// metric more.
    pub memory: bool,
    /// A metric of the load itself. Billed as one metric more.
    pub load: Option<LoadMetric>,
    /// Basic or detailed monitoring, where it shall not be learnt from the points' spacing.
    pub monitoring: Option<Monitoring>,
}

/// Metrics that one reading of a group is billed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BilledMetrics {
    /// CPU, network and what else is always read; of each instance where metrics are collected by
    /// instance.
    pub base: u32,
    /// Memory and load metric, once a group.
    pub further: u32,
}

impl MetricOptions {
    /// What one reading of a group with these options is billed as: counted from the very queries
    /// that are sent.
    pub fn billed(&self) -> BilledMetrics {
        let count = |options: &Self| {
            let queries = match options.collect {
                Collect::Group => group_queries("", options),
                Collect::Instance => instance_queries("", &[String::new()], options),
            };
            u32::try_from(billed_metrics(&queries)).unwrap_or(u32::MAX)
        };
        let base = count(&Self {
            collect: self.collect,
            ..Self::default()
        });
        BilledMetrics {
            base,
            further: count(self).saturating_sub(base),
        }
    }
}

/// A metric that measures the load: requests, a queue's depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadMetric {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub metric: String,
    /// Its dimensions, exactly as published.
    pub dimensions: Vec<(String, String)>,
    /// The statistic asked. A sum and a number of samples are told over one minute, whatever the
    /// period: what an instance serves of it is known by the minute.
    pub stat: Stat,
}

/// A statistic of `CloudWatch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stat {
    /// Mean of the samples.
    Average,
    /// Smallest sample.
    Minimum,
    /// Largest sample.
    Maximum,
    /// Sum of the samples.
    Sum,
    /// Number of samples.
    SampleCount,
    /// Any other that `CloudWatch` knows, such as `p90`.
    Other(String),
}

impl Stat {
    /// Its name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Average => "Average",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::Sum => "Sum",
            Self::SampleCount => "SampleCount",
            Self::Other(name) => name,
        }
    }

    /// One value for several neighbouring periods, each as long as one of them; none for none.
    /// Percentiles cannot be combined exactly: their mean stands for them.
    fn combine(&self, values: impl Iterator<Item = f64>) -> Option<f64> {
        let values: Vec<f64> = values.collect();
        let sum: f64 = values.iter().sum();
        match self {
            _ if values.is_empty() => None,
            Self::Minimum => values.into_iter().reduce(f64::min),
            Self::Maximum => values.into_iter().reduce(f64::max),
            Self::Average | Self::Sum | Self::SampleCount | Self::Other(_) => {
                Some(sum / values.len() as f64)
            }
        }
    }

    /// Whether it grows with the length of a period.
    const fn accumulates(&self) -> bool {
        matches!(self, Self::Sum | Self::SampleCount)
    }
}
