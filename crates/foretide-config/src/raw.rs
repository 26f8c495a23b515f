//! The configuration as a file writes it: every key optional, so that layers can be laid over each
//! other. The comments on the fields are the reference of the keys.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use foretide_aws::{Collect, Monitoring};
use foretide_control::{OnEmpty, OnMissing};
use foretide_domain::{Mode, PolicyKind};
use foretide_http::{HostName, InvalidHostName};
use foretide_predict::{InvalidPredictorUrl, PredictorUrl};
use foretide_store::LogFormat;
use schemars::JsonSchema;
use serde::Deserialize;

use super::event::Event;
use super::file_mode::FileMode;
use super::notify::RawNotify;
use super::page::{Proxy, RawPage};
use super::quantity::{MinutePrice, Percentage, Price, Span};

/// Configuration of Foretide.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConfig {
    /// A model file for policy `classifier` and for the prediction service, as `foretide train`
    /// writes it. The model built into the binary where none is named.
    #[schemars(extend("format" = "path"))]
    pub model: Option<PathBuf>,
    /// What every group inherits.
    #[serde(default)]
    pub defaults: RawGroup,
    /// One table a group, by the name of the Auto Scaling group; what it leaves out, it inherits.
    #[serde(default)]
    pub group: BTreeMap<String, RawGroup>,
    /// How AWS is reached, by every command that does. What is left out, the SDK's usual chain
    /// decides: environment, profile, instance metadata.
    #[serde(default)]
    pub aws: RawAws,
    /// The autoscaler, `foretide run`.
    #[serde(default)]
    pub run: RawRun,
    /// Who may reach the page of `foretide run`, beside what `[run]` says of its address, names and
    /// token.
    #[serde(default)]
    pub page: RawPage,
    /// Notifications of `foretide run`, posted to a webhook such as Slack's; none are sent where no
    /// address is named. `foretide notify test` sends one.
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
    /// What may be written: nothing (decide and record only), only what raises capacity, or all.
    pub mode: Option<RawMode>,
    /// What proposes a capacity: a forecast of the load at the time when a launch first serves,
    /// utilisation over target, or the three-class model.
    pub policy: Option<RawPolicy>,
    /// Time between two looks at the group.
    pub interval: Option<Span>,
    /// CPU utilisation that a group of the right size has; policies `target-tracking` and
    /// `classifier` never scale in beyond it. Policy `forecast` goes by `forecast.objective`: this
    /// is its target in the first hour, and that of the target tracking it is compared with.
    pub target_utilisation: Option<Percentage>,
    /// While data is missing or stale: change nothing, or let only what asks for more have it.
    pub on_missing: Option<RawOnMissing>,
    /// A group without instances cannot be measured: start one, or leave it to people.
    pub on_empty: Option<RawOnEmpty>,
    /// Data older than this is stale.
    pub stale_after: Option<Span>,
    /// Time from the end of a metric's period until CloudWatch shows it. Metrics are read once a
    /// minute at most, also where this is too short: what is late is waited for.
    pub metric_delay: Option<Span>,
    /// Share of the instances in service that must report before capacity is taken away.
    pub coverage_min: Option<Percentage>,
    /// Time from launch to in service, until launches of the group have been measured.
    pub lead_time: Option<Span>,
    /// Policy `classifier` and its guard rails.
    #[serde(default)]
    pub classifier: RawClassifier,
    /// Policy `target-tracking`.
    #[serde(default)]
    pub target_tracking: RawTargetTracking,
    /// Policy `forecast`.
    #[serde(default)]
    pub forecast: RawForecast,
    /// The circuit breaker: launches that fail stop growth.
    #[serde(default)]
    pub breaker: RawBreaker,
    /// Name of the Auto Scaling group, where the table's name is another.
    pub asg: Option<String>,
    /// Region of the group. The SDK's usual chain decides where none is named.
    pub region: Option<String>,
    /// Role to assume for this group.
    pub role_arn: Option<String>,
    /// How metrics are collected: by the group's dimension, a constant number of metrics; or of
    /// every instance, as the original did, at a cost that grows with the group.
    pub collect: Option<RawCollect>,
    /// Period of the instances' metrics: five minutes or one. Told by the points where none is
    /// named.
    pub monitoring: Option<RawMonitoring>,
    /// Read memory as the CloudWatch agent reports it, aggregated on the group. One metric more.
    pub memory: Option<bool>,
    /// Time in service before an instance's metrics count, with `collect = "instance"`.
    pub warm_up: Option<Span>,
    /// What an instance costs an hour, such as `0.096 USD/h`. Page and report then show money.
    pub price: Option<Price>,
    /// Auto Scaling group whose history this one goes on from while it has none of its own: the one
    /// that it replaces, reached in the same way.
    pub history_from: Option<String>,
    /// Scaling policies that may stay active beside Foretide, by name.
    pub allow_policies: Option<Vec<String>>,
    /// Write although instance weights differ from 1.
    pub allow_weights: Option<bool>,
    /// Prediction service to ask instead of the model in this process, for policy `classifier`:
    /// `https://`, or `http://` on loopback. The path `/predict` is added.
    pub predictor: Option<Predictor>,
    /// File that holds the bearer token which that service wants.
    #[schemars(extend("format" = "path"))]
    pub predictor_token_file: Option<PathBuf>,
    /// A metric of the load itself, for groups that are not bound by CPU. One metric more.
    #[serde(default)]
    pub load: RawLoad,
}

