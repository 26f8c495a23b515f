//! The settings of one layer: every key is optional, so that layers can be merged. The comments on
//! the fields are the reference of the keys.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use foretide_http::{HostName, InvalidHostName};
use foretide_predict::{InvalidPredictorUrl, PredictorUrl};
use schemars::JsonSchema;
use serde::Deserialize;

use super::calendars::Calendar;
use super::choice::{
    RawCollect, RawLogFormat, RawMode, RawMonitoring, RawOnEmpty, RawOnMissing, RawOnSuspended,
    RawPolicy, RawReady,
};
use super::discover::RawDiscover;
use super::event::Event;
use super::file_mode::FileMode;
use super::notify::RawNotify;
use super::pace::{RawScaleIn, RawScaleOut};
use super::page::{Proxy, RawPage};
use super::prometheus::RawPrometheus;
use super::quantity::{MinutePrice, Percentage, Price, Span, Spare};
use super::raw_signal::{RawCombine, RawSignal};

/// Configuration of Foretide.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConfig {
    /// A model file for policy `classifier` and for the prediction service, as `foretide train`
    /// writes it. If unset, the model built into the binary is used.
    #[schemars(extend("format" = "path"))]
    pub model: Option<PathBuf>,
    /// Settings that every group inherits.
    #[serde(default)]
    pub defaults: RawGroup,
    /// One table for each group, by the name of the Auto Scaling group. Keys that the table leaves
    /// out are inherited.
    #[serde(default)]
    pub group: BTreeMap<String, RawGroup>,
    /// Groups that are found by a tag, besides those that have a table. Their settings come from
    /// tags such as `foretide:policy`. `foretide discover` lists them.
    #[serde(default)]
    pub discover: RawDiscover,
    /// One table for each Prometheus server, by a name of your choice.
    #[serde(default)]
    pub prometheus: BTreeMap<String, RawPrometheus>,
    /// How AWS is reached. For keys that are left out, the AWS SDK's default provider chain
    /// decides: environment, profile, instance metadata.
    #[serde(default)]
    pub aws: RawAws,
    /// The autoscaler, `foretide run`.
    #[serde(default)]
    pub run: RawRun,
    /// Who may reach the page of `foretide run`. Address, names and token of the page are in
    /// `[run]`.
    #[serde(default)]
    pub page: RawPage,
    /// `/metrics` of `foretide run`.
    #[serde(default)]
    pub metrics: RawMetrics,
    /// Notifications of `foretide run`, posted to a webhook such as Slack's. If no address is set,
    /// none are sent. `foretide notify test` sends one.
    #[serde(default)]
    pub notify: RawNotify,
    /// The prediction service, `foretide serve`.
    #[serde(default)]
    pub serve: RawServe,
    /// The simulated group of `foretide demo`.
    #[serde(default)]
    pub demo: RawDemo,
}

