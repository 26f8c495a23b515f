//! The memory of each group between calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foretide_calendar::{ScheduledAction, Window, changes};
use foretide_control::SCHEDULED_KEPT;
use foretide_domain::{
    CallFailure, Datapoint, FailureKind, MetricsQuery, Obstacle, ScheduledChange, SignalReading,
    Timestamp,
};

use crate::clients::AwsClients;
use crate::facts::{Outdated, SlowFacts};
use crate::group::GroupReading;
use crate::metrics::{
    Collect, Fleet, InstanceAggregate, MetricOptions, Monitoring, Query, Sampling, Values,
    group_datapoints, group_queries, instance_datapoints, instance_queries, learn_warm_ups,
    own_cpu_queries, peak_query, signal_readings,
};
use crate::targets::{Ready, Standing, TargetHealth, Targets};
use crate::tracker::GroupTracker;
use crate::wanted::Wanted;

/// Time between two readings of a group's slow facts.
const FACTS_EVERY: Duration = Duration::from_mins(5);
/// Time until the next try after a failed reading.
const FACTS_RETRY: Duration = Duration::from_mins(1);
/// Time for which slow facts stay valid if they cannot be read anew: two readings, so that one
/// failed page stops no fleet. Afterwards other writers are unknown, so Foretide writes nothing; an
/// instance refresh is unknown as well, so capacity is not lowered.
const FACTS_KEPT: Duration = Duration::from_mins(10);
/// How far ahead runs of scheduled actions are known: well beyond every lead time.
const SCHEDULED_AHEAD: Duration = Duration::from_hours(3);
/// Most runs of scheduled actions in that time: each is part of every reading.
const SCHEDULED_MAX: usize = 16;
/// Longest span that a cycle reads in group mode; older periods are history. Without this limit, a
/// group that was away for days would ask for more than one cycle can read, in every cycle.
const LOOK_BACK_MAX: Duration = Duration::from_hours(3);
/// The original's window of instance metrics.
const INSTANCE_WINDOW: Duration = Duration::from_mins(3);
/// The window of instance metrics with basic or unknown monitoring: three five-minute periods,
/// whose spacing shows the kind of monitoring.
const INSTANCE_WINDOW_WIDE: Duration = Duration::from_mins(20);

/// Settings for reading one group.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectSettings {
    /// The group's name.
    pub group: String,
    /// The metrics to read.
    pub metrics: MetricOptions,
    /// Time from in service, or from healthy, until an instance serves. None for the group's own
    /// warm-up or the one learnt; where target groups decide, none means no warm-up.
    pub warm_up: Option<Duration>,
    /// What makes an instance ready to serve.
    pub ready: Ready,
}

/// The result of a reading of metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsReading {
    /// Closed periods in ascending order, each once.
    pub points: Vec<Datapoint>,
    /// In instance mode: the original's combination over the instances, for its records.
    pub aggregates: Vec<InstanceAggregate>,
    /// Basic or detailed monitoring; none while unknown, and `points` is empty then.
    pub monitoring: Option<Monitoring>,
    /// In instance mode: the window that was read. Wider than the original's three minutes with
    /// basic monitoring.
    pub window: Option<Duration>,
    /// Whether memory was measured; none if memory was not requested, or nothing was published.
    pub memory_measured: Option<bool>,
    /// Metrics of single instances in transition that were read.
    pub instance_metrics: u32,
    /// What was read of the signals.
    pub signals: Vec<SignalReading>,
}

impl MetricsReading {
    /// Sentences for a person about how the group is read.
    pub fn remarks(&self) -> Vec<String> {
        let wide = self.window.filter(|window| *window > INSTANCE_WINDOW);
        let wide = wide.map(|window| {
            let why = match self.monitoring {
                Some(Monitoring::Basic) => "monitoring is basic",
                _ => "monitoring is not known to be detailed yet",
            };
            format!(
                "metrics of instances are read over {} minutes instead of three: {why}",
                window.as_secs() / 60
            )
        });
        let estimated = (self.memory_measured == Some(false)).then(|| {
            "memory is not available and estimated from CPU: the CloudWatch agent publishes no \
             mem_used_percent aggregated on AutoScalingGroupName"
                .to_owned()
        });
        wide.into_iter().chain(estimated).collect()
    }
}

