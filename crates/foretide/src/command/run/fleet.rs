//! From the configuration to what the runtime looks after: connections, collectors, models, groups.
//! Made anew at every reload; what is the same as before is kept, with what it has learnt.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use foretide_aws::{AwsConfig, CollectSettings, Collector};
use foretide_runtime::{Cloud, Fleet, FleetError, GroupKey, GroupSetup, Predictor, WritePermit};
use foretide_server::{PredictorUrl, RemotePredictor};

use crate::command::input;
use crate::config::{Config, GroupSettings, Reach};
use crate::connect::{Connection, check_credentials, connect};
use crate::failure::{Exit, Failure};

use super::predictor::{InProcess, Remote};

/// Everything that a running fleet stands on.
#[derive(Default)]
pub(super) struct Wiring {
    /// What the runtime looks after.
    pub(super) fleet: Option<Fleet>,
    /// The groups by key, as they were configured.
    pub(super) groups: BTreeMap<GroupKey, GroupSettings>,
    aws: AwsConfig,
    connections: BTreeMap<Reach, Connection>,
    /// By the account's label.
    collectors: BTreeMap<String, Arc<Collector>>,
    model: Option<(String, Arc<dyn Predictor>)>,
    /// Those that want no token, by address.
    remotes: HashMap<PredictorUrl, Arc<dyn Predictor>>,
}

impl Wiring {
    /// The wiring of `config`; `self` is what there was before.
    pub(super) async fn renewed(&self, config: &Config, dry_run: bool) -> Result<Self, Failure> {
        let mut next = Self {
            aws: config.aws.clone(),
            ..Self::default()
        };
        next.connections = self.connections_of(config).await?;
        let mut collect: BTreeMap<String, Vec<CollectSettings>> = BTreeMap::new();
        for (name, group) in &config.groups {
            let label = next.label(&group.live.reach);
            let settings = group.live.collect_settings(name);
            collect.entry(label).or_default().push(settings);
        }
        next.collectors = self.collectors_of(&next, collect);
        let mut setups = Vec::with_capacity(config.groups.len());
        for (name, group) in &config.groups {
            let label = next.label(&group.live.reach);
            let key = GroupKey::new(&label, group.live.asg_name(name));
            let predictor = self.predictor(&mut next, config, group)?;
            setups.push(setup(key.clone(), group, predictor, dry_run));
            next.groups.insert(key, group.clone());
        }
        let clouds = next.collectors.iter();
        let accounts = clouds.map(|(label, collector)| {
            let cloud: Arc<dyn Cloud> = Arc::<Collector>::clone(collector);
            (label.clone(), cloud)
        });
        let fleet = Fleet {
            accounts: accounts.collect(),
            groups: setups,
        };
        let checked = fleet.validate();
        checked.map_err(|error| {
            let failure = Failure::of(Exit::Config, &error);
            match error {
                FleetError::Twice(_) => failure.hint("one table for each Auto Scaling group"),
                _ => failure,
            }
        })?;
        next.fleet = Some(fleet);
        Ok(next)
    }

    /// The collector of an account.
    pub(super) fn collector(&self, account: &str) -> Option<&Arc<Collector>> {
        self.collectors.get(account)
    }

    /// The groups with their times between two looks.
    pub(super) fn intervals(&self) -> BTreeMap<GroupKey, Duration> {
        let groups = self.groups.iter();
        groups
            .map(|(key, group)| (key.clone(), group.controller.interval))
            .collect()
    }

    /// What a person should know of the connections.
    pub(super) fn warnings(&self) -> impl Iterator<Item = (&str, &str)> {
        let connections = self.connections.values();
        connections.flat_map(|connection| {
            let warnings = connection.clients.warnings().iter();
            warnings.map(|warning| (connection.label.as_str(), warning.as_str()))
        })
    }

    fn label(&self, reach: &Reach) -> String {
        let connection = self.connections.get(reach);
        connection.map_or_else(String::new, |connection| connection.label.clone())
    }