/// Settings of a group.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGroup {
    /// What Foretide may do: `observe` decides and records, and never sets desired capacity;
    /// `scale-out-only` may raise it; `enforce` may raise and lower it.
    pub mode: Option<RawMode>,
    /// The rule that proposes a capacity: `forecast` (the load at the time when a launch first
    /// serves), `target-tracking` (utilisation ÷ target), or `classifier` (the three-class model).
    pub policy: Option<RawPolicy>,
    /// Time between two cycles of the group.
    pub interval: Option<Span>,
    /// CPU utilisation that policies `target-tracking` and `classifier` aim at; they never scale in
    /// so far that CPU would exceed it. Policy `forecast` aims at `forecast.objective` instead. For
    /// it, this is the target of the fallback, which decides until there is a forecast, and
    /// that of the target tracking which `forecast.max_cost` is measured against.
    pub target_utilisation: Option<Percentage>,
    /// While data is missing or stale: `hold` changes nothing; `scale-out-only` may raise capacity.
    pub on_missing: Option<RawOnMissing>,
    /// A group without instances shows no load: `start-one` launches one; `hold` changes nothing.
    pub on_empty: Option<RawOnEmpty>,
    /// Data older than this is stale.
    pub stale_after: Option<Span>,
    /// Time from the end of a metric's period until CloudWatch shows it. If this is too short,
    /// late datapoints are waited for; metrics are never read more than once a minute.
    pub metric_delay: Option<Span>,
    /// Share of the instances in service that must report CPU before capacity may be lowered.
    pub coverage_min: Option<Percentage>,
    /// Time from launch to in service, or to healthy with `load.ready = "target-group"`. It is used
    /// until launches of the group have been measured. The warm-up comes on top.
    pub lead_time: Option<Span>,
    /// The least lead time, warm-up included, whatever was measured.
    pub lead_time_min: Option<Span>,
    /// While process `AlarmNotification` of the group is suspended: `hands-off` writes nothing, as
    /// in a pause; `ignore` goes on. If unset, `hands-off`, except for a group that a build
    /// without this key enforced while the process was suspended.
    pub suspended: Option<RawOnSuspended>,
    /// Policy `classifier` and its guard rails.
    #[serde(default)]
    pub classifier: RawClassifier,
    /// Policy `target-tracking`.
    #[serde(default)]
    pub target_tracking: RawTargetTracking,
    /// Policy `forecast`.
    #[serde(default)]
    pub forecast: RawForecast,
    /// Spare instances beyond those needed, so that the group outlasts a loss: of a number of
    /// instances (`"1"`), or of one of its zones (`"zone of 3"`: the zones that it has instances
    /// in). Policy `classifier` keeps it when it scales in. `"0"`: none.
    pub headroom: Option<Spare>,
    /// How fast capacity may be added, under every policy. Saturated CPU, the minimum of the group
    /// or of a known event, and operators' orders are exempt.
    #[serde(default)]
    pub scale_out: RawScaleOut,
    /// How fast capacity may be taken away, under every policy. Operators' orders are exempt.
    #[serde(default)]
    pub scale_in: RawScaleIn,
    /// The circuit breaker: it stops scale-out while launches fail.
    #[serde(default)]
    pub breaker: RawBreaker,
    /// Name of the Auto Scaling group, where the table's name is another.
    pub asg: Option<String>,
    /// Region of the group. If unset, it comes from the AWS SDK's default provider chain.
    pub region: Option<String>,
    /// Role to assume for this group.
    pub role_arn: Option<String>,
    /// How metrics are collected: `group` reads a constant number of aggregated metrics; `instance`
    /// reads every instance, as the original did, and its cost grows with the group.
    pub collect: Option<RawCollect>,
    /// Period of the instances' metrics: five minutes (`basic`) or one (`detailed`). If unset, it
    /// is detected from the spacing of datapoints.
    pub monitoring: Option<RawMonitoring>,
    /// Read memory as the CloudWatch agent reports it, aggregated on the group. One metric more.
    pub memory: Option<bool>,
    /// Time from in service until an instance serves. Its CPU is no load before, and it is part of
    /// the lead time. If unset, the group's default instance warm-up; where the group has none,
    /// it is learnt from what new instances report. `0s` switches it off. With `load.ready =
    /// "target-group"`, the time counts from healthy, and is zero if unset.
    pub warm_up: Option<Span>,
    /// Most single instances whose CPU is read in a minute, while they start, stop or stand by, so
    /// that their CPU can be taken out of the group's mean. One metric each.
    pub instance_metrics_per_minute: Option<u32>,
    /// Most that reading single instances may cost the group in a month of 730 hours.
    pub instance_usd_per_month: Option<f64>,
    /// Price of an instance-hour, such as `0.096 USD/h`. Page and report then show costs.
    pub price: Option<Price>,
    /// The Auto Scaling group that this one replaces, in the same account and region. Its history
    /// is used while this group has none of its own.
    pub history_from: Option<String>,
    /// Names of scaling policies that may stay active beside Foretide.
    pub allow_policies: Option<Vec<String>>,
    /// Set desired capacity although instance weights differ from 1.
    pub allow_weights: Option<bool>,
    /// Prediction service to ask instead of the model in this process, for policy `classifier`:
    /// `https://`, or `http://` on loopback. The path `/predict` is added.
    pub predictor: Option<Predictor>,
    /// File that holds the bearer token of that service.
    #[schemars(extend("format" = "path"))]
    pub predictor_token_file: Option<PathBuf>,
    /// The load: who serves it, and a metric of it.
    #[serde(default)]
    pub load: RawLoad,
    /// How the capacities that CPU and the signals ask for become one: `max`, the largest;
    /// `weighted`, scale-out to the mean of what they need by their weights, and scale-in as with
    /// `max`.
    pub combine: Option<RawCombine>,
    /// Signals, by name.
    #[serde(default)]
    pub signal: BTreeMap<String, RawSignal>,
}

