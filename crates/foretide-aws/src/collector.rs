//! Collecting for many groups of one connection: remembers of each group what a sequence of calls
//! needs, and batches what can be batched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foretide_domain::{
    CallFailure, Datapoint, FailureKind, GroupState, MetricsQuery, Mode, Plan, Timestamp,
    WriteOutcome,
};
use tokio::task::JoinSet;

use crate::activity::LaunchActivity;
use crate::clients::AwsClients;
use crate::facts::SlowFacts;
use crate::failure::failure;
use crate::group::GroupReading;
use crate::metrics::{
    Collect, Fleet, InstanceAggregate, Key, MetricOptions, Monitoring, Sampling, Span, Values,
    group_datapoints, group_queries, history_datapoints, instance_datapoints, instance_queries,
};
use crate::tracker::GroupTracker;

/// Time between two readings of a group's slow facts.
const FACTS_EVERY: Duration = Duration::from_mins(5);
/// Finest period of EC2's metrics; asked for with basic monitoring too, so that a change to
/// detailed monitoring shows.
const PERIOD_S: u32 = 60;
/// The seed's window of instance metrics.
const INSTANCE_WINDOW: Duration = Duration::from_mins(3);
/// The window with basic monitoring, or while it is not known: three five-minute periods, which
/// tell their spacing.
const INSTANCE_WINDOW_WIDE: Duration = Duration::from_mins(20);

/// How one group is collected.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectSettings {
    /// The group's name.
    pub group: String,
    /// What is asked.
    pub metrics: MetricOptions,
    /// Time in service before an instance's metrics count, in instance mode.
    pub warm_up: Duration,
}

/// What a reading of metrics brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsReading {
    /// Closed periods, ascending, each once.
    pub points: Vec<Datapoint>,
    /// In instance mode: the seed's combination over the instances, for its records.
    pub aggregates: Vec<InstanceAggregate>,
    /// Basic or detailed monitoring; none while it cannot be told, and then there are no points.
    pub monitoring: Option<Monitoring>,
    /// In instance mode: the window asked for. Wider than the seed's three minutes with basic
    /// monitoring.
    pub window: Option<Duration>,
}

/// Collects for the groups of one connection.
///
/// All methods take `&self` and may run at the same time; a group's memory is locked only between
/// calls.
#[derive(Debug)]
pub struct Collector {
    clients: Arc<AwsClients>,
    groups: BTreeMap<String, Mutex<Watched>>,
}

#[derive(Debug)]
struct Watched {
    settings: CollectSettings,
    tracker: GroupTracker,
    sampling: Sampling,
    reading: Option<GroupReading>,
    facts: Option<Result<SlowFacts, CallFailure>>,
    facts_at: Option<Timestamp>,
}

impl Collector {
    /// A collector for the groups of `settings`; of two settings for one group the last counts.
    pub fn new(clients: Arc<AwsClients>, settings: Vec<CollectSettings>) -> Self {
        let watched = |settings: CollectSettings| {
            let watched = Watched {
                tracker: GroupTracker::default(),
                sampling: Sampling::new(settings.metrics.monitoring),
                reading: None,
                facts: None,
                facts_at: None,
                settings,
            };
            (watched.settings.group.clone(), Mutex::new(watched))
        };
        Self {
            clients,
            groups: settings.into_iter().map(watched).collect(),
        }
    }

    /// The connection.
    pub const fn clients(&self) -> &Arc<AwsClients> {
        &self.clients
    }

    /// Reads `groups` at `now`. Launches are read where they matter; where that fails, launch times
    /// are those of first sight.
    pub async fn read_groups(
        &self,
        groups: &[String],
        now: Timestamp,
    ) -> BTreeMap<String, Result<GroupState, CallFailure>> {
        let readings = self.clients.read_groups(groups).await;
        let mut launches = self.read_launches(&readings, now).await;
        let mut states = BTreeMap::new();
        for (group, reading) in readings {
            let launches = launches.remove(&group).and_then(Result::ok);
            let state = match reading {
                Ok(reading) => self.observe(&group, reading, launches.as_deref(), now),
                Err(error) => Err(error),
            };
            states.insert(group, state);
        }
        states
    }

