//! The number of metrics that AWS bills for one reading of a group.

use super::fleet::group_queries;
use super::instances::instance_queries;
use super::options::{Collect, MetricOptions};
use super::query::billed_metrics;

/// The number of metrics that AWS bills for one reading of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BilledMetrics {
    /// CPU, network and the other metrics that are always read: a group's, or each instance's in
    /// instance mode.
    pub base: u32,
    /// Memory, load metric and signals, once for the group.
    pub further: u32,
}

impl MetricOptions {
    /// The number of metrics that AWS bills for one reading with these options. Counts the queries
    /// that a reading sends.
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