/// The load: who serves it, and a metric that measures it, such as requests or the length of a
/// queue, for groups that are not bound by CPU. The metric is one more to pay for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLoad {
    /// When an instance is ready to serve: `in-service` when Auto Scaling has put it into service;
    /// `target-group` when it is also healthy in all target groups of the group, which ends the
    /// lead time. `target-group` needs the permission `elasticloadbalancing:DescribeTargetHealth`
    /// and a build with the feature `target-groups`.
    pub ready: Option<RawReady>,
    /// Its namespace, such as `AWS/ApplicationELB`.
    pub namespace: Option<String>,
    /// Its name, such as `RequestCount`.
    pub metric: Option<String>,
    /// Its dimensions, exactly as published, each as `NAME=VALUE`.
    pub dimensions: Option<Vec<Dimension>>,
    /// The statistic: `Average`, `Minimum`, `Maximum`, `Sum`, `SampleCount`, or a percentile such
    /// as `p90`.
    pub stat: Option<String>,
    /// Load that one instance serves at 100 % utilisation, in the metric's own unit over one
    /// minute. If unset, it is learnt from CPU.
    pub per_instance: Option<f64>,
}

/// How AWS is reached.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAws {
    /// Profile of the shared configuration.
    pub profile: Option<String>,
    /// Endpoint of all AWS services, for a local AWS.
    pub endpoint_url: Option<String>,
    /// Longest that one call may take, its retries included.
    pub call_deadline: Option<Span>,
    /// Longest that one attempt may take.
    pub attempt_timeout: Option<Span>,
    /// Sustained calls a second, for each region and role.
    pub calls_per_second: Option<u32>,
    /// Calls that may go out at once after a pause.
    pub burst: Option<u32>,
}

/// Settings of `/metrics`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMetrics {
    /// Also serve renamed metrics under their old names, until dashboards are changed. The next
    /// version drops them.
    pub legacy_names: Option<bool>,
}

/// Settings of the autoscaler's process.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRun {
    /// Folder of the store `foretide.db`, the log `ec2_monitor.log` and the metrics file
    /// `ec2_metrics_data.json`. If unset: `output`.
    #[schemars(extend("format" = "path"))]
    pub output: Option<PathBuf>,
    /// How lines of the log are written.
    pub log_format: Option<RawLogFormat>,
    /// Permissions of new log and metrics files, in octal as for `chmod`; the umask is subtracted.
    /// An existing file keeps its permissions, also when it is rotated.
    pub file_mode: Option<FileMode>,
    /// Address and port of the page, its API and the metrics; port 0 takes a free one. If unset:
    /// 127.0.0.1:8080, and no page if that port is in use.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// File that holds a bearer token. Requests from other hosts need the token; operator's orders
    /// need it always.
    #[schemars(extend("format" = "path"))]
    pub token_file: Option<PathBuf>,
    /// Names accepted in `Host` and `Origin`, besides loopback and the address itself.
    pub hosts: Option<Vec<Host>>,
    /// Whether the page accepts operator's orders: pause, pin, mode. They need `token_file`.
    pub controls: Option<bool>,
}