/// All groups of one connection.
#[derive(Debug, Default)]
pub(crate) struct Groups(BTreeMap<String, Arc<Mutex<Watched>>>);

/// The memory of one group.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) settings: CollectSettings,
    pub(crate) tracker: GroupTracker,
    targets: Targets,
    pub(crate) sampling: Sampling,
    pub(crate) reading: Option<GroupReading>,
    pub(crate) facts: Option<Result<SlowFacts, CallFailure>>,
    /// Time of the next reading of slow facts.
    facts_due: Option<Timestamp>,
    /// Time of the last successful reading of policies and scheduled actions.
    writers_read: Option<Timestamp>,
    /// Changes by scheduled actions, ascending: from the newest reading on, and those before that
    /// were coming then. A reading names only the next run.
    scheduled: Vec<ScheduledChange>,
    /// Whether an instance refresh was under way, and the time of that reading.
    refresh_read: Option<(bool, Timestamp)>,
    /// The newest reading of metrics, without its points.
    pub(crate) metrics: Option<MetricsReading>,
    /// The instances in transition whose own CPU the newest reading asked for.
    own: Vec<String>,
    /// In instance mode: the serving instances that the newest reading asked for.
    asked: Vec<String>,
}

/// Whether what the change set still counts, or will.
fn is_recent(change: &ScheduledChange, now: Timestamp) -> bool {
    now < change.at.plus(SCHEDULED_KEPT)
}

impl Groups {
    /// The groups of `settings`. If two settings name one group, the last one counts.
    pub(crate) fn new(settings: Vec<CollectSettings>) -> Self {
        Self::default().renewed(settings)
    }

    /// The groups of `settings`. Keeps the memory of every group whose settings are unchanged.
    pub(crate) fn renewed(&self, settings: Vec<CollectSettings>) -> Self {
        let watched = |settings: CollectSettings| {
            let known = self.0.get(&settings.group);
            let known = known.filter(|known| lock(known).settings == settings);
            let group = settings.group.clone();
            let new = || Arc::new(Mutex::new(Watched::new(settings)));
            (group, known.map_or_else(new, Arc::clone))
        };
        Self(settings.into_iter().map(watched).collect())
    }

    /// Whether these are the groups of `settings`, with equal settings.
    pub(crate) fn are(&self, settings: &[CollectSettings]) -> bool {
        let same = |wanted: &CollectSettings| {
            self.with(&wanted.group, |watched| watched.settings == *wanted)
        };
        self.0.len() == settings.len() && settings.iter().all(|it| same(it) == Some(true))
    }

    pub(crate) fn with<T>(&self, group: &str, work: impl FnOnce(&mut Watched) -> T) -> Option<T> {
        self.0.get(group).map(|watched| work(&mut lock(watched)))
    }

    /// Names of the groups whose instances are made ready by `ready`.
    pub(crate) fn ready_by(&self, ready: Ready) -> Vec<Arc<str>> {
        let all = self.0.iter();
        let named = all.filter(|(_, watched)| lock(watched).settings.ready == ready);
        named.map(|(group, _)| group.as_str().into()).collect()
    }

    /// The groups whose slow facts are due at `now`. Nothing is asked for a group that was not
    /// read.
    pub(crate) fn facts_due(&self, now: Timestamp) -> Vec<String> {
        let due = |(group, watched): (&String, &Arc<Mutex<Watched>>)| {
            let mut watched = lock(watched);
            let old = watched.facts_due.is_none_or(|due| now >= due);
            watched.reading.as_ref().filter(|_| old)?;
            watched.facts_due = Some(now.plus(FACTS_EVERY));
            Some(group.clone())
        };
        self.0.iter().filter_map(due).collect()
    }

    /// Reads the slow facts of the groups `due`, at `now`.
    pub(crate) async fn read_facts(&self, clients: &AwsClients, due: Vec<String>, now: Timestamp) {
        // Other writers must be known before anything is written, so read them first; the other
        // facts take a call for each group.
        let mut writers = clients.read_other_writers(&due).await;
        for group in &due {
            let Some(writers) = writers.remove(group) else {
                continue;
            };
            self.with(group, |watched| watched.know_writers(writers, now));
        }
        for group in &due {
            let refreshing = clients.refreshing(group).await;
            self.with(group, |watched| watched.know_refresh(refreshing, now));
        }
    }
}

