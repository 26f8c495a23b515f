//! What one group is given: its controller's settings, and how the real group is reached.

use std::path::PathBuf;
use std::time::Duration;

use foretide_aws::{Collect, CollectSettings, LoadMetric, MetricOptions, Monitoring};
use foretide_control::ControllerConfig;
use foretide_predict::PredictorUrl;

use super::quantity::Price;

/// Settings of one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupSettings {
    /// Settings of its controller.
    pub controller: ControllerConfig,
    /// The real group and what is read of it.
    pub live: LiveSettings,
}

/// How a real group is reached, read and written.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveSettings {
    /// Name of the Auto Scaling group; the table's where none is given.
    pub asg: Option<String>,
    /// Where it is.
    pub reach: Reach,
    /// How its metrics are collected.
    pub collect: Collect,
    /// Period of the instances' metrics; none to learn it.
    pub monitoring: Option<Monitoring>,
    /// Whether the agent's memory is read.
    pub memory: bool,
    /// Time in service before an instance's metrics count.
    pub warm_up: Duration,
    /// A metric of the load itself.
    pub load: Option<LoadMetric>,
    /// What an instance costs an hour, for what is shown.
    pub price: Option<Price>,
    /// The group whose history this one goes on from.
    pub history_from: Option<String>,
    /// Policies that may stay active beside Foretide.
    pub allow_policies: Vec<String>,
    /// Whether weights other than 1 are accepted.
    pub allow_weights: bool,
    /// The prediction service asked instead of the model in this process.
    pub predictor: Option<PredictorUrl>,
    /// File with the token that it wants.
    pub predictor_token_file: Option<PathBuf>,
}

/// Which connection a group is reached through: groups that agree share one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// Region; none takes the SDK's chain.
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
            // Instances boot busy: their first minutes say little of the load.
            warm_up: Duration::from_secs(60),
            load: None,
            price: None,
            history_from: None,
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

    /// What is to be collected of the group of the table `name`.
    pub fn collect_settings(&self, name: &str) -> CollectSettings {
        CollectSettings {
            group: self.asg_name(name).to_owned(),
            metrics: self.metric_options(),
            warm_up: self.warm_up,
        }
    }

    /// What is asked of its metrics.
    pub fn metric_options(&self) -> MetricOptions {
        MetricOptions {
            collect: self.collect,
            memory: self.memory,
            load: self.load.clone(),
            monitoring: self.monitoring,
        }
    }
}