/// Settings of policy `classifier`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawClassifier {
    /// Instances added at once.
    pub step_out: Option<u32>,
    /// Instances removed at once.
    pub step_in: Option<u32>,
    /// Cycles in a row in which the model must ask for less before capacity is lowered. Each
    /// datapoint has one vote; as many votes are needed as datapoints fit into these cycles: 30
    /// cycles of ten seconds are five votes of one-minute data.
    pub streak: Option<u32>,
    /// Fewest votes for a scale-in.
    pub streak_datapoints: Option<u32>,
    /// Time after a change before capacity is raised again.
    pub cooldown_out: Option<Span>,
    /// Time after a change before capacity is lowered.
    pub cooldown_in: Option<Span>,
    /// Probability below which the model's class counts as `hold`.
    pub confidence_min: Option<Percentage>,
    /// CPU at or above which capacity grows whatever the model says.
    pub upper_utilisation: Option<Percentage>,
}

/// Settings of policy `target-tracking`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTargetTracking {
    /// Datapoints in a row above the target that scale out.
    pub out_points: Option<usize>,
    /// Datapoints in a row below the scale-in threshold that scale in.
    pub in_points: Option<usize>,
    /// The scale-in threshold, as a share of the target.
    pub in_band: Option<Percentage>,
}

/// Settings of policy `forecast`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawForecast {
    /// CPU utilisation above which the group is in violation.
    pub objective: Option<Percentage>,
    /// Share of time that it may be in violation. Cannot be combined with `instance_price` and
    /// `violation_price`.
    pub budget: Option<Percentage>,
    /// Most that may be spent to keep the budget, over what target tracking at
    /// `target_utilisation` costs in the same week. It bounds spare capacity alone: what the load
    /// and its median forecast need is always bought.
    pub max_cost: Option<f64>,
    /// Longest time after a start in which nothing is written because the group's history is being
    /// read, at most `1h`; `0s` does not wait. Saturated CPU still scales out; a known event and
    /// orders do not wait.
    pub history_wait: Option<Span>,
    /// Longest time after a start before the first scale-in, while the forecast has not used that
    /// history yet, at most `1h`; `0s` does not wait.
    pub scale_in_wait: Option<Span>,
    /// Price of an instance, instead of a budget. An instance is then added while the violations
    /// that it avoids cost more than the instance.
    pub instance_price: Option<Price>,
    /// Cost of a minute in violation for each missing instance, in the same currency.
    pub violation_price: Option<MinutePrice>,
    /// Known events, each `NAME WHEN for SPAN [xFACTOR | learned] [min N]`. WHEN is a date, a time
    /// with its offset (`2026-11-27T08:00Z`), `daily 08:00`, `fri 16:00`, or `holidays US`: the
    /// countrywide public holidays of a country by its ISO 3166-1 code, as far as they are known,
    /// optionally with a time (`holidays US 05:00`) and further dates. A date begins at midnight.
    /// Dates and times are in UTC, or by the clock of the time zone whose name follows
    /// (`daily 08:00 Europe/Berlin`). A recurrence rule of RFC 5545 stands as
    /// `START [ZONE] rrule RULE [except DATE...]`. xFACTOR is the load relative to the usual one;
    /// `learned` takes it from earlier events of the same name. `min N` is the least capacity
    /// during the event.
    pub events: Option<Vec<Event>>,
    /// Calendars (iCalendar, RFC 5545) whose events are known events, each
    /// `NAME SOURCE [in ZONE] [only WORD] [xFACTOR | learned] [min N]`. SOURCE is a file or an
    /// `https://` address. ZONE is the zone of whole days and of times without a zone. `only` takes
    /// the events that have the word in their summary or categories. What events ask for stands
    /// last; an event may say it itself, in a line `foretide: x2 min 8` of its description. Of an
    /// address only the host is ever shown.
    #[schemars(extend("format" = "calendars"))]
    pub calendars: Option<Vec<Calendar>>,
    /// Time between two readings of the calendars, `1m` to `1d`. A calendar that cannot be read
    /// leaves the events of its last reading in force.
    pub calendar_refresh: Option<Span>,
}

