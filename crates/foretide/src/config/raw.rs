//! The configuration as a file writes it: every key optional, so that layers can be laid over each
//! other. The comments on the fields are the reference of the keys.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use foretide_control::{OnEmpty, OnMissing};
use foretide_domain::{Mode, PolicyKind};
use foretide_server::{HostName, InvalidHostName};
use schemars::JsonSchema;
use serde::Deserialize;

use super::event::Event;
use super::quantity::{MinutePrice, Percentage, Price, Span};

/// Configuration of Foretide.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConfig {
    /// A model file for policy `classifier` and for the prediction service, as `foretide train`
    /// writes it. The model built into the binary where none is named.
    #[schemars(extend("format" = "path"))]
    pub(crate) model: Option<PathBuf>,
    /// What every group inherits.
    #[serde(default)]
    pub(crate) defaults: RawGroup,
    /// One table a group, by the name of the Auto Scaling group; what it leaves out, it inherits.
    #[serde(default)]
    pub(crate) group: BTreeMap<String, RawGroup>,
    /// The prediction service, `foretide serve`.
    #[serde(default)]
    pub(crate) serve: RawServe,
    /// The simulated group of `foretide demo`.
    #[serde(default)]
    pub(crate) demo: RawDemo,
}

/// Settings of a group.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGroup {
    /// What may be written: nothing (decide and record only), only what raises capacity, or all.
    pub(crate) mode: Option<RawMode>,
    /// What proposes a capacity: a forecast of the load at the time when a launch first serves,
    /// utilisation over target, or the three-class model.
    pub(crate) policy: Option<RawPolicy>,
    /// Time between two looks at the group.
    pub(crate) interval: Option<Span>,
    /// CPU utilisation that a group of the right size has. Scaling in never goes beyond it.
    pub(crate) target_utilisation: Option<Percentage>,
    /// While data is missing or stale: change nothing, or let only what asks for more have it.
    pub(crate) on_missing: Option<RawOnMissing>,
    /// A group without instances cannot be measured: start one, or leave it to people.
    pub(crate) on_empty: Option<RawOnEmpty>,
    /// Data older than this is stale.
    pub(crate) stale_after: Option<Span>,
    /// Time from the end of a metric's period until CloudWatch shows it.
    pub(crate) metric_delay: Option<Span>,
    /// Share of the instances in service that must report before capacity is taken away.
    pub(crate) coverage_min: Option<Percentage>,
    /// Time from launch to in service, until launches of the group have been measured.
    pub(crate) lead_time: Option<Span>,
    /// Policy `classifier` and its guard rails.
    #[serde(default)]
    pub(crate) classifier: RawClassifier,
    /// Policy `target-tracking`.
    #[serde(default)]
    pub(crate) target_tracking: RawTargetTracking,
    /// Policy `forecast`.
    #[serde(default)]
    pub(crate) forecast: RawForecast,
    /// The circuit breaker: launches that fail stop growth.
    #[serde(default)]
    pub(crate) breaker: RawBreaker,
}

/// Settings of policy `classifier`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawClassifier {
    /// Instances added at once.
    pub(crate) step_out: Option<u32>,
    /// Instances removed at once.
    pub(crate) step_in: Option<u32>,
    /// Consecutive votes for less that are needed before capacity is taken away.
    pub(crate) streak: Option<u32>,
    /// Distinct datapoints that those votes must span.
    pub(crate) streak_datapoints: Option<u32>,
    /// Time after a change before capacity is raised again.
    pub(crate) cooldown_out: Option<Span>,
    /// Time after a change before capacity is lowered.
    pub(crate) cooldown_in: Option<Span>,
    /// Probability below which the model's class counts as `hold`.
    pub(crate) confidence_min: Option<Percentage>,
    /// CPU at or above which capacity grows whatever the model says.
    pub(crate) upper_utilisation: Option<Percentage>,
}

