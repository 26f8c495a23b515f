//! The original's aggregation of metrics over instances. A metric that no instance reports is
//! absent from the result, never zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rounding::numpy_round;

/// The metrics that are aggregated; others are dropped, as in the original.
pub const METRIC_KEYS: [&str; 7] = [
    "cpu_utilization",
    "network_in",
    "network_out",
    "disk_read_bytes",
    "disk_write_bytes",
    "network_packets_in",
    "network_packets_out",
];

/// One metric of one instance, in the metric's own unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Average over the period; the reading counts only if there is one.
    pub value: Option<f64>,
    /// Maximum within the period; 0 where it is missing, as in the original.
    pub max_value: Option<f64>,
}

/// The readings of one instance by metric.
pub type InstanceMetrics = BTreeMap<String, Reading>;

/// One metric over all instances that reported it, in the metric's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Combined {
    /// Mean of the averages.
    pub value: f64,
    /// Largest maximum.
    pub max_value: f64,
    /// Smallest average.
    pub min_value: f64,
    /// Instances that reported.
    pub instance_count: usize,
}

/// The aggregated metrics by name.
pub type CombinedMetrics = BTreeMap<&'static str, Combined>;

/// Aggregates over instances: step 4 of the original, rounded to two digits.
pub fn combine(instances: &[InstanceMetrics]) -> CombinedMetrics {
    METRIC_KEYS
        .iter()
        .filter_map(|&key| Some((key, combine_one(instances, key)?)))
        .collect()
}

fn combine_one(instances: &[InstanceMetrics], key: &str) -> Option<Combined> {
    let (mut sum, mut min, mut max) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
    let mut instance_count = 0_usize;
    for reading in instances.iter().filter_map(|instance| instance.get(key)) {
        let Some(value) = reading.value else { continue };
        sum += value;
        min = min.min(value);
        max = max.max(reading.max_value.unwrap_or(0.0));
        instance_count += 1;
    }
    (instance_count > 0).then(|| Combined {
        value: numpy_round(sum / instance_count as f64, 2),
        max_value: numpy_round(max, 2),
        min_value: numpy_round(min, 2),
        instance_count,
    })
}
