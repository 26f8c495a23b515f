//! Collecting for many groups of one connection: remembers of each group what a sequence of calls
//! needs, and batches what can be batched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use foretide_domain::{
    CallFailure, FailureKind, GroupState, HistoryQuery, Mode, Plan, Timestamp, WriteOutcome,
};
use foretide_runtime::{HistoryAsk, MetricsAsk};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::activity::LaunchActivity;
use crate::bill::USD_PER_METRIC_REQUESTED;
use crate::clients::AwsClients;
use crate::facts::SlowFacts;
use crate::failure::failure;
use crate::group::GroupReading;
use crate::metrics::{Key, Span, Values, billed_metrics, history_datapoints, history_queries};
use crate::watched::{CollectSettings, Groups, MetricsReading, Watched};

/// Finest period of EC2's metrics; asked for with basic monitoring too, so that a change to
/// detailed monitoring shows.
const PERIOD_S: u32 = 60;

/// Receives the state of each group as soon as the state is known.
pub(crate) trait Put: Fn(&Arc<str>, Result<GroupState, CallFailure>) + Sync {}

impl<F: Fn(&Arc<str>, Result<GroupState, CallFailure>) + Sync> Put for F {}

/// Collects for the groups of one connection.
///
/// All methods take `&self` and may run at the same time; a group's memory is locked only between
/// calls.
#[derive(Debug)]
pub struct Collector {
    clients: Arc<AwsClients>,
    groups: Arc<Groups>,
    /// Held while slow facts are read, so that one reading is under way at a time.
    facts_turn: Arc<Semaphore>,
}