/// Settings of policy `target-tracking`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTargetTracking {
    /// Newest points that must all be above target to scale out.
    pub(crate) out_points: Option<usize>,
    /// Newest points that must all be below the band to scale in.
    pub(crate) in_points: Option<usize>,
    /// Share of the target below which points count for scaling in.
    pub(crate) in_band: Option<Percentage>,
}

/// Settings of policy `forecast`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawForecast {
    /// Utilisation above which the group counts as short.
    pub(crate) objective: Option<Percentage>,
    /// Share of time that it may be short. Excludes stated prices.
    pub(crate) budget: Option<Percentage>,
    /// What an instance costs, where prices are stated instead of a budget: capacity then grows
    /// while what it spares is worth more than it costs.
    pub(crate) instance_price: Option<Price>,
    /// What being short by one instance costs a minute, in the same currency.
    pub(crate) violation_price: Option<MinutePrice>,
    /// Known events, each `NAME WHEN for SPAN [xFACTOR | learned] [min N]`, in UTC: times, dates
    /// (holidays, say), `daily 08:00` or `fri 16:00`; how many times the usual load they bring,
    /// stated or learned from earlier ones of the name; the capacity that they need at least.
    pub(crate) events: Option<Vec<Event>>,
}

/// Settings of the circuit breaker.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBreaker {
    /// Launches that fail one after the other before it opens.
    pub(crate) failed_launches: Option<u32>,
    /// It also opens when an instance has been pending for so many lead times.
    pub(crate) pending_lead_times: Option<u32>,
    /// Time until growth is tried again; doubles with every failure after that.
    pub(crate) backoff: Option<Span>,
    /// The longest such time.
    pub(crate) backoff_max: Option<Span>,
}

/// Settings of the prediction service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawServe {
    /// Address and port; port 0 takes a free one.
    #[schemars(with = "Option<String>")]
    pub(crate) listen: Option<SocketAddr>,
    /// File that holds the bearer token which requests must then carry. No token where none is
    /// named.
    #[schemars(extend("format" = "path"))]
    pub(crate) token_file: Option<PathBuf>,
    /// Listen beyond loopback even without a token.
    pub(crate) allow_remote: Option<bool>,
    /// Names accepted in the `Host` header beside loopback and the address itself.
    pub(crate) hosts: Option<Vec<Host>>,
    /// Connections served at a time; more wait.
    pub(crate) max_connections: Option<usize>,
    /// How long a client may take for the head of a request.
    pub(crate) header_timeout: Option<Span>,
    /// How long a client may take for the body of a request.
    pub(crate) body_timeout: Option<Span>,
    /// How long requests in flight may go on once the service is told to stop.
    pub(crate) shutdown_grace: Option<Span>,
}

/// Settings of the demo.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDemo {
    /// Seed of the generated load: the same seed gives the same bytes.
    pub(crate) seed: Option<u64>,
    /// Days of generated load.
    pub(crate) days: Option<u32>,
    /// Smallest desired capacity of the simulated group.
    pub(crate) capacity_min: Option<u32>,
    /// Largest desired capacity of the simulated group.
    pub(crate) capacity_max: Option<u32>,
    /// Time that a simulated instance takes from launch to service.
    pub(crate) boot: Option<Span>,
    /// Utilisation above which demand counts as a violation.
    pub(crate) slo_utilisation: Option<Percentage>,
    /// What one instance costs an hour. No costs are shown where none is given.
    pub(crate) price: Option<Price>,
}

/// A host name, checked where it is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Host(pub(crate) HostName);

impl TryFrom<String> for Host {
    type Error = InvalidHostName;

    fn try_from(name: String) -> Result<Self, InvalidHostName> {
        name.parse().map(Self)
    }
}

/// As [`Mode`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum RawMode {
    Observe,
    ScaleOutOnly,
    Enforce,
}

/// As [`PolicyKind`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum RawPolicy {
    Forecast,
    TargetTracking,
    Classifier,
}

/// As [`OnMissing`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum RawOnMissing {
    Hold,
    ScaleOutOnly,
}

/// As [`OnEmpty`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum RawOnEmpty {
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
