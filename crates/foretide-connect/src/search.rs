//! The search for groups by their tag, for `foretide run` and `foretide discover`.

use std::collections::BTreeMap;
use std::sync::Arc;

use foretide_aws::{AwsConfig, FoundGroup};
use foretide_config::{Config, Reach, TaggedGroup};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::connection::{Connection, connect};

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The groups of each connection. Those of a connection that could not be searched are of the
    /// last search that succeeded: a failing call is no reason to let a group go.
    pub groups: BTreeMap<Reach, Vec<FoundGroup>>,
    /// Why connections could not be searched, by region and role.
    pub failures: BTreeMap<String, String>,
    /// The region of groups that name none.
    pub home: Option<String>,
}

impl Found {
    /// The groups for the configuration.
    pub fn tagged(&self) -> Vec<TaggedGroup> {
        let groups = self.groups.iter();
        let groups = groups.flat_map(|(reach, groups)| groups.iter().map(move |it| (reach, it)));
        let tagged = groups.map(|(reach, group)| TaggedGroup {
            name: group.name.clone(),
            reach: reach.clone(),
            tags: group
                .tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
        });
        tagged.collect()
    }

    /// Sentences on Foretide's tags that new instances get as well.
    pub fn copied(&self, tag: &str) -> Vec<String> {
        let groups = self.groups.values().flatten();
        groups.flat_map(|group| copied(group, tag)).collect()
    }

    /// Whether `self` gives a run nothing to do beyond `before`. The words of a failure may differ
    /// from search to search.
    fn is_as(&self, before: &Self) -> bool {
        self.groups == before.groups
            && self.home == before.home
            && self.failures.keys().eq(before.failures.keys())
    }
}

/// Sentences on the tags of `group` that are Foretide's and that new instances get as well.
pub fn copied(group: &FoundGroup, tag: &str) -> Vec<String> {
    let settings = format!("{tag}:");
    let tags = group.tags.iter().filter(|it| it.propagated);
    let ours = tags.filter(|it| it.key == tag || it.key.starts_with(&settings));
    let said = ours.map(|it| {
        format!(
            "group {}: tag {} is copied to new instances: set PropagateAtLaunch=false",
            group.name, it.key
        )
    });
    said.collect()
}

/// Searches, over connections that are kept from search to search.
#[derive(Debug, Default)]
pub struct Search {
    aws: AwsConfig,
    connections: BTreeMap<Reach, Connection>,
    found: Found,
}

impl Search {
    /// Searches every configured region and role for groups with the tag `tag`; for all groups if
    /// `tag` is none.
    pub async fn look(&mut self, config: &Config, tag: Option<&str>) -> Found {
        if self.aws != config.aws {
            self.connections.clear();
            self.aws = config.aws.clone();
        }
        let reaches = config.discover.reaches(&config.defaults.live.reach);
        let mut searching = JoinSet::new();
        for reach in &reaches {
            let known = self.connections.get(reach).cloned();
            let (aws, reach) = (config.aws.clone(), reach.clone());
            let tag = tag.map(str::to_owned);
            searching.spawn(async move {
                let searched = search(&aws, &reach, known, tag.as_deref()).await;
                (reach, searched)
            });
        }
        self.found.groups.retain(|reach, _| reaches.contains(reach));
        self.found.failures.clear();
        while let Some(joined) = searching.join_next().await {
            // A search that broke off found nothing new.
            if let Ok((reach, searched)) = joined {
                self.take_in(reach, searched);
            }
        }
        self.found.home = self.home(config).await;
        self.found.clone()
    }

    fn take_in(&mut self, reach: Reach, searched: Searched) {
        let Searched { connection, groups } = searched;
        let label = match &connection {
            Some(connection) => connection.label.clone(),
            None => reach.region.clone().unwrap_or_else(|| "AWS".to_owned()),
        };
        if let Some(connection) = connection {
            self.connections.insert(reach.clone(), connection);
        }
        match groups {
            Ok(groups) => {
                self.found.groups.insert(reach, groups);
            }
            Err(why) => {
                self.found.failures.insert(label, why);
            }
        }
    }

    /// The region of groups that name none; none if nothing says which.
    async fn home(&self, config: &Config) -> Option<String> {
        let reach = &config.defaults.live.reach;
        if reach.region.is_some() {
            return reach.region.clone();
        }
        if let Some(known) = &self.found.home {
            return Some(known.clone());
        }
        let here = connect(&config.aws, &Reach::default()).await.ok()?;
        Some(here.clients.region().to_owned())
    }
}

/// How the search of one connection ended.
struct Searched {
    connection: Option<Connection>,
    groups: Result<Vec<FoundGroup>, String>,
}

async fn search(
    aws: &AwsConfig,
    reach: &Reach,
    known: Option<Connection>,
    tag: Option<&str>,
) -> Searched {
    let connected = match known {
        Some(known) => Ok(known),
        None => connect(aws, reach).await,
    };
    match connected {
        Ok(connection) => {
            let found = connection.clients.find_groups(tag).await;
            Searched {
                connection: Some(connection),
                groups: found.map_err(|failure| failure.to_string()),
            }
        }
        Err(failure) => Searched {
            connection: None,
            groups: Err(failure.in_one_line()),
        },
    }
}

/// Searches beside the loop of `foretide run`, as the newest configuration says. Sends what was
/// found where it differs from `before`.
pub fn keep_looking(
    mut search: Search,
    mut config: watch::Receiver<Arc<Config>>,
) -> mpsc::Receiver<Found> {
    let (sender, receiver) = mpsc::channel(1);
    let mut before = search.found.clone();
    tokio::spawn(async move {
        loop {
            let every = config.borrow_and_update().discover.every;
            // Another configuration is searched with at once.
            let changed = tokio::time::timeout(every, config.changed()).await;
            if let Ok(Err(_)) = changed {
                // The run ends.
                return;
            }
            let newest = Arc::clone(&config.borrow_and_update());
            let discover = &newest.discover;
            if !discover.enabled {
                continue;
            }
            let found = search.look(&newest, Some(&discover.tag)).await;
            if !found.is_as(&before) {
                before = found.clone();
                if sender.send(found).await.is_err() {
                    return;
                }
            }
        }
    });
    receiver
}
