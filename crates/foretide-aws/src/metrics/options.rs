//! The metrics to read for a group, as the configuration names them.

use super::Monitoring;
use super::signals::SignalMetric;
use super::stat::Stat;

/// The dimension by which metrics are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collect {
    /// By the `AutoScalingGroupName` dimension: the number of metrics is the same for every group
    /// size.
    #[default]
    Group,
    /// By instance, as the original does: seven metrics of every instance that is in service,
    /// healthy and warmed up.
    Instance,
}

/// The metrics to read beside CPU and network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricOptions {
    /// The dimension by which metrics are read.
    pub collect: Collect,
    /// Whether to read memory as the CloudWatch agent reports it, aggregated on the group. AWS
    /// bills one more metric.
    pub memory: bool,
    /// A metric of the load itself. AWS bills one more metric.
    pub load: Option<LoadMetric>,
    /// The group's signals. AWS bills one more metric for each.
    pub signals: Vec<SignalMetric>,
    /// Basic or detailed monitoring; none to learn the kind from the spacing of datapoints.
    pub monitoring: Option<Monitoring>,
}

/// A metric that measures the load, such as requests or the length of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadMetric {
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric: String,
    /// The metric's dimensions, exactly as published.
    pub dimensions: Vec<(String, String)>,
    /// The statistic to read. Sums and sample counts are converted to one minute, whatever the
    /// period: the load that an instance serves is known by the minute.
    pub stat: Stat,
}