    async fn read_launches(
        &self,
        readings: &BTreeMap<String, Result<GroupReading, CallFailure>>,
        now: Timestamp,
    ) -> BTreeMap<String, Result<Vec<LaunchActivity>, CallFailure>> {
        let mut calls = JoinSet::new();
        for (group, reading) in readings {
            let since = reading.as_ref().ok().and_then(|reading| {
                self.with(group, |watched| {
                    let wanted = watched.tracker.wants_launches(reading);
                    wanted.then(|| watched.tracker.launches_since(now))
                })?
            });
            if let Some(since) = since {
                let (clients, group) = (Arc::clone(&self.clients), group.clone());
                calls.spawn(async move {
                    let launches = clients.read_launches(&group, since).await;
                    (group, launches)
                });
            }
        }
        let mut all = BTreeMap::new();
        while let Some(joined) = calls.join_next().await {
            all.extend(joined.ok());
        }
        all
    }

    fn observe(
        &self,
        group: &str,
        reading: GroupReading,
        launches: Option<&[LaunchActivity]>,
        now: Timestamp,
    ) -> Result<GroupState, CallFailure> {
        let state = self.with(group, |watched| {
            let facts = watched.facts.as_ref().and_then(|facts| facts.as_ref().ok());
            let refreshing = facts.is_some_and(|facts| facts.refreshing);
            let state = watched.tracker.observe(&reading, launches, refreshing, now);
            watched.reading = Some(reading);
            state
        });
        state.ok_or_else(|| unknown(group))
    }

    /// Reads the metrics of groups, each for its own query, at `now`. Groups are read together;
    /// what each still has to know of its instances must have been read by
    /// [`Collector::read_groups`] before.
    pub async fn read_metrics(
        &self,
        queries: &[(String, MetricsQuery)],
        now: Timestamp,
    ) -> BTreeMap<String, Result<MetricsReading, CallFailure>> {
        let mut answers = BTreeMap::new();
        let mut asked = BTreeMap::new();
        let mut wire = Vec::new();
        for (group, query) in queries {
            match self.with(group, |watched| watched.plan(*query, now)) {
                Some((from, planned)) => {
                    asked.insert(group.as_str(), from);
                    wire.extend(planned);
                }
                None => {
                    answers.insert(group.clone(), Err(unknown(group)));
                }
            }
        }
        let Some(from) = asked.values().min().copied() else {
            return answers;
        };
        let span = Span {
            from: whole_minute(from),
            to: now,
            period_s: PERIOD_S,
        };
        let mut values = self.clients.metric_data(wire, span).await;
        for (group, from) in asked {
            let values = values.remove(group).unwrap_or_else(|| Ok(Values::new()));
            let reading = values.and_then(|values| {
                let read = |watched: &mut Watched| watched.read(&values, from, now);
                self.with(group, read).ok_or_else(|| unknown(group))
            });
            answers.insert(group.to_owned(), reading);
        }
        answers
    }

    /// Closed periods of `group` in periods of `period_s` seconds from `from` to `to`, in group
    /// mode: its history. Where basic and detailed monitoring are not told apart yet, read the newest
    /// minutes first ([`Collector::read_metrics`]). `CloudWatch` keeps 60 s for 15 days, 300 s for 63 and 3600 s for 455.
    pub async fn read_history(
        &self,
        group: &str,
        (from, to): (Timestamp, Timestamp),
        period_s: u32,
    ) -> Result<MetricsReading, CallFailure> {
        let (options, mut sampling) = self
            .with(group, |watched| {
                (watched.settings.metrics.clone(), watched.sampling)
            })
            .ok_or_else(|| unknown(group))?;
        let queries = group_queries(group, &options);
        let span = Span { from, to, period_s };
        let mut answers = self.clients.metric_data(queries, span).await;
        let values = answers.remove(group).unwrap_or_else(|| Ok(Values::new()))?;
        if period_s == PERIOD_S {
            let stamps = values.get(&Key::Cpu).into_iter().flatten();
            sampling.learn_spacing(&stamps.map(|(at, _)| *at).collect::<Vec<_>>());
        }
        let period = Duration::from_secs(u64::from(period_s));
        Ok(MetricsReading {
            points: history_datapoints(&values, &options, sampling, period, (from, to)),
            monitoring: sampling.monitoring(),
            ..MetricsReading::default()
        })
    }

