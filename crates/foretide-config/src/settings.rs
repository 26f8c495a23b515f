//! The checked configuration as values, and the defaults of the settings.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use foretide_aws::AwsConfig;
use foretide_http::{DEFAULT_CONNECTIONS_PER_PEER, DEFAULT_MAX_CONNECTIONS, HostName, Network};
use foretide_notify::NotifySettings;
use foretide_outbound::Outbound;
use foretide_store::LogFormat;

use super::discover::DiscoverSettings;
use super::file_mode::FileMode;
use super::group::GroupSettings;
use super::page::PageSettings;
use super::prometheus::PrometheusSettings;
use super::quantity::Price;

/// The whole configuration, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The model file; the built-in model where none is named.
    pub model: Option<PathBuf>,
    /// What groups inherit.
    pub defaults: GroupSettings,
    /// The groups by name.
    pub groups: BTreeMap<String, GroupSettings>,
    /// The search for groups by a tag.
    pub discover: DiscoverSettings,
    /// The Prometheus servers by name.
    pub prometheus: BTreeMap<String, PrometheusSettings>,
    /// How AWS is reached.
    pub aws: AwsConfig,
    /// The autoscaler's process.
    pub run: RunSettings,
    /// The listener of its page.
    pub page: PageSettings,
    /// Settings of `/metrics`.
    pub metrics: MetricsSettings,
    /// Settings of notifications.
    pub notify: NotifySettings,
    /// The prediction service.
    pub serve: ServeSettings,
    /// The demo.
    pub demo: DemoSettings,
}

/// Settings of `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Whether renamed metrics are also served under their old names.
    pub legacy_names: bool,
}

impl Config {
    /// How every outgoing call travels: those of AWS, of prediction services and of webhooks.
    pub const fn outbound(&self) -> &Outbound {
        &self.aws.outbound
    }

    /// The Auto Scaling group of the table `[group.NAME]`; none without such a table.
    pub fn asg_of_table(&self, name: &str) -> Option<&str> {
        let (table, group) = self.groups.get_key_value(name)?;
        Some(group.live.asg_name(table))
    }

    /// The settings of the Auto Scaling group `name`.
    pub fn of_asg(&self, name: &str) -> &GroupSettings {
        let mut groups = self.groups.iter();
        let found = groups.find(|(table, group)| group.live.asg_name(table) == name);
        found.map_or(&self.defaults, |(_, group)| group)
    }
}

/// Settings of the autoscaler's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSettings {
    /// Folder of the journal and of the files rendered from it.
    pub output: PathBuf,
    /// How lines of the log are written.
    pub log_format: LogFormat,
    /// Permissions of log and metrics files when they are made.
    pub file_mode: FileMode,
    /// Address and port of the page; none takes the default one, where it is free.
    pub listen: Option<SocketAddr>,
    /// File with the page's bearer token.
    pub token_file: Option<PathBuf>,
    /// Names accepted in `Host` and `Origin`.
    pub hosts: Vec<HostName>,
    /// Whether the page takes orders.
    pub controls: bool,
}

impl RunSettings {
    /// The page's address where none is given.
    pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

    /// The journal's file.
    pub fn store(&self) -> PathBuf {
        self.output.join("foretide.db")
    }

    /// Keys whose settings are others in `next`. A process takes all of them at its start alone.
    pub fn changed(&self, next: &Self) -> Vec<&'static str> {
        let keys = [
            ("run.output", self.output != next.output),
            ("run.log_format", self.log_format != next.log_format),
            ("run.file_mode", self.file_mode != next.file_mode),
            ("run.listen", self.listen != next.listen),
            ("run.token_file", self.token_file != next.token_file),
            ("run.hosts", self.hosts != next.hosts),
            ("run.controls", self.controls != next.controls),
        ];
        let changed = keys.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(key, _)| key).collect()
    }
}

/// Settings of the prediction service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// File with the bearer token.
    pub token_file: Option<PathBuf>,
    /// Listen beyond loopback without a token.
    pub allow_remote: bool,
    /// Names accepted in `Host`.
    pub hosts: Vec<HostName>,
    /// Connections served at a time.
    pub max_connections: usize,
    /// Connections of one peer at a time.
    pub connections_per_peer: usize,
    /// Peers that the bound of one peer exempts.
    pub trusted_proxies: Vec<Network>,
    /// Limit for the head of a request.
    pub header_timeout: Duration,
    /// Limit for the body of a request.
    pub body_timeout: Duration,
    /// Limit for requests in flight at the end.
    pub shutdown_grace: Duration,
}

/// Settings of the demo.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoSettings {
    /// Seed of the generated load.
    pub seed: u64,
    /// Its length.
    pub days: u32,
    /// Smallest desired capacity.
    pub capacity_min: u32,
    /// Largest desired capacity.
    pub capacity_max: u32,
    /// Time from launch to service.
    pub boot: Duration,
    /// Ratio above which demand counts as a violation.
    pub slo_utilisation: f64,
    /// Price of an instance-hour.
    pub price: Option<Price>,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            output: PathBuf::from("output"),
            log_format: LogFormat::Text,
            file_mode: FileMode::default(),
            listen: None,
            token_file: None,
            hosts: Vec::new(),
            controls: false,
        }
    }
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            token_file: None,
            allow_remote: false,
            hosts: Vec::new(),
            max_connections: DEFAULT_MAX_CONNECTIONS,
            connections_per_peer: DEFAULT_CONNECTIONS_PER_PEER,
            trusted_proxies: Vec::new(),
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(5),
        }
    }
}

impl Default for DemoSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            days: 7,
            capacity_min: 1,
            capacity_max: 100,
            boot: Duration::from_secs(180),
            slo_utilisation: 0.8,
            price: None,
        }
    }
}
