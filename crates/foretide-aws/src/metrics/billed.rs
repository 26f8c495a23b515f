//! The number of metrics that AWS bills for one reading of a group.

use super::fleet::group_queries;
use super::instances::instance_queries;
use super::options::{Collect, MetricOptions};
use super::query::billed_metrics;

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
