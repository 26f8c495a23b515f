//! The keys of a signal, as a file writes them, and what its presets mean.

use foretide_control::{Carries, SignalConfig};
use schemars::JsonSchema;
use serde::Deserialize;

use super::quantity::Span;
use super::raw::Dimension;

/// Memory that a group is kept at, where preset `memory` says nothing else: 70 %, above which Linux
/// begins to lack a page cache.
const MEMORY_TARGET: f64 = 70.0;

/// As [`foretide_control::Combine`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum RawCombine {
    Max,
    Weighted,
}

/// Where a signal is read.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum RawSource {
    Cloudwatch,
    Prometheus,
}

/// Metrics that many groups have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum RawPreset {
    AlbRequests,
    AlbLatency,
    SqsBacklog,
    Memory,
    Network,
}

/// A metric that asks for capacity beside CPU, such as requests or the length of a queue. The group
/// gets the largest capacity that CPU and its signals ask for. A metric of CloudWatch costs at most
/// 0.45 USD a month. Policies `forecast` and `target-tracking` know signals.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSignal {
    /// `false` leaves out a signal that the group would inherit. If unset, `true`.
    pub enabled: Option<bool>,
    /// Names metric and statistic: `alb-requests` (`RequestCount`), `alb-latency`
    /// (`TargetResponseTime`, p90; thresholds only), `sqs-backlog`
    /// (`ApproximateNumberOfMessagesVisible`), `memory` (`mem_used_percent` of the CloudWatch
    /// agent, `target` 70 if unset), `network` (`NetworkOut`). Keys that are set take precedence.
    pub preset: Option<RawPreset>,
    /// Where it is read: `cloudwatch`, or `prometheus`, which needs `server` and `query` and has no
    /// preset, namespace, metric, dimensions and statistic. If unset: `cloudwatch`.
    pub source: Option<RawSource>,
    /// For source `prometheus`: the table `[prometheus.NAME]` of the server, by its name.
    pub server: Option<String>,
    /// For source `prometheus`: the query, in `PromQL`. It must give one series. Its value at the
    /// end of a period is the value of the period.
    pub query: Option<String>,
    /// Namespace of the metric, such as `AWS/ApplicationELB`.
    pub namespace: Option<String>,
    /// Name of the metric, such as `RequestCount`.
    pub metric: Option<String>,
    /// Dimensions of the metric, exactly as published, each as `NAME=VALUE`. Presets `memory` and
    /// `network` have the dimension of the group itself.
    pub dimensions: Option<Vec<Dimension>>,
    /// The statistic: `Average`, `Minimum`, `Maximum`, `Sum`, `SampleCount`, or a percentile such
    /// as `p90`. If unset: `Sum`. Sums and counts are of one minute.
    pub stat: Option<String>,
    /// How often the metric is published: `60s` or `300s`. If unset: `60s`, and for metrics of EC2
    /// as `monitoring` says.
    pub period: Option<Span>,
    /// For a total of the group: what one instance carries at the utilisation that the policy aims
    /// at (`forecast.objective`, or `target_utilisation`). If unset, it is learnt from CPU in about
    /// an hour.
    pub per_instance: Option<f64>,
    /// For a mean per instance: the value that the policy aims at.
    pub target: Option<f64>,
    /// For preset `sqs-backlog`, in place of `per_instance`: the longest time that a message may
    /// wait.
    pub acceptable_latency: Option<Span>,
    /// For preset `sqs-backlog`, beside `acceptable_latency`: the time that an instance takes for
    /// one message.
    pub message_time: Option<Span>,
    /// Weight of the signal for `combine = "weighted"`; CPU has weight 1. If unset: 1.
    pub weight: Option<f64>,
    /// Whether a scale-in has to suit the signal, and waits while the signal is missing. If unset:
    /// `true`. With `false`, only what its newest value needs is kept.
    pub scale_in: Option<bool>,
    /// It asks for more only while its newest values (`target_tracking.out_points`) are above this.
    /// Without `per_instance` and `target`, it then asks for a tenth more, at least one instance.
    pub out_above: Option<f64>,
    /// It lets capacity go only while its newest values (`target_tracking.in_points`) are below
    /// this.
    pub in_below: Option<f64>,
}