impl Watched {
    fn new(settings: CollectSettings) -> Self {
        Self {
            tracker: GroupTracker::new(settings.warm_up),
            targets: Targets::default(),
            sampling: Sampling::new(settings.metrics.monitoring),
            reading: None,
            facts: None,
            facts_due: None,
            writers_read: None,
            scheduled: Vec::new(),
            refresh_read: None,
            metrics: None,
            own: Vec::new(),
            asked: Vec::new(),
            settings,
        }
    }

    /// Drops the facts of a group that is gone, because they do not hold for a new group of the
    /// same name. Nothing is asked for the group until the group is read again.
    pub(crate) fn forget_group(&mut self) {
        self.reading = None;
        self.targets = Targets::default();
        self.facts = None;
        self.facts_due = None;
        self.writers_read = None;
        self.scheduled.clear();
        self.refresh_read = None;
    }

    /// What to read of the group beside `reading`.
    pub(crate) fn wanted(&mut self, reading: &GroupReading, now: Timestamp) -> Wanted {
        let launches = self.tracker.wants_launches(reading);
        let targets = self.settings.ready == Ready::TargetGroup;
        Wanted {
            launches_since: launches.then(|| self.tracker.launches_since(now)),
            target_groups: targets.then(|| self.targets.wanted(reading, now)).flatten(),
        }
    }

    /// Takes in the targets, if they were read, and says who of `reading` is ready to serve.
    pub(crate) fn standing(
        &mut self,
        targets: Option<Result<TargetHealth, CallFailure>>,
        reading: &GroupReading,
        now: Timestamp,
    ) -> Standing {
        if self.settings.ready == Ready::InService {
            return Standing::InService;
        }
        if let Some(answer) = targets {
            self.targets.take(answer, now);
        }
        self.targets.standing(reading, now)
    }

    /// The obstacles to setting the group's capacity, from the newest reading.
    pub(crate) fn obstacles(&self) -> Vec<Obstacle> {
        let (Some(Ok(facts)), Some(reading)) = (&self.facts, &self.reading) else {
            return vec![Obstacle::Unknown];
        };
        let policies = facts.competing_policies().map(|policy| Obstacle::Policy {
            name: policy.name.clone(),
        });
        let operator = reading.operator.clone();
        policies
            .chain(reading.weighted.then_some(Obstacle::Weights))
            .chain(operator.map(|principal| Obstacle::Operator { principal }))
            .collect()
    }

    /// Changes by scheduled actions around `now`. While their newest reading is old, those that are
    /// known stay: a minimum too many costs less than one too few.
    pub(crate) fn scheduled(&self, now: Timestamp) -> Vec<ScheduledChange> {
        let recent = self.scheduled.iter().filter(|it| is_recent(it, now));
        recent.cloned().collect()
    }

    fn know_scheduled(&mut self, actions: &[ScheduledAction], now: Timestamp) {
        self.scheduled
            .retain(|it| it.at <= now && is_recent(it, now));
        let ahead = Window {
            from: now.plus(Duration::from_millis(1)),
            to: now.plus(SCHEDULED_AHEAD),
        };
        let (coming, _) = changes(actions, ahead, SCHEDULED_MAX);
        self.scheduled.extend(coming);
    }

    /// Whether an instance refresh is under way or unknown. Capacity is not lowered then.
    pub(crate) fn perhaps_refreshing(&self, now: Timestamp) -> bool {
        self.refreshing(now) != Some(false)
    }

    /// Whether an instance refresh is under way; none if it was never read, or too long ago.
    pub(crate) fn refreshing(&self, now: Timestamp) -> Option<bool> {
        let held = self
            .refresh_read
            .filter(|(_, read)| still_valid(*read, now));
        held.map(|(refreshing, _)| refreshing)
    }