/// A metric that measures the load, such as requests or the length of a queue.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLoad {
    /// Its namespace, such as `AWS/ApplicationELB`.
    pub namespace: Option<String>,
    /// Its name, such as `RequestCount`.
    pub metric: Option<String>,
    /// Its dimensions, exactly as published, each as `NAME=VALUE`.
    pub dimensions: Option<Vec<Dimension>>,
    /// The statistic: `Average`, `Minimum`, `Maximum`, `Sum`, `SampleCount`, or a percentile such
    /// as `p90`.
    pub stat: Option<String>,
    /// What one instance carries of it at 100 % utilisation, in the metric's own unit over one
    /// minute. Learnt from CPU where none is given.
    pub per_instance: Option<f64>,
}

/// How AWS is reached.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAws {
    /// Profile of the shared configuration.
    pub profile: Option<String>,
    /// Endpoint of both services, for a local AWS.
    pub endpoint_url: Option<String>,
    /// Longest that one call may take, its retries included.
    pub call_deadline: Option<Span>,
    /// Longest that one attempt may take.
    pub attempt_timeout: Option<Span>,
    /// Calls a second in the long run, for each region and role.
    pub calls_per_second: Option<u32>,
    /// Calls that may go out at once after a pause.
    pub burst: Option<u32>,
}

/// Settings of the autoscaler's process.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRun {
    /// Folder of the journal `foretide.db`, the log `ec2_monitor.log` and the metrics
    /// `ec2_metrics_data.json`.
    #[schemars(extend("format" = "path"))]
    pub output: Option<PathBuf>,
    /// How lines of the log are written.
    pub log_format: Option<RawLogFormat>,
    /// Permissions of log and metrics files when they are made, in octal as for `chmod`, less what
    /// the umask takes away. A file that is there keeps its own, and hands them on when it is
    /// rotated.
    pub file_mode: Option<FileMode>,
    /// Address and port of the page, its API and the metrics; port 0 takes a free one. Where none
    /// is named, 127.0.0.1:8080, or no page where that is in use.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// File that holds the bearer token which the page's requests then carry, beyond loopback, and
    /// which its orders carry everywhere.
    #[schemars(extend("format" = "path"))]
    pub token_file: Option<PathBuf>,
    /// Names accepted in `Host` and `Origin` beside loopback and the address itself.
    pub hosts: Option<Vec<Host>>,
    /// Whether the page takes orders: pause, pin, mode. They need `token_file`.
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
    /// Looks in a row at which the model must ask for less before capacity is taken away. An answer
    /// votes once, for its datapoint: as many votes are needed as datapoints fit into that time.
    pub streak: Option<u32>,
    /// Votes that are needed at least.
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
    /// Newest points that must all be above target to scale out.
    pub out_points: Option<usize>,
    /// Newest points that must all be below the band to scale in.
    pub in_points: Option<usize>,
    /// Share of the target below which points count for scaling in.
    pub in_band: Option<Percentage>,
}

/// Settings of policy `forecast`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawForecast {
    /// Utilisation above which the group counts as short.
    pub objective: Option<Percentage>,
    /// Share of time that it may be short. Excludes stated prices.
    pub budget: Option<Percentage>,
    /// What an instance costs, where prices are stated instead of a budget: capacity then grows
    /// while what it spares is worth more than it costs.
    pub instance_price: Option<Price>,
    /// What being short by one instance costs a minute, in the same currency.
    pub violation_price: Option<MinutePrice>,
    /// Known events, each `NAME WHEN for SPAN [xFACTOR | learned] [min N]`, in UTC: times or dates,
    /// `holidays US` (the countrywide public holidays of a country, by its two capital letters of
    /// ISO 3166-1, not every one is known; from midnight or another time, as in `holidays US
    /// 05:00`, with further dates behind), `daily 08:00` or `fri 16:00`; how many times the usual
    /// load they bring, stated or learned from earlier ones of the name; the capacity that they
    /// need at least. A time carries its offset (`2026-11-27T08:00Z`); a date is its midnight.
    pub events: Option<Vec<Event>>,
}

