//! Settings of one group: for its controller, and for access to AWS.

use std::path::PathBuf;
use std::time::Duration;

use foretide_aws::{
    Collect, CollectSettings, LoadMetric, MetricOptions, Monitoring, Ready, SignalMetric,
    USD_PER_METRIC_REQUESTED,
};
use foretide_calendar::{CalendarLine, RecurringEvent};
use foretide_control::ControllerConfig;
use foretide_predict::PredictorUrl;

use super::quantity::Price;
use super::source::SourceSettings;

/// Settings of one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupSettings {
    /// Settings of the controller.
    pub controller: ControllerConfig,
    /// Access to AWS, and the metrics to read.
    pub live: LiveSettings,
}

impl GroupSettings {
    /// Most that reading single instances may cost in a month, in USD.
    pub fn instance_usd_per_month(&self) -> f64 {
        let metrics = self.controller.instance_allowance.per_month;
        metrics as f64 * USD_PER_METRIC_REQUESTED
    }
}

/// Settings of access to a group in AWS.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveSettings {
    /// Name of the Auto Scaling group; if unset, the table's name.
    pub asg: Option<String>,
    /// Region and role of the group.
    pub reach: Reach,
    /// How metrics are collected.
    pub collect: Collect,
    /// Period of the instances' metrics; if unset, detected.
    pub monitoring: Option<Monitoring>,
    /// Whether the CloudWatch agent's memory metric is read.
    pub memory: bool,
    /// Time from in service until an instance serves; if unset, the group's or the learnt one.
    pub warm_up: Option<Duration>,
    /// When an instance is ready to serve.
    pub ready: Ready,
    /// A metric of the load itself.
    pub load: Option<LoadMetric>,
    /// The metrics of the signals.
    pub signals: Vec<SignalMetric>,
    /// The signals that Prometheus servers measure.
    pub sources: Vec<SourceSettings>,
    /// Price of an instance-hour, for page and report.
    pub price: Option<Price>,
    /// The group that this one replaces; its history is used.
    pub history_from: Option<String>,
    /// Known events that recur by a rule; [`Config::expand_rules`](crate::Config::expand_rules)
    /// adds their occurrences to the controller's settings.
    pub recurring: Vec<RecurringEvent>,
    /// Calendars whose events are known events; who reads them adds their events.
    pub calendars: Vec<CalendarLine>,
    /// Time between two readings of the calendars.
    pub calendar_refresh: Duration,
    /// Policies that may stay active beside Foretide.
    pub allow_policies: Vec<String>,
    /// Whether weights other than 1 are accepted.
    pub allow_weights: bool,
    /// Prediction service to ask instead of the model in this process.
    pub predictor: Option<PredictorUrl>,
    /// File with the token of the prediction service.
    pub predictor_token_file: Option<PathBuf>,
}

/// Region and role of a connection. Groups with the same values share a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// Region; if unset, from the AWS SDK's default provider chain.
    pub region: Option<String>,
    /// Role to assume.
    pub role_arn: Option<String>,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            asg: None,
            reach: Reach::default(),
            collect: Collect::Group,
            monitoring: None,
            memory: false,
            warm_up: None,
            ready: Ready::default(),
            load: None,
            signals: Vec::new(),
            sources: Vec::new(),
            price: None,
            history_from: None,
            recurring: Vec::new(),
            calendars: Vec::new(),
            calendar_refresh: Duration::from_mins(15),
            allow_policies: Vec::new(),
            allow_weights: false,
            predictor: None,
            predictor_token_file: None,
        }
    }
}

impl LiveSettings {
    /// Name of the Auto Scaling group of the table `name`.
    pub fn asg_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.asg.as_deref().unwrap_or(name)
    }

    /// What to collect of the group of the table `name`.
    pub fn collect_settings(&self, name: &str) -> CollectSettings {
        CollectSettings {
            group: self.asg_name(name).to_owned(),
            metrics: self.metric_options(),
            warm_up: self.warm_up,
            ready: self.ready,
        }
    }

    /// Which metrics to read.
    pub fn metric_options(&self) -> MetricOptions {
        MetricOptions {
            collect: self.collect,
            memory: self.memory,
            load: self.load.clone(),
            signals: self.signals.clone(),
            monitoring: self.monitoring,
        }
    }
}