    fn know_writers(&mut self, writers: Result<SlowFacts, CallFailure>, now: Timestamp) {
        match writers {
            Ok(writers) => {
                let before = self.facts.take().and_then(Result::ok).unwrap_or_default();
                self.writers_read = Some(now);
                self.know_scheduled(&writers.scheduled_actions, now);
                self.facts = Some(Ok(SlowFacts {
                    policies: writers.policies,
                    scheduled_actions: writers.scheduled_actions,
                    writers_outdated: None,
                    ..before
                }));
            }
            Err(why) => {
                self.facts_due = Some(now.plus(FACTS_RETRY));
                let held = self.writers_read.filter(|read| still_valid(*read, now));
                match (&mut self.facts, held) {
                    (Some(Ok(facts)), Some(since)) if why.kind != FailureKind::NotFound => {
                        facts.writers_outdated = Some(Outdated { since, why });
                    }
                    (facts, _) => *facts = Some(Err(why)),
                }
            }
        }
    }

    /// Takes in whether an instance refresh is under way. If that cannot be read, Foretide still
    /// writes: capacity may be raised.
    fn know_refresh(&mut self, refreshing: Result<bool, CallFailure>, now: Timestamp) {
        let outdated = match refreshing {
            Ok(refreshing) => {
                self.refresh_read = Some((refreshing, now));
                None
            }
            Err(error) => {
                self.facts_due = Some(now.plus(FACTS_RETRY));
                Some(error)
            }
        };
        let refreshing = self.refreshing(now);
        if let Some(Ok(facts)) = &mut self.facts {
            facts.refreshing = refreshing;
            facts.refresh_outdated = outdated;
        }
    }

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

    /// The start of the periods to ask for, and the queries.
    pub(crate) fn plan(&mut self, query: MetricsQuery, now: Timestamp) -> (Timestamp, Vec<Query>) {
        let CollectSettings { group, metrics, .. } = &self.settings;
        if let Some(window) = self.window() {
            let (serving, warming) = match &self.reading {
                Some(reading) => (
                    self.tracker.serving_ids(reading, now),
                    self.tracker.warming_ids(reading, now),
                ),
                None => (Vec::new(), Vec::new()),
            };
            self.own = within(query.instance_metrics, warming);
            let mut queries = instance_queries(group, &serving, metrics);
            self.asked = serving;
            queries.extend(own_cpu_queries(group, &self.own));
            return (now.minus(window), queries);
        }
        let from = query.from.max(now.minus(LOOK_BACK_MAX));
        let placed = self.tracker.duty.in_transition(from, now);
        let mut queries = group_queries(group, metrics);
        queries.extend((!placed.is_empty()).then(|| peak_query(group)));
        let placed = placed.into_iter().map(|one| one.id).collect();
        self.own = within(query.instance_metrics, placed);
        queries.extend(own_cpu_queries(group, &self.own));
        (from, queries)
    }

    /// The points of `values`, which were asked for from `from` to `now`.
    pub(crate) fn read(
        &mut self,
        values: &Values,
        from: Timestamp,
        now: Timestamp,
    ) -> MetricsReading {
        let window = self.window();
        let span = (from, now);
        let (options, sampling) = (&self.settings.metrics, &mut self.sampling);
        let (points, aggregates) = match options.collect {
            Collect::Group => {
                let reading = self.reading.as_ref();
                let fleet = Fleet {
                    in_service: reading.map(|reading| reading.counts().in_service),
                    steady_since: self.tracker.steady_since(),
                    duty: &mut self.tracker.duty,
                    own: &self.own,
                };
                let points = group_datapoints(values, options, sampling, fleet, span);
                (points, Vec::new())
            }
            Collect::Instance => {
                let (asked, duty) = (&self.asked, &self.tracker.duty);
                let served = |place: u32, start, end| {
                    let id = asked.get(place as usize);
                    id.is_some_and(|id| duty.served_throughout(id, start, end))
                };
                let (points, aggregates) =
                    instance_datapoints(values, options, sampling, &served, span);
                learn_warm_ups(values, &points, &self.own, &mut self.tracker.duty);
                (points, aggregates)
            }
        };
        if window == Some(INSTANCE_WINDOW) && points.is_empty() {
            // Three empty minutes may be basic monitoring, so the next reading takes the wide
            // window.
            *sampling = Sampling::new(options.monitoring);
        }
        let without_points = MetricsReading {
            points: Vec::new(),
            aggregates,
            monitoring: self.sampling.monitoring(),
            window,
            memory_measured: (options.memory && !points.is_empty())
                .then(|| points.iter().any(|point| point.memory.is_some())),
            instance_metrics: u32::try_from(self.own.len()).unwrap_or(u32::MAX),
            signals: Vec::new(),
        };
        let signals = signal_readings(
            values,
            &options.signals,
            Duration::from_mins(1),
            self.sampling.monitoring(),
            span,
        );
        self.metrics = Some(without_points.clone());
        MetricsReading {
            points,
            signals,
            ..without_points
        }
    }
}