/// Settings of the circuit breaker.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBreaker {
    /// Launches that fail in a row before the breaker opens.
    pub failed_launches: Option<u32>,
    /// The breaker also opens when an instance has been pending for so many lead times.
    pub pending_lead_times: Option<u32>,
    /// Time until scale-out is tried again; it doubles with every further failure.
    pub backoff: Option<Span>,
    /// The longest such time.
    pub backoff_max: Option<Span>,
}

/// Settings of the prediction service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawServe {
    /// Address and port; port 0 takes a free one.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// File that holds a bearer token, which every request must then carry.
    #[schemars(extend("format" = "path"))]
    pub token_file: Option<PathBuf>,
    /// Listen beyond loopback even without a token.
    pub allow_remote: Option<bool>,
    /// Names accepted in the `Host` header, besides loopback and the address itself.
    pub hosts: Option<Vec<Host>>,
    /// Connections at a time. For a further one, the connection that has waited longest for a
    /// request is closed; if all are busy, the further one gets status 503, except for `/health`
    /// and `/ready`.
    pub max_connections: Option<usize>,
    /// Connections of one peer at a time, IPv6 peers counted by /64. For a further one, the peer's
    /// connection that has waited longest for a request is closed; if all are busy, the further
    /// one gets status 429, except for `/health` and `/ready`. Does not apply on loopback.
    pub connections_per_peer: Option<usize>,
    /// Addresses or networks (`10.0.0.0/8`) of proxies; `connections_per_peer` does not limit them.
    /// `X-Forwarded-For` is not read.
    pub trusted_proxies: Option<Vec<Proxy>>,
    /// Longest time for the head of a request.
    pub header_timeout: Option<Span>,
    /// Longest time for the body of a request.
    pub body_timeout: Option<Span>,
    /// Longest time that requests in flight may go on after the service was asked to stop.
    pub shutdown_grace: Option<Span>,
}

/// Settings of the demo.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDemo {
    /// Seed of the generated load: the same seed gives the same bytes.
    pub seed: Option<u64>,
    /// Days of generated load, after a week of history.
    pub days: Option<u32>,
    /// Smallest desired capacity of the simulated group.
    pub capacity_min: Option<u32>,
    /// Largest desired capacity of the simulated group.
    pub capacity_max: Option<u32>,
    /// Time that a simulated instance takes from launch to service.
    pub boot: Option<Span>,
    /// Utilisation above which demand counts as a violation.
    pub slo_utilisation: Option<Percentage>,
    /// Price of an instance-hour. If unset, no costs are shown.
    pub price: Option<Price>,
}

/// A host name, checked where it is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Host(pub HostName);

impl TryFrom<String> for Host {
    type Error = InvalidHostName;

    fn try_from(name: String) -> Result<Self, InvalidHostName> {
        name.parse().map(Self)
    }
}

/// The address of a prediction service, checked where it is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Predictor(pub PredictorUrl);

impl TryFrom<String> for Predictor {
    type Error = InvalidPredictorUrl;

    fn try_from(text: String) -> Result<Self, InvalidPredictorUrl> {
        text.parse().map(Self)
    }
}

/// A dimension of a metric: its name and its value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Dimension(pub String, pub String);

impl TryFrom<String> for Dimension {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                Ok(Self(name.to_owned(), value.to_owned()))
            }
            _ => Err(format!("`{text}` is not NAME=VALUE")),
        }
    }
}
