//! Configuration: built-in defaults, then a file, the environment and flags, each with precedence
//! over the layer before, checked as a whole. Unknown keys, numbers without unit and invalid
//! settings are refused, and all of them are reported at once, each with its place.

mod checks;
mod event;
mod file_mode;
mod group;
mod holidays;
mod key;
mod layer;
mod notify;
mod page;
mod problem;
mod quantity;
mod raw;
mod reference;
mod resolve;
mod schema;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use foretide_aws::AwsConfig;
use foretide_http::{DEFAULT_CONNECTIONS_PER_PEER, DEFAULT_MAX_CONNECTIONS, HostName, Network};
use foretide_store::LogFormat;

pub use file_mode::FileMode;
pub use group::{GroupSettings, LiveSettings, Reach};
pub use key::Key;
pub use layer::FILE_VARIABLE;
pub use page::PageSettings;
pub use problem::{Problems, masked};
pub use quantity::{Percentage, Price, Span};
pub use reference::reference;

use foretide_notify::NotifySettings;

use layer::Layers;
use problem::Source;

/// The default file with every key and its comments.
pub const DEFAULT_FILE: &str = include_str!("../config/default.toml");

/// The whole configuration, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The model file; if unset, the built-in model.
    pub model: Option<PathBuf>,
    /// Settings that groups inherit.
    pub defaults: GroupSettings,
    /// The groups by name.
    pub groups: BTreeMap<String, GroupSettings>,
    /// How AWS is reached.
    pub aws: AwsConfig,
    /// Settings of the autoscaler's process.
    pub run: RunSettings,
    /// Settings of the page's listener.
    pub page: PageSettings,
    /// Settings of `/metrics`.
    pub metrics: MetricsSettings,
    /// Settings of notifications.
    pub notify: NotifySettings,
    /// Settings of the prediction service.
    pub serve: ServeSettings,
    /// Settings of the demo.
    pub demo: DemoSettings,
}

/// Settings of `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Whether renamed metrics are also served under their old names.
    pub legacy_names: bool,
}

impl Config {
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
    /// Folder of the store, and of the log and the metrics file that are made from the store.
    pub output: PathBuf,
    /// How lines of the log are written.
    pub log_format: LogFormat,
    /// Permissions of new log and metrics files.
    pub file_mode: FileMode,
    /// Address and port of the page; if unset, the default address if its port is free.
    pub listen: Option<SocketAddr>,
    /// File with the page's bearer token.
    pub token_file: Option<PathBuf>,
    /// Names accepted in `Host` and `Origin`.
    pub hosts: Vec<HostName>,
    /// Whether the page accepts orders.
    pub controls: bool,
}

impl RunSettings {
    /// Default address of the page.
    pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

    /// Path of the store.
    pub fn store(&self) -> PathBuf {
        self.output.join("foretide.db")
    }

    /// Keys whose values differ in `next`. A process reads all of them at its start only.
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
    /// Peers without a limit of connections.
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
    /// Length of the load in days.
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
            days: 2,
            capacity_min: 1,
            capacity_max: 100,
            boot: Duration::from_secs(180),
            slo_utilisation: 0.8,
            price: None,
        }
    }
}

/// The sources of a configuration.
#[derive(Debug, Default)]
pub struct Sources {
    file: Option<(Rc<Source>, PathBuf)>,
    variables: Vec<(String, String)>,
    flags: Vec<(String, String, String)>,
}

impl Sources {
    /// Adds the text of the file at `path`; paths in it are relative to its folder.
    pub fn file(&mut self, path: &Path, text: String) {
        let name = path.display().to_string();
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        self.file = Some((Rc::new(Source { name, text }), folder));
    }

    /// Adds environment variables; variables of other programs are ignored.
    pub fn variables(&mut self, variables: impl Iterator<Item = (String, String)>) {
        self.variables.extend(variables);
        // The environment has no order; messages do.
        self.variables.sort();
    }

    /// Adds a flag that sets `key`.
    pub fn flag(&mut self, flag: &str, key: &str, value: &dyn fmt::Display) {
        let value = value.to_string();
        self.flags.push((flag.to_owned(), key.to_owned(), value));
    }

    /// Reads and checks all sources.
    ///
    /// # Errors
    /// All problems of the sources.
    pub fn load(&self) -> Result<Config, Problems> {
        let tree = schema::tree();
        let mut layers = Layers::default();
        if let Some((source, folder)) = &self.file {
            layers.add_file(&tree, source, folder);
        }
        layers.add_variables(&tree, self.variables.iter().cloned());
        for (flag, key, value) in &self.flags {
            layers.add_flag(&tree, key, value, flag);
        }
        resolve::resolve(layers)
    }
}

/// The JSON schema with default values.
pub fn json_schema() -> serde_json::Value {
    schema::json(&default_table())
}

/// The default file as settings; a test checks that the file is valid.
fn default_table() -> toml::Table {
    toml::from_str(DEFAULT_FILE).unwrap_or_default()
}

#[cfg(test)]
mod tests;
