//! The metrics to read for a group, as the configuration names them.

use super::Monitoring;
use super::stat::Stat;

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