    /// Reads the slow facts of those groups whose facts are five minutes old, or all that have none
    /// yet. Failures are kept beside the group and told by [`Collector::facts`].
    pub async fn refresh_facts(&self, now: Timestamp) {
        let mut calls = JoinSet::new();
        for (group, watched) in &self.groups {
            let mut watched = lock(watched);
            let fresh = watched
                .facts_at
                .is_some_and(|at| now.since(at) < FACTS_EVERY);
            if fresh {
                continue;
            }
            watched.facts_at = Some(now);
            let pool = watched
                .reading
                .as_ref()
                .is_some_and(|reading| reading.warm_pool);
            let (clients, group) = (Arc::clone(&self.clients), group.clone());
            calls.spawn(async move {
                let facts = clients.read_facts(&group, pool).await;
                (group, facts)
            });
        }
        while let Some(joined) = calls.join_next().await {
            if let Ok((group, facts)) = joined {
                self.with(&group, |watched| watched.facts = Some(facts));
            }
        }
    }

    /// The slow facts of `group`, or why they could not be read; none before the first attempt.
    pub fn facts(&self, group: &str) -> Option<Result<SlowFacts, CallFailure>> {
        self.with(group, |watched| watched.facts.clone())?
    }

    /// The newest reading of `group`.
    pub fn reading(&self, group: &str) -> Option<GroupReading> {
        self.with(group, |watched| watched.reading.clone())?
    }

    /// Carries `plan` out as far as `mode` allows; see [`AwsClients::set_desired`].
    pub async fn set_desired(&self, group: &str, plan: Plan, mode: Mode) -> WriteOutcome {
        self.clients.set_desired(group, plan, mode).await
    }

    fn with<T>(&self, group: &str, work: impl FnOnce(&mut Watched) -> T) -> Option<T> {
        self.groups
            .get(group)
            .map(|watched| work(&mut lock(watched)))
    }
}

impl Watched {
    const fn narrow(&self) -> bool {
        matches!(self.sampling.monitoring(), Some(Monitoring::Detailed))
    }

    fn window(&self) -> Option<Duration> {
        (self.settings.metrics.collect == Collect::Instance).then(|| {
            if self.narrow() {
                INSTANCE_WINDOW
            } else {
                INSTANCE_WINDOW_WIDE
            }
        })
    }

    /// From when on, and what, to ask for `query`.
    fn plan(&self, query: MetricsQuery, now: Timestamp) -> (Timestamp, Vec<crate::metrics::Query>) {
        let CollectSettings {
            group,
            metrics,
            warm_up,
        } = &self.settings;
        let Some(window) = self.window() else {
            return (query.from, group_queries(group, metrics));
        };
        let warm = match &self.reading {
            Some(reading) => self.tracker.warmed_up(reading, *warm_up, now),
            None => Vec::new(),
        };
        (now.minus(window), instance_queries(group, &warm, metrics))
    }

    fn read(&mut self, values: &Values, from: Timestamp, now: Timestamp) -> MetricsReading {
        let window = self.window();
        let (fleet, span) = (self.fleet(), (from, now));
        let (options, sampling) = (&self.settings.metrics, &mut self.sampling);
        let (points, aggregates) = match options.collect {
            Collect::Group => (
                group_datapoints(values, options, sampling, fleet, span),
                Vec::new(),
            ),
            Collect::Instance => instance_datapoints(values, options, sampling, span),
        };
        if window == Some(INSTANCE_WINDOW) && points.is_empty() {
            // Three minutes that hold nothing may be basic monitoring: look at more the next time.
            *sampling = Sampling::new(options.monitoring);
        }
        MetricsReading {
            points,
            aggregates,
            monitoring: self.sampling.monitoring(),
            window,
        }
    }

    fn fleet(&self) -> Fleet {
        Fleet {
            in_service: self
                .reading
                .as_ref()
                .map_or(0, |reading| reading.counts().in_service),
            steady_since: self.tracker.steady_since(),
        }
    }
}

fn lock(watched: &Mutex<Watched>) -> std::sync::MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

fn whole_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.as_seconds() - at.as_seconds().rem_euclid(60))
}

fn unknown(group: &str) -> CallFailure {
    failure(
        FailureKind::Rejected,
        format!("group `{group}` is not configured for this connection"),
    )
}