    async fn connections_of(
        &self,
        config: &Config,
    ) -> Result<BTreeMap<Reach, Connection>, Failure> {
        let mut connections = BTreeMap::new();
        for group in config.groups.values() {
            let reach = &group.live.reach;
            if connections.contains_key(reach) {
                continue;
            }
            let known = self.connections.get(reach);
            let connection = if let Some(known) = known.filter(|_| self.aws == config.aws) {
                known.clone()
            } else {
                let new = connect(&config.aws, reach).await?;
                check_credentials(&new).await?;
                new
            };
            connections.insert(reach.clone(), connection);
        }
        Ok(connections)
    }

    /// A collector that would collect the same is kept.
    fn collectors_of(
        &self,
        next: &Self,
        collect: BTreeMap<String, Vec<CollectSettings>>,
    ) -> BTreeMap<String, Arc<Collector>> {
        let clients = |label: &str| {
            let mut connections = next.connections.values();
            let found = connections.find(|connection| connection.label == label);
            found.map(|connection| Arc::clone(&connection.clients))
        };
        let collector = |(label, settings): (String, Vec<CollectSettings>)| {
            let clients = clients(&label)?;
            let known = self.collectors.get(&label);
            let known = known.filter(|known| Arc::ptr_eq(known.clients(), &clients));
            let collector = match known {
                Some(known) if known.collects(&settings) => Arc::clone(known),
                Some(known) => Arc::new(known.renewed(settings)),
                None => Arc::new(Collector::new(clients, settings)),
            };
            Some((label, collector))
        };
        collect.into_iter().filter_map(collector).collect()
    }

    fn predictor(
        &self,
        next: &mut Self,
        config: &Config,
        group: &GroupSettings,
    ) -> Result<Arc<dyn Predictor>, Failure> {
        match &group.live.predictor {
            Some(url) => self.remote(next, url, group),
            None => self.in_process(next, config),
        }
    }

    fn in_process(&self, next: &mut Self, config: &Config) -> Result<Arc<dyn Predictor>, Failure> {
        if let Some((_, known)) = &next.model {
            return Ok(Arc::clone(known));
        }
        let model = input::model(config.model.as_deref())?;
        let hash = model.facts().hash.clone();
        let predictor = match &self.model {
            Some((known, predictor)) if *known == hash => Arc::clone(predictor),
            _ => Arc::new(InProcess(model)),
        };
        next.model = Some((hash, Arc::clone(&predictor)));
        Ok(predictor)
    }

    fn remote(
        &self,
        next: &mut Self,
        url: &PredictorUrl,
        group: &GroupSettings,
    ) -> Result<Arc<dyn Predictor>, Failure> {
        let file = group.live.predictor_token_file.as_deref();
        // A token may have been replaced in its file: it is read anew, its service not shared.
        let known = next.remotes.get(url).or_else(|| self.remotes.get(url));
        if let Some(known) = known.filter(|_| file.is_none()).cloned() {
            next.remotes.insert(url.clone(), Arc::clone(&known));
            return Ok(known);
        }
        let token = file.map(input::token).transpose()?;
        let remote = RemotePredictor::new(url, token)
            .map_err(|error| Failure::of(Exit::Unavailable, &error))?;
        let predictor: Arc<dyn Predictor> = Arc::new(Remote(remote));
        if file.is_none() {
            next.remotes.insert(url.clone(), Arc::clone(&predictor));
        }
        Ok(predictor)
    }
}

fn setup(
    key: GroupKey,
    group: &GroupSettings,
    predictor: Arc<dyn Predictor>,
    dry_run: bool,
) -> GroupSetup {
    GroupSetup {
        key,
        controller: group.controller.clone(),
        permit: Arc::new(WritePermit {
            dry_run,
            allow_policies: group.live.allow_policies.clone(),
            allow_weights: group.live.allow_weights,
        }),
        predictor,
        history_from: group.live.history_from.as_deref().map(Into::into),
        settings: format!("{group:#?}").into(),
    }
}