/// `ids`, or none of them if they are more than `most`: a part of them is of no use.
fn within(most: u32, ids: Vec<String>) -> Vec<String> {
    if ids.len() > most as usize {
        Vec::new()
    } else {
        ids
    }
}

/// Whether facts that were read at `read` are still valid.
fn still_valid(read: Timestamp, now: Timestamp) -> bool {
    now.since(read) <= FACTS_KEPT
}

fn lock(watched: &Mutex<Watched>) -> MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::failure;

    fn watched() -> Watched {
        Watched::new(CollectSettings {
            group: "web".into(),
            metrics: MetricOptions::default(),
            warm_up: None,
            ready: Ready::default(),
        })
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_seconds(minutes * 60)
    }

    fn denied() -> Result<bool, CallFailure> {
        Err(failure(FailureKind::Denied, "no"))
    }

    #[test]
    fn a_refresh_that_is_not_known_counts_as_one() {
        let mut web = watched();
        assert!(web.perhaps_refreshing(at(0)), "not read yet");
        web.know_writers(Ok(SlowFacts::default()), at(0));
        assert!(web.perhaps_refreshing(at(0)), "nor with the policies");
        web.know_refresh(Ok(false), at(0));
        assert!(!web.perhaps_refreshing(at(0)));
        web.know_refresh(denied(), at(5));
        assert!(!web.perhaps_refreshing(at(10)), "as it was read");
        assert!(web.perhaps_refreshing(at(11)), "too long ago");
        web.know_refresh(denied(), at(11));
        let facts = web.facts.unwrap().unwrap();
        assert_eq!(facts.refreshing, None);
        assert!(facts.refresh_outdated.is_some());
    }

    #[test]
    fn a_refresh_that_was_seen_outlives_failures_of_all_that_is_read() {
        let mut web = watched();
        web.know_writers(Ok(SlowFacts::default()), at(0));
        web.know_refresh(Ok(true), at(0));
        web.know_writers(Err(failure(FailureKind::Throttled, "slow")), at(20));
        web.know_writers(Ok(SlowFacts::default()), at(21));
        assert!(web.perhaps_refreshing(at(21)));
        web.know_refresh(Ok(false), at(21));
        assert!(!web.perhaps_refreshing(at(21)));
    }

    #[test]
    fn who_else_writes_is_as_it_was_read_for_a_while() {
        let mut web = watched();
        web.know_writers(Ok(SlowFacts::default()), at(0));
        web.know_writers(Err(failure(FailureKind::Unavailable, "no")), at(5));
        let facts = web.facts.clone().unwrap().unwrap();
        assert_eq!(facts.writers_outdated.unwrap().since, at(0));
        web.know_writers(Err(failure(FailureKind::Unavailable, "no")), at(11));
        assert!(web.facts.unwrap().is_err());
    }

    #[test]
    fn what_is_read_otherwise_than_asked_is_said() {
        let reading = |minutes: u64, monitoring, memory_measured| MetricsReading {
            window: Some(Duration::from_mins(minutes)),
            monitoring,
            memory_measured,
            ..MetricsReading::default()
        };
        let detailed = Some(Monitoring::Detailed);
        assert!(reading(3, detailed, Some(true)).remarks().is_empty());
        assert!(MetricsReading::default().remarks().is_empty());
        let [wide] = &reading(20, Some(Monitoring::Basic), None).remarks()[..] else {
            panic!("one remark");
        };
        assert!(
            wide.contains("over 20 minutes") && wide.contains("is basic"),
            "{wide}"
        );
        assert!(reading(20, None, None).remarks()[0].contains("not known"));
        let [memory] = &reading(3, detailed, Some(false)).remarks()[..] else {
            panic!("one remark");
        };
        assert!(memory.contains("estimated from CPU"), "{memory}");
    }
}
