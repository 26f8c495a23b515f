//! Builds the fleet from the configuration: connections, collectors, models, groups. A reload
//! builds a new fleet; parts with unchanged settings are reused, with their learnt state.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use foretide_aws::{AwsConfig, CollectSettings, Collector};
use foretide_config::{Config, GroupSettings, Reach};
use foretide_connect::{Connection, check_credentials, connect, prometheus};
use foretide_predict::{PredictorUrl, RemotePredictor};
use foretide_prometheus::Prometheus;
use foretide_runtime::{
    Cloud, Fleet, FleetError, GroupKey, GroupSetup, Predictor, SourceOf, WithSources, WritePermit,
};
use foretide_terminal::{Exit, Failure};
use tokio::task::JoinSet;

use crate::command::input;

use super::predictor::{InProcess, Remote};

/// Longest that a source of a signal may take for one question. Below the shortest deadline that a
/// reading has, so that a server that hangs costs its own signal alone.
const SOURCE_LIMIT: Duration = Duration::from_secs(3);

type Connections = BTreeMap<Reach, Connection>;
/// A new connection and whether it can be used.
type Tried = (Reach, Connection, Result<(), Failure>);
/// Labels of unusable connections, each with the reason.
type Unusable = Vec<(String, String)>;

/// All parts of a running fleet.
#[derive(Default)]
pub(super) struct Wiring {
    /// The fleet of the runtime.
    pub(super) fleet: Option<Fleet>,
    /// The settings of groups, by key.
    pub(super) groups: BTreeMap<GroupKey, GroupSettings>,
    /// Their keys, by their names in the configuration.
    names: BTreeMap<String, GroupKey>,
    aws: AwsConfig,
    connections: Connections,
    unusable: Unusable,
    /// Connections by the account's label.
    collectors: BTreeMap<String, Arc<Collector>>,
    model: Option<(String, Arc<dyn Predictor>)>,
    /// Prediction services without token, by address.
    remotes: HashMap<PredictorUrl, Arc<dyn Predictor>>,
}

