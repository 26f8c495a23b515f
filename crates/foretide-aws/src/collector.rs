//! Reads groups and metrics of one connection: batches the calls of many groups, and remembers
//! facts of each group between calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use foretide_domain::{
    CallFailure, FailureKind, GroupState, HistoryQuery, Mode, Plan, Timestamp, WriteOutcome,
};
use foretide_runtime::{HistoryAsk, MetricsAsk};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::bill::USD_PER_METRIC_REQUESTED;
use crate::clients::AwsClients;
use crate::facts::SlowFacts;
use crate::failure::failure;
use crate::group::GroupReading;
use crate::metrics::{
    Key, Span, Values, billed_metrics, history_datapoints, history_queries, signal_readings,
};
use crate::targets::Ready;
use crate::traffic::RefusedTraffic;
use crate::wanted::Beside;
use crate::watched::{CollectSettings, Groups, MetricsReading, Watched};

/// Finest period of EC2's metrics, seconds. The collector asks for this period with basic
/// monitoring too, to notice a change to detailed monitoring.
const PERIOD_S: u32 = 60;

/// Receives the state of each group as soon as the state is known.
pub(crate) trait Put: Fn(&Arc<str>, Result<GroupState, CallFailure>) + Sync {}

impl<F: Fn(&Arc<str>, Result<GroupState, CallFailure>) + Sync> Put for F {}

/// Reads the groups of one connection.
///
/// All methods take `&self` and may run at the same time. A group's memory is locked only between
/// calls.
#[derive(Debug)]
pub struct Collector {
    clients: Arc<AwsClients>,
    groups: Arc<Groups>,
    /// Held during a reading of slow facts, so that at most one is under way.
    facts_turn: Arc<Semaphore>,
}

impl Collector {
    /// A collector for the groups of `settings`. If two settings name one group, the last one
    /// counts.
    pub fn new(clients: Arc<AwsClients>, settings: Vec<CollectSettings>) -> Self {
        Self {
            clients,
            groups: Arc::new(Groups::new(settings)),
            facts_turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// A collector for the groups of `settings` over the same connection. Keeps the facts of every
    /// group whose settings are unchanged.
    #[must_use]
    pub fn renewed(&self, settings: Vec<CollectSettings>) -> Self {
        Self {
            clients: Arc::clone(&self.clients),
            groups: Arc::new(self.groups.renewed(settings)),
            facts_turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Whether `settings` equal this collector's settings.
    pub fn collects(&self, settings: &[CollectSettings]) -> bool {
        self.groups.are(settings)
    }

    /// The connection.
    pub const fn clients(&self) -> &Arc<AwsClients> {
        &self.clients
    }

    /// Checks the traffic sources of the groups whose target groups are to decide who serves. A
    /// group that cannot be read now is not refused: its health says so later.
    ///
    /// # Errors
    /// The first group that has another source than target groups, or none at all.
    pub async fn check_traffic(&self) -> Result<(), RefusedTraffic> {
        let names = self.groups.ready_by(Ready::TargetGroup);
        for (group, reading) in self.clients.read_groups(&names).await {
            if let Some(doubt) = reading.ok().and_then(|reading| reading.traffic.doubt()) {
                let group = group.to_string();
                return Err(RefusedTraffic { group, doubt });
            }
        }
        Ok(())
    }

    /// Reads `groups` at `now`. Reads launches and targets of a group only while they matter. If
    /// launches cannot be read, a launch begins when the instance is first seen. If targets cannot
    /// be read, every instance in service is ready.
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

    /// Reads `groups` at `now` and passes each state to `put` as soon as the state is known.
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
            let wanted = self.with(&group, |watched| watched.wanted(&reading, now));
            let Some(wanted) = wanted.filter(|wanted| !wanted.is_nothing()) else {
                put(
                    &group,
                    self.observe(&group, reading, Beside::default(), now),
                );
                continue;
            };
            let (clients, name) = (Arc::clone(&self.clients), Arc::clone(&group));
            calls.spawn(async move { (wanted.read(&clients, &name).await, name) });
            waiting.insert(group, reading);
        }
        while let Some(joined) = calls.join_next().await {
            let Ok((beside, group)) = joined else {
                continue;
            };
            if let Some(reading) = waiting.remove(&group) {
                put(&group, self.observe(&group, reading, beside, now));
            }
        }
        // A task that broke off has no answer; the group's state is known all the same.
        for (group, reading) in waiting {
            put(
                &group,
                self.observe(&group, reading, Beside::default(), now),
            );
        }
    }

    fn observe(
        &self,
        group: &str,
        reading: GroupReading,
        beside: Beside,
        now: Timestamp,
    ) -> Result<GroupState, CallFailure> {
        let state = self.with(group, |watched| {
            let refreshing = watched.perhaps_refreshing(now);
            let refresh_unknown = watched.refreshing(now).is_none();
            let standing = watched.standing(beside.targets, &reading, now);
            let launches = beside.launches.as_deref();
            let tracker = &mut watched.tracker;
            let mut state = tracker.observe_as(&standing, &reading, launches, refreshing, now);
            watched.reading = Some(reading);
            state.obstacles = watched.obstacles();
            state.scheduled = watched.scheduled(now);
            state.refresh_unknown = refresh_unknown;
            state
        });
        state.ok_or_else(|| unknown(group))
    }

    /// Reads the metrics that `asks` name, at `now`, all groups together. In instance mode, call
    /// [`Collector::read_groups`] before: the instances to ask for come from there.
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

    /// Reads the history of `group` in group mode: CPU, instances and the load metric of closed
    /// periods, without network and memory.
    ///
    /// While basic and detailed monitoring are not told apart, call [`Collector::read_metrics`]
    /// first. [`Retention`](crate::Retention) says how long `CloudWatch` keeps periods of which
    /// length.
    ///
    /// # Errors
    /// The call failed, the group is not configured, or it is not known yet how many samples an
    /// instance adds.
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

    /// Reads the history that `ask` names, and returns the cost of the reading in USD. `aside`: the
    /// call gives way to calls of cycles.
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
            // The other group may have another kind of monitoring, so learn from its own points.
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
            // Five samples of basic monitoring would count as five instances.
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
            signals: signal_readings(
                &values,
                &options.signals,
                query.period,
                sampling.monitoring(),
                (query.from, query.to),
            ),
            monitoring: sampling.monitoring(),
            ..MetricsReading::default()
        };
        Ok((reading, usd))
    }

    /// Reads the slow facts that are due. Returns at once if another reading is under way.
    /// [`Collector::facts`] gives the results, failures included.
    pub async fn refresh_facts(&self, now: Timestamp) {
        if let Some(reading) = self.facts_reading(now) {
            reading.await;
        }
    }

    /// A future that reads the slow facts that are due, beside everything else and one call at a
    /// time, so at most one other call waits for it. None if nothing is due or a reading is under
    /// way.
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

    /// The slow facts of `group`, or why they cannot be read; none before the first attempt.
    pub fn facts(&self, group: &str) -> Option<Result<SlowFacts, CallFailure>> {
        self.with(group, |watched| watched.facts.clone())?
    }

    /// The newest reading of the metrics of `group`, without its points.
    pub fn last_metrics(&self, group: &str) -> Option<MetricsReading> {
        self.with(group, |watched| watched.metrics.clone())?
    }

    /// The newest reading of `group`.
    pub fn reading(&self, group: &str) -> Option<GroupReading> {
        self.with(group, |watched| watched.reading.clone())?
    }

    /// Sets the desired capacity as `plan` says, if `mode` allows; see [`AwsClients::set_desired`].
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
