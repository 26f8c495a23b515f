//! The shapes of `CloudWatch`'s requests and answers, with AWS's names.

#![expect(
    clippy::struct_field_names,
    reason = "fields are named as AWS names the members"
)]

use serde::{Deserialize, Serialize};

use crate::epoch::Epoch;

/// The answer of an operation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Data(MetricData),
    Statistics(MetricStatistics),
    Metrics(Metrics),
    Nothing {},
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct GetMetricData {
    pub(super) metric_data_queries: Vec<MetricDataQuery>,
    pub(super) start_time: Epoch,
    pub(super) end_time: Epoch,
    #[serde(default)]
    pub(super) next_token: Option<String>,
    #[serde(default)]
    pub(super) scan_by: Option<String>,
    #[serde(default)]
    pub(super) max_datapoints: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct MetricDataQuery {
    pub(super) id: String,
    #[serde(default)]
    pub(super) metric_stat: Option<MetricStat>,
    #[serde(default)]
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) return_data: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct MetricStat {
    pub(super) metric: Metric,
    pub(super) period: u32,
    pub(super) stat: String,
    #[serde(default)]
    pub(super) unit: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Metric {
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) metric_name: String,
    #[serde(default)]
    pub(super) dimensions: Vec<Dimension>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricData {
    pub(super) metric_data_results: Vec<MetricDataResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_token: Option<String>,
    pub(super) messages: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricDataResult {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) timestamps: Vec<Epoch>,
    pub(super) values: Vec<f64>,
    pub(super) status_code: &'static str,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct GetMetricStatistics {
    pub(super) namespace: String,
    pub(super) metric_name: String,
    #[serde(default)]
    pub(super) dimensions: Vec<Dimension>,
    pub(super) start_time: Epoch,
    pub(super) end_time: Epoch,
    pub(super) period: u32,
    #[serde(default)]
    pub(super) statistics: Vec<String>,
    #[serde(default)]
    pub(super) unit: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricStatistics {
    pub(super) label: String,
    pub(super) datapoints: Vec<Datapoint>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Datapoint {
    pub(super) timestamp: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) average: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) minimum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maximum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sample_count: Option<f64>,
    pub(super) unit: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ListMetrics {
    #[serde(default)]
    pub(super) namespace: Option<String>,
    #[serde(default)]
    pub(super) metric_name: Option<String>,
    #[serde(default)]
    pub(super) dimensions: Vec<DimensionFilter>,
    #[serde(default)]
    pub(super) next_token: Option<String>,
    #[serde(default)]
    pub(super) recently_active: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct DimensionFilter {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Metrics {
    pub(super) metrics: Vec<Metric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_token: Option<String>,
}