impl Collector {
    /// A collector for the groups of `settings`; of two settings for one group the last counts.
    pub fn new(clients: Arc<AwsClients>, settings: Vec<CollectSettings>) -> Self {
        Self {
            clients,
            groups: Arc::new(Groups::new(settings)),
            facts_turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// A collector for the groups of `settings` over the same connection, which knows of those
    /// whose settings stay what this one does.
    #[must_use]
    pub fn renewed(&self, settings: Vec<CollectSettings>) -> Self {
        Self {
            clients: Arc::clone(&self.clients),
            groups: Arc::new(self.groups.renewed(settings)),
            facts_turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Whether it collects just what `settings` ask for.
    pub fn collects(&self, settings: &[CollectSettings]) -> bool {
        self.groups.are(settings)
    }

    /// The connection.
    pub const fn clients(&self) -> &Arc<AwsClients> {
        &self.clients
    }

    /// Reads `groups` at `now`. Launches are read where they matter; where that fails, launch times
    /// are those of first sight.
    pub async fn read_groups(
        &self,
        groups: &[Arc<str>],
        now: Timestamp,
    ) -> BTreeMap<Arc<str>, Result<GroupState, CallFailure>> {
        let states = Mutex::new(BTreeMap::new());
        let put = |group: &Arc<str>, state| {
            let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
            states.insert(Arc::clone(group), state);
        };
        self.read_each_group(groups, now, &put).await;
        states.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads `groups` at `now` and gives each to `put` as soon as it is known.
    pub(crate) async fn read_each_group(
        &self,
        groups: &[Arc<str>],
        now: Timestamp,
        put: &impl Put,
    ) {
        let mut waiting = BTreeMap::new();
        let mut calls = JoinSet::new();
        for (group, reading) in self.clients.read_groups(groups).await {
            let reading = match reading {
                Ok(reading) => reading,
                Err(error) => {
                    if error.kind == FailureKind::NotFound {
                        self.with(&group, Watched::forget_group);
                    }
                    put(&group, Err(error));
                    continue;
                }
            };
            let Some(since) = self.launches_wanted(&group, &reading, now) else {
                put(&group, self.observe(&group, reading, None, now));
                continue;
            };
            let (clients, name) = (Arc::clone(&self.clients), Arc::clone(&group));
            calls.spawn(async move { (clients.read_launches(&name, since).await, name) });
            waiting.insert(group, reading);
        }
        while let Some(joined) = calls.join_next().await {
            let Ok((launches, group)) = joined else {
                continue;
            };
            if let Some(reading) = waiting.remove(&group) {
                let launches = launches.ok();
                put(
                    &group,
                    self.observe(&group, reading, launches.as_deref(), now),
                );
            }
        }
        // A task that broke off has no answer; its group is still read.
        for (group, reading) in waiting {
            put(&group, self.observe(&group, reading, None, now));
        }
    }

    /// From when on launches of `group` should be read; none where they do not matter now.
    fn launches_wanted(
        &self,
        group: &str,
        reading: &GroupReading,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.with(group, |watched| {
            let wanted = watched.tracker.wants_launches(reading);
            wanted.then(|| watched.tracker.launches_since(now))
        })?
    }

    fn observe(
        &self,
        group: &str,
        reading: GroupReading,
        launches: Option<&[LaunchActivity]>,
        now: Timestamp,
    ) -> Result<GroupState, CallFailure> {
        let state = self.with(group, |watched| {
            let refreshing = watched.perhaps_refreshing(now);
            let mut state = watched.tracker.observe(&reading, launches, refreshing, now);
            watched.reading = Some(reading);
            state.obstacles = watched.obstacles();
            state
        });
        state.ok_or_else(|| unknown(group))
    }

    /// Reads the metrics of groups, each for its own query, at `now`. Groups are read together;
    /// what each still has to know of its instances must have been read by
    /// [`Collector::read_groups`] before.
    pub async fn read_metrics(
        &self,
        asks: &[MetricsAsk],
        now: Timestamp,
    ) -> BTreeMap<Arc<str>, Result<MetricsReading, CallFailure>> {
        let mut answers = BTreeMap::new();
        let mut asked = BTreeMap::new();
        let mut wire = Vec::new();
        for MetricsAsk { name, query } in asks {
            match self.with(name, |watched| watched.plan(*query, now)) {
                Some((from, planned)) => {
                    asked.insert(Arc::clone(name), from);
                    wire.extend(planned);
                }
                None => {
                    answers.insert(Arc::clone(name), Err(unknown(name)));
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
            aside: false,
        };
        let mut values = self.clients.metric_data(wire, span).await;
        for (group, from) in asked {
            let values = values.remove(&group).unwrap_or_else(|| Ok(Values::new()));
            let reading = values.and_then(|values| {
                let read = |watched: &mut Watched| watched.read(&values, from, now);
                self.with(&group, read).ok_or_else(|| unknown(&group))
            });
            answers.insert(group, reading);
        }
        answers
    }

    /// Closed periods of `group` in periods of `period_s` seconds from `from` to `to`, in group
    /// mode: its history. It tells the load (CPU, instances and the load metric), neither network
    /// nor memory. Where basic and detailed monitoring are not told apart yet, read the newest
    /// minutes first ([`Collector::read_metrics`]); how long `CloudWatch` keeps what says
    /// [`Retention`](crate::Retention).
    pub async fn read_history(
        &self,
        group: &str,
        query: HistoryQuery,
    ) -> Result<MetricsReading, CallFailure> {
        let name: Arc<str> = group.into();
        let ask = HistoryAsk {
            of: Arc::clone(&name),
            name,
            query,
        };
        let (reading, _usd) = self.read_past(&ask, false).await?;
        Ok(reading)
    }

    /// A part of the past, and what reading it is billed, in USD.
    pub(crate) async fn read_past(
        &self,
        HistoryAsk { name, of, query }: &HistoryAsk,
        aside: bool,
    ) -> Result<(MetricsReading, f64), CallFailure> {
        let span = Span {
            from: query.from,
            to: query.to,
            period_s: u32::try_from(query.period.as_secs()).unwrap_or(u32::MAX),
            aside,
        };
        let (options, mut sampling) = self
            .with(name, |watched| {
                (watched.settings.metrics.clone(), watched.sampling)
            })
            .ok_or_else(|| unknown(name))?;
        if of != name {
            // Its monitoring may be another one: its own points tell.
            sampling = sampling.of_another(options.monitoring);
        }
        let queries = history_queries(of, &options);
        let usd = billed_metrics(&queries) as f64 * USD_PER_METRIC_REQUESTED;
        let mut answers = self.clients.metric_data(queries, span).await;
        let values = answers.remove(of).unwrap_or_else(|| Ok(Values::new()))?;
        if span.period_s == PERIOD_S {
            let stamps = values.get(&Key::Cpu).into_iter().flatten();
            sampling.learn_spacing(&stamps.map(|(at, _)| *at).collect::<Vec<_>>());
        }
        if sampling.monitoring().is_some() && sampling.known().is_none() {
            // Read as one each, five samples of basic monitoring would be five instances.
            return Err(failure(
                FailureKind::Unavailable,
                format!("it is not known yet how many samples an instance of `{name}` adds"),
            ));
        }
        let reading = MetricsReading {
            points: history_datapoints(
                &values,
                &options,
                sampling,
                query.period,
                (query.from, query.to),
            ),
            monitoring: sampling.monitoring(),
            ..MetricsReading::default()
        };
        Ok((reading, usd))
    }

    /// Reads the slow facts that are due, and ends when they are read; returns at once where
    /// another reading is under way. Failures are kept beside the group and told by
    /// [`Collector::facts`].
    pub async fn refresh_facts(&self, now: Timestamp) {
        if let Some(reading) = self.facts_reading(now) {
            reading.await;
        }
    }

    /// The reading of the slow facts that are due, to be run beside everything else: one call at a
    /// time, so that it never stands in front of more than one other call. None where nothing is
    /// due or a reading is under way.
    pub(crate) fn facts_reading(
        &self,
        now: Timestamp,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let turn = Arc::clone(&self.facts_turn).try_acquire_owned().ok()?;
        let due = self.groups.facts_due(now);
        let (clients, groups) = (Arc::clone(&self.clients), Arc::clone(&self.groups));
        if due.is_empty() {
            return None;
        }
        Some(async move {
            groups.read_facts(&clients, due, now).await;
            drop(turn);
        })
    }

    /// The slow facts of `group`, or why they could not be read; none before the first attempt.
    pub fn facts(&self, group: &str) -> Option<Result<SlowFacts, CallFailure>> {
        self.with(group, |watched| watched.facts.clone())?
    }

    /// What the newest reading of the metrics of `group` told beside its points, which are left
    /// out.
    pub fn last_metrics(&self, group: &str) -> Option<MetricsReading> {
        self.with(group, |watched| watched.metrics.clone())?
    }

    /// The newest reading of `group`.
    pub fn reading(&self, group: &str) -> Option<GroupReading> {
        self.with(group, |watched| watched.reading.clone())?
    }

    /// Carries `plan` out as far as `mode` allows; see [`AwsClients::set_desired`].
    pub async fn set_desired(&self, group: &str, plan: Plan, mode: Mode) -> WriteOutcome {
        self.clients.set_desired(group, plan, mode).await
    }

    #[cfg(test)]
    pub(crate) fn know(&self, group: &str, reading: GroupReading, facts: SlowFacts) {
        self.with(group, |watched| {
            watched.reading = Some(reading);
            watched.facts = Some(Ok(facts));
        });
    }

    pub(crate) fn with<T>(&self, group: &str, work: impl FnOnce(&mut Watched) -> T) -> Option<T> {
        self.groups.with(group, work)
    }
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
