//! The search for groups by their tag, for `foretide run` and `foretide discover`.

use std::collections::BTreeMap;
use std::sync::Arc;

use foretide_aws::{AwsConfig, FoundGroup, GroupTag};
use foretide_config::{Config, Reach, TaggedGroup};
use foretide_terminal::{Exit, Failure};
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

    /// The groups that have the tag, whatever its value.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        for groups in self.groups.values_mut() {
            groups.retain(|group| group.tags.iter().any(|it| it.key == tag));
        }
        self
    }

    /// Sentences on Foretide's tags that new instances get as well.
    pub fn copied(&self, tag: &str) -> Vec<String> {
        let groups = self.groups.values().flatten();
        groups.flat_map(|group| copied(group, tag)).collect()
    }

    /// Whether `self` gives a run nothing to do beyond `before`. A group's capacity and its other
    /// tags change all the time, and the words of a failure may differ from search to search.
    fn means_the_same_as(&self, before: &Self, tag: &str) -> bool {
        self.chosen(tag) == before.chosen(tag)
            && self.home == before.home
            && self.failures.keys().eq(before.failures.keys())
    }

    /// What a search finds out: the groups with their settings.
    fn chosen(&self, tag: &str) -> Vec<(&Reach, &str, Vec<&GroupTag>)> {
        let groups = self.groups.iter();
        let groups = groups.flat_map(|(reach, groups)| groups.iter().map(move |it| (reach, it)));
        let chosen = groups.map(|(reach, it)| (reach, it.name.as_str(), ours(it, tag).collect()));
        chosen.collect()
    }
}

/// The tags of `group` that are Foretide's.
fn ours<'a>(group: &'a FoundGroup, tag: &str) -> impl Iterator<Item = &'a GroupTag> {
    let (tag, settings) = (tag.to_owned(), format!("{tag}:"));
    let tags = group.tags.iter();
    tags.filter(move |it| it.key == tag || it.key.starts_with(&settings))
}

/// Sentences on the tags of `group` that are Foretide's and that new instances get as well.
pub fn copied(group: &FoundGroup, tag: &str) -> Vec<String> {
    let said = ours(group, tag).filter(|it| it.propagated).map(|it| {
        format!(
            "group {}: tag {} is copied to new instances: set PropagateAtLaunch=false",
            group.name, it.key
        )
    });
    said.collect()
}

/// Lists every group of the configured regions and roles, with or without a tag.
///
/// # Errors
/// The machine gives no socket to wait with.
pub fn list_groups(config: &Config) -> Result<Found, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Unavailable, "cannot start the connection").because(&error)
    })?;
    Ok(runtime.block_on(async { Search::default().find(config, None).await }))
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
    pub async fn find(&mut self, config: &Config, tag: Option<&str>) -> Found {
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
pub fn search_repeatedly(
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
            let found = search.find(&newest, Some(&discover.tag)).await;
            if !found.means_the_same_as(&before, &discover.tag) {
                before = found.clone();
                if sender.send(found).await.is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(desired: u32, tags: &[(&str, &str)]) -> Found {
        let tag = |(key, value): &(&str, &str)| GroupTag {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            propagated: false,
        };
        let web = FoundGroup {
            name: "web".to_owned(),
            desired,
            min: 1,
            max: 9,
            tags: tags.iter().map(tag).collect(),
        };
        Found {
            groups: BTreeMap::from([(Reach::default(), vec![web])]),
            ..Found::default()
        }
    }

    #[test]
    fn a_group_that_scales_or_gets_a_foreign_tag_is_no_news_and_a_setting_is() {
        let before = found(2, &[("foretide", ""), ("foretide:policy", "forecast")]);
        let same = |found: &Found| found.means_the_same_as(&before, "foretide");
        let scaled = [
            ("foretide", ""),
            ("foretide:policy", "forecast"),
            ("team", "a"),
        ];
        assert!(same(&found(7, &scaled)));
        let set = [("foretide", ""), ("foretide:policy", "classifier")];
        assert!(!same(&found(2, &set)));
        assert!(!same(&found(2, &[("foretide", "")])));
        assert!(!same(&Found::default()));
    }
}