/// Settings of the circuit breaker.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBreaker {
    /// Launches that fail one after the other before it opens.
    pub failed_launches: Option<u32>,
    /// It also opens when an instance has been pending for so many lead times.
    pub pending_lead_times: Option<u32>,
    /// Time until growth is tried again; doubles with every failure after that.
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
    /// File that holds the bearer token which requests must then carry. No token where none is
    /// named.
    #[schemars(extend("format" = "path"))]
    pub token_file: Option<PathBuf>,
    /// Listen beyond loopback even without a token.
    pub allow_remote: Option<bool>,
    /// Names accepted in the `Host` header beside loopback and the address itself.
    pub hosts: Option<Vec<Host>>,
    /// Connections served at a time. A further one takes the place of the one that has waited
    /// longest for a request; if all are busy, only `/health` and `/ready` are answered.
    pub max_connections: Option<usize>,
    /// Connections of one peer at a time, IPv6 peers counted by /64. A further one takes the place
    /// of the peer's own; if all of these are busy, only `/health` and `/ready` are answered. Does
    /// not apply on loopback.
    pub connections_per_peer: Option<usize>,
    /// Addresses or networks (`10.0.0.0/8`) of proxies, which `connections_per_peer` does not bind.
    /// `X-Forwarded-For` is not read.
    pub trusted_proxies: Option<Vec<Proxy>>,
    /// How long a client may take for the head of a request.
    pub header_timeout: Option<Span>,
    /// How long a client may take for the body of a request.
    pub body_timeout: Option<Span>,
    /// How long requests in flight may go on once the service is told to stop.
    pub shutdown_grace: Option<Span>,
}

/// Settings of the demo.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDemo {
    /// Seed of the generated load: the same seed gives the same bytes.
    pub seed: Option<u64>,
    /// Days of generated load.
    pub days: Option<u32>,
    /// Smallest desired capacity of the simulated group.
    pub capacity_min: Option<u32>,
    /// Largest desired capacity of the simulated group.
    pub capacity_max: Option<u32>,
    /// Time that a simulated instance takes from launch to service.
    pub boot: Option<Span>,
    /// Utilisation above which demand counts as a violation.
    pub slo_utilisation: Option<Percentage>,
    /// What one instance costs an hour. No costs are shown where none is given.
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

/// As [`Collect`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawCollect {
    Group,
    Instance,
}

/// As [`Monitoring`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawMonitoring {
    Basic,
    Detailed,
}

/// As [`LogFormat`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawLogFormat {
    Text,
    Json,
}

/// As [`Mode`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawMode {
    Observe,
    ScaleOutOnly,
    Enforce,
}

/// As [`PolicyKind`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawPolicy {
    Forecast,
    TargetTracking,
    Classifier,
}

/// As [`OnMissing`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawOnMissing {
    Hold,
    ScaleOutOnly,
}

/// As [`OnEmpty`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawOnEmpty {
    StartOne,
    Hold,
}

impl From<RawMode> for Mode {
    fn from(raw: RawMode) -> Self {
        match raw {
            RawMode::Observe => Self::Observe,
            RawMode::ScaleOutOnly => Self::ScaleOutOnly,
            RawMode::Enforce => Self::Enforce,
        }
    }
}

impl From<RawPolicy> for PolicyKind {
    fn from(raw: RawPolicy) -> Self {
        match raw {
            RawPolicy::Classifier => Self::Classifier,
            RawPolicy::TargetTracking => Self::TargetTracking,
            RawPolicy::Forecast => Self::Forecast,
        }
    }
}

impl From<RawOnMissing> for OnMissing {
    fn from(raw: RawOnMissing) -> Self {
        match raw {
            RawOnMissing::Hold => Self::Hold,
            RawOnMissing::ScaleOutOnly => Self::ScaleOutOnly,
        }
    }
}

impl From<RawOnEmpty> for OnEmpty {
    fn from(raw: RawOnEmpty) -> Self {
        match raw {
            RawOnEmpty::StartOne => Self::StartOne,
            RawOnEmpty::Hold => Self::Hold,
        }
    }
}

impl From<RawCollect> for Collect {
    fn from(raw: RawCollect) -> Self {
        match raw {
            RawCollect::Group => Self::Group,
            RawCollect::Instance => Self::Instance,
        }
    }
}

impl From<RawMonitoring> for Monitoring {
    fn from(raw: RawMonitoring) -> Self {
        match raw {
            RawMonitoring::Basic => Self::Basic,
            RawMonitoring::Detailed => Self::Detailed,
        }
    }
}

impl From<RawLogFormat> for LogFormat {
    fn from(raw: RawLogFormat) -> Self {
        match raw {
            RawLogFormat::Text => Self::Text,
            RawLogFormat::Json => Self::Json,
        }
    }
}