impl Wiring {
    /// The fleet of `config`; `self` is the previous fleet.
    pub(super) async fn renewed(&self, config: &Config, dry_run: bool) -> Result<Self, Failure> {
        let mut next = Self {
            aws: config.aws.clone(),
            ..Self::default()
        };
        (next.connections, next.unusable) = self.connections_of(config).await?;
        let mut collect: BTreeMap<String, Vec<CollectSettings>> = BTreeMap::new();
        for (name, group) in &config.groups {
            let label = next.label(&group.live.reach);
            let settings = group.live.collect_settings(name);
            collect.entry(label).or_default().push(settings);
        }
        next.collectors = self.collectors_of(&next, collect);
        for collector in next.collectors.values() {
            let checked = collector.check_traffic().await;
            checked
                .map_err(|error| Failure::of(Exit::Config, &error).hint(error.doubt.next_step()))?;
        }
        let mut setups = Vec::with_capacity(config.groups.len());
        for (name, group) in &config.groups {
            let label = next.label(&group.live.reach);
            let key = GroupKey::new(&label, group.live.asg_name(name));
            let predictor = self.predictor(&mut next, config, group)?;
            setups.push(setup(key.clone(), group, predictor, dry_run));
            next.names.insert(name.clone(), key.clone());
            next.groups.insert(key, group.clone());
        }
        let mut sources = sources_of(config, |group| next.label(&group.live.reach))?;
        let clouds = next.collectors.iter();
        let accounts = clouds.map(|(label, collector)| {
            let cloud: Arc<dyn Cloud> = Arc::<Collector>::clone(collector);
            let cloud = match sources.remove(label) {
                Some(of_groups) => Arc::new(WithSources::new(cloud, of_groups, SOURCE_LIMIT)),
                None => cloud,
            };
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

    /// The keys of the groups whose tables are in `named`.
    pub(super) fn keys_of(&self, named: &[String]) -> impl Iterator<Item = &GroupKey> {
        let named = named.iter().filter_map(|name| self.names.get(name));
        named.filter_map(|key| self.groups.get_key_value(key).map(|(key, _)| key))
    }

    /// The keys of all groups.
    pub(super) fn keys(&self) -> Vec<GroupKey> {
        self.groups.keys().cloned().collect()
    }

    /// The groups with their intervals.
    pub(super) fn intervals(&self) -> BTreeMap<GroupKey, Duration> {
        let groups = self.groups.iter();
        groups
            .map(|(key, group)| (key.clone(), group.controller.interval))
            .collect()
    }

    /// Warnings about the connections.
    pub(super) fn warnings(&self) -> impl Iterator<Item = (&str, &str)> {
        let connections = self.connections.values();
        let unusable = self.unusable.iter();
        let unusable = unusable.map(|(label, why)| (label.as_str(), why.as_str()));
        let warned = connections.flat_map(|connection| {
            let warnings = connection.clients.warnings().iter();
            warnings.map(|warning| (connection.label.as_str(), warning.as_str()))
        });
        warned.chain(unusable)
    }

    fn label(&self, reach: &Reach) -> String {
        let connection = self.connections.get(reach);
        connection.map_or_else(String::new, |connection| connection.label.clone())
    }

    /// The connections, and the unusable ones with their reason. All are tried in parallel, because
    /// the search for credentials takes seconds.
    async fn connections_of(&self, config: &Config) -> Result<(Connections, Unusable), Failure> {
        let mut connections = Connections::new();
        let mut trying = JoinSet::new();
        let groups = config.groups.values();
        let reaches: BTreeSet<&Reach> = groups.map(|group| &group.live.reach).collect();
        for reach in reaches {
            let known = self.connections.get(reach);
            if let Some(known) = known.filter(|_| self.aws == config.aws) {
                connections.insert(reach.clone(), known.clone());
                continue;
            }
            let (aws, reach) = (config.aws.clone(), reach.clone());
            trying.spawn(async move {
                let connection = connect(&aws, &reach).await?;
                let checked = check_credentials(&connection).await;
                Ok::<Tried, Failure>((reach, connection, checked))
            });
        }
        let mut tried = Vec::new();
        while let Some(joined) = trying.join_next().await {
            // A task that broke off leaves its groups without a connection, and that is refused.
            if let Ok(one) = joined {
                tried.push(one?);
            }
        }
        let unusable = take_in(&mut connections, tried, self.fleet.is_none())?;
        Ok((connections, unusable))
    }

    /// A collector with unchanged settings is reused.
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
        let model = foretide_files::model(config.model.as_deref())?;
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
        let same_way = self.aws.outbound == next.aws.outbound;
        let before = self.remotes.get(url).filter(|_| same_way);
        let known = next.remotes.get(url).or(before);
        if let Some(known) = known.filter(|_| file.is_none()).cloned() {
            next.remotes.insert(url.clone(), Arc::clone(&known));
            return Ok(known);
        }
        let token = file.map(input::token_warned).transpose()?;
        let remote = RemotePredictor::new(url, token, &next.aws.outbound)
            .map_err(|error| Failure::of(Exit::Unavailable, &error))?;
        let predictor: Arc<dyn Predictor> = Arc::new(Remote(remote));
        if file.is_none() {
            next.remotes.insert(url.clone(), Arc::clone(&predictor));
        }
        Ok(predictor)
    }
}

/// Signals from elsewhere, by account and group. Secrets are read anew each time, since they may
/// have been replaced in their files.
fn sources_of(
    config: &Config,
    label: impl Fn(&GroupSettings) -> String,
) -> Result<BTreeMap<String, BTreeMap<String, Vec<SourceOf>>>, Failure> {
    let outbound = &config.aws.outbound;
    let servers = config.prometheus.iter();
    let servers: BTreeMap<&String, Prometheus> = servers
        .map(|(name, settings)| Ok((name, prometheus(name, settings, outbound)?)))
        .collect::<Result<_, Failure>>()?;
    let mut accounts = BTreeMap::new();
    for (name, group) in &config.groups {
        let of_group = group.live.sources.iter().filter_map(|signal| {
            let server = servers.get(&signal.server)?;
            let source = server.signal(signal.query.clone());
            Some(SourceOf {
                signal: signal.signal.clone(),
                source: Arc::new(source),
            })
        });
        let of_group: Vec<SourceOf> = of_group.collect();
        if !of_group.is_empty() {
            let account: &mut BTreeMap<_, _> = accounts.entry(label(group)).or_default();
            account.insert(group.live.asg_name(name).to_owned(), of_group);
        }
    }
    Ok(accounts)
}

/// Adds the connections that were `tried`. A run starts if any connection works; calls on the
/// others fail with their reason until an operator has fixed them. A reload never replaces a
/// working connection by one that fails.
fn take_in(
    connections: &mut Connections,
    tried: Vec<Tried>,
    begins: bool,
) -> Result<Unusable, Failure> {
    let works = !connections.is_empty() || tried.iter().any(|(_, _, checked)| checked.is_ok());
    let mut unusable = Unusable::new();
    for (reach, connection, checked) in tried {
        if let Err(failure) = checked {
            if !(begins && works) {
                return Err(failure);
            }
            unusable.push((connection.label.clone(), failure.in_one_line()));
        }
        connections.insert(reach, connection);
    }
    Ok(unusable)
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn tried(role: &str, works: bool) -> Tried {
        let reach = Reach {
            region: Some("eu-west-1".to_owned()),
            role_arn: Some(role.to_owned()),
        };
        let connection = connect(&AwsConfig::default(), &reach).await.unwrap();
        let checked = if works {
            Ok(())
        } else {
            Err(Failure::new(Exit::Unavailable, format!("no {role}")))
        };
        (reach, connection, checked)
    }

    #[tokio::test]
    async fn one_role_that_cannot_be_used_keeps_no_fleet_from_starting() {
        let mut connections = Connections::new();
        let both = vec![tried("good", true).await, tried("bad", false).await];
        let unusable = take_in(&mut connections, both, true).unwrap();
        assert_eq!(connections.len(), 2);
        let bad = ("eu-west-1@bad".to_owned(), "no bad".to_owned());
        assert_eq!(unusable, [bad]);
        let none = vec![tried("bad", false).await];
        assert!(take_in(&mut Connections::new(), none, true).is_err());
        let at_reload = vec![tried("bad", false).await];
        assert!(take_in(&mut connections, at_reload, false).is_err());
    }
}