impl RawSignal {
    /// The keys of this table; those that it leaves out are inherited.
    pub(super) fn over(&self, inherited: Option<&Self>) -> Self {
        let nothing = Self::default();
        let from = inherited.unwrap_or(&nothing);
        let (own, from) = (self.clone(), from.clone());
        Self {
            enabled: own.enabled.or(from.enabled),
            preset: own.preset.or(from.preset),
            source: own.source.or(from.source),
            server: own.server.or(from.server),
            query: own.query.or(from.query),
            namespace: own.namespace.or(from.namespace),
            metric: own.metric.or(from.metric),
            dimensions: own.dimensions.or(from.dimensions),
            stat: own.stat.or(from.stat),
            period: own.period.or(from.period),
            per_instance: own.per_instance.or(from.per_instance),
            target: own.target.or(from.target),
            acceptable_latency: own.acceptable_latency.or(from.acceptable_latency),
            message_time: own.message_time.or(from.message_time),
            weight: own.weight.or(from.weight),
            scale_in: own.scale_in.or(from.scale_in),
            out_above: own.out_above.or(from.out_above),
            in_below: own.in_below.or(from.in_below),
        }
    }

    /// Namespace, metric and statistic, as stated or by the preset.
    pub(super) fn named(&self) -> (Option<&str>, Option<&str>, &str) {
        let preset = match self.preset {
            None => (None, None, "Sum"),
            Some(RawPreset::AlbRequests) => {
                (Some("AWS/ApplicationELB"), Some("RequestCount"), "Sum")
            }
            Some(RawPreset::AlbLatency) => (
                Some("AWS/ApplicationELB"),
                Some("TargetResponseTime"),
                "p90",
            ),
            Some(RawPreset::SqsBacklog) => (
                Some("AWS/SQS"),
                Some("ApproximateNumberOfMessagesVisible"),
                "Average",
            ),
            Some(RawPreset::Memory) => (Some("CWAgent"), Some("mem_used_percent"), "Average"),
            Some(RawPreset::Network) => (Some("AWS/EC2"), Some("NetworkOut"), "Sum"),
        };
        (
            self.namespace.as_deref().or(preset.0),
            self.metric.as_deref().or(preset.1),
            self.stat.as_deref().unwrap_or(preset.2),
        )
    }

    pub(super) fn is_of_prometheus(&self) -> bool {
        matches!(self.source, Some(RawSource::Prometheus))
    }

    pub(super) fn is_of_group(&self) -> bool {
        let of_group = matches!(self.preset, Some(RawPreset::Memory | RawPreset::Network));
        of_group && self.dimensions.is_none()
    }

    pub(super) fn carries(&self) -> Carries {
        let backlog = self.acceptable_latency.zip(self.message_time);
        let backlog = backlog.map(|(wait, each)| wait.0.as_secs_f64() / each.0.as_secs_f64());
        if let Some(mean) = self.target {
            return Carries::Target(mean);
        }
        if let Some(each) = self.per_instance.or(backlog) {
            return Carries::PerInstance(each);
        }
        match self.preset {
            Some(RawPreset::Memory) => Carries::Target(MEMORY_TARGET),
            Some(RawPreset::AlbLatency) => Carries::Thresholds,
            _ => Carries::Learnt,
        }
    }

    pub(super) fn of_controller(&self, name: &str) -> SignalConfig {
        SignalConfig {
            name: name.to_owned(),
            carries: self.carries(),
            weight: self.weight.unwrap_or(1.0),
            scale_in: self.scale_in.unwrap_or(true),
            out_above: self.out_above,
            in_below: self.in_below,
        }
    }
}
