//! A fake cloud, a fake model and a fake journal whose answers the test sets.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foretide_control::{ControllerConfig, ForecastSnapshot, SavedState};
use foretide_domain::{
    Bounds, BytesPerSecond, CallFailure, Class, Datapoint, FailureKind, Features, GroupState, Mode,
    Obstacle, Percent, Plan, PolicyKind, Prediction, Timestamp, WriteOutcome,
};
use foretide_runtime::{
    AnchoredClock, Answers, Batch, BoxFuture, Cloud, Entry, Fleet, GroupKey, GroupSetup,
    HistoryAsk, HistoryPart, Journal, JournalError, JournalErrorKind, MetricsAnswer, MetricsAsk,
    Predictor, Runtime, RuntimeSettings, What, WritePermit,
};
use tokio::time::sleep;

/// Calls of all fakes, in order.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// How a fake answers a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Does {
    #[default]
    Answer,
    After(Duration),
    Fail(FailureKind),
    Hang,
}

pub(crate) struct FakeGroup {
    pub(crate) state: GroupState,
    pub(crate) cpu: f64,
    pub(crate) read: Does,
    pub(crate) write: Does,
    pub(crate) obstacles: Vec<Obstacle>,
    pub(crate) writes: Vec<u32>,
}

/// CPU load by second, in percent of one instance.
pub(crate) type Load = fn(i64) -> f64;

#[derive(Default)]
pub(crate) struct FakeCloud {
    pub(crate) groups: Mutex<HashMap<String, FakeGroup>>,
    pub(crate) log: Log,
    /// Sizes of the batches of groups.
    pub(crate) group_batches: Mutex<Vec<usize>>,
    pub(crate) metric_batches: Mutex<Vec<usize>>,
    /// History of the groups that have one.
    pub(crate) pasts: Mutex<HashMap<String, Load>>,
    pub(crate) history: Mutex<Does>,
    /// Whether every call of the account hangs.
    pub(crate) hangs: bool,
}

pub(crate) fn group_state(desired: u32) -> GroupState {
    GroupState::at_rest(Bounds::new(1, 10).unwrap(), desired)
}

impl FakeCloud {
    pub(crate) fn with(names: &[&str], log: &Log) -> Self {
        let groups = names.iter().map(|name| {
            let group = FakeGroup {
                state: group_state(2),
                cpu: 70.0,
                read: Does::Answer,
                write: Does::Answer,
                obstacles: Vec::new(),
                writes: Vec::new(),
            };
            ((*name).to_owned(), group)
        });
        Self {
            groups: Mutex::new(groups.collect()),
            log: Arc::clone(log),
            ..Self::default()
        }
    }

    pub(crate) fn set(&self, name: &str, change: impl FnOnce(&mut FakeGroup)) {
        change(self.groups.lock().unwrap().get_mut(name).unwrap());
    }

    pub(crate) fn get<T>(&self, name: &str, ask: impl FnOnce(&FakeGroup) -> T) -> T {
        ask(&self.groups.lock().unwrap()[name])
    }
}

pub(crate) fn failure(kind: FailureKind) -> CallFailure {
    CallFailure {
        kind,
        detail: "as told".to_owned(),
    }
}

/// Waits as `does` says. Returns the result to give; none if there is no answer at all.
async fn owed(does: Does) -> Option<Result<(), CallFailure>> {
    match does {
        Does::Answer => Some(Ok(())),
        Does::After(span) => {
            sleep(span).await;
            Some(Ok(()))
        }
        Does::Fail(kind) => Some(Err(failure(kind))),
        Does::Hang => None,
    }
}

fn points(cpu: f64, instances: u32, from: Timestamp, now: Timestamp) -> Vec<Datapoint> {
    let minute = Duration::from_secs(60);
    let first = from.as_seconds().div_euclid(60) * 60;
    let last = now.minus(minute * 2).as_seconds().div_euclid(60) * 60;
    let starts = (first.max(last - 600)..=last).step_by(60);
    let point = |start| Datapoint {
        start: Timestamp::from_seconds(start),
        period: minute,
        cpu: Percent::new(cpu),
        instances: f64::from(instances),
        network_in: BytesPerSecond::new(1e6),
        network_out: BytesPerSecond::new(1e6),
        memory: None,
        demand: None,
        unaccounted: None,
    };
    starts.map(point).collect()
}

fn past_point(start: i64, cpu: f64) -> Datapoint {
    Datapoint {
        start: Timestamp::from_seconds(start),
        period: Duration::from_secs(60),
        cpu: Percent::new(cpu),
        instances: 2.0,
        network_in: None,
        network_out: None,
        memory: None,
        demand: None,
        unaccounted: None,
    }
}

impl Cloud for FakeCloud {
    fn read_groups<'a>(
        &'a self,
        names: &'a [Arc<str>],
        _now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()> {
        self.group_batches.lock().unwrap().push(names.len());
        Box::pin(async move {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            let each = names.iter().enumerate().map(|(index, name)| async move {
                let does = self.get(name, |group| group.read);
                match owed(does).await {
                    Some(Ok(())) => answers.put(index, Ok(self.get(name, |g| g.state.clone()))),
                    Some(Err(failure)) => answers.put(index, Err(failure)),
                    None => std::future::pending().await,
                }
            });
            futures_util::future::join_all(each).await;
        })
    }

    fn read_metrics<'a>(
        &'a self,
        asks: &'a [MetricsAsk],
        now: Timestamp,
        answers: &'a Answers<MetricsAnswer>,
    ) -> BoxFuture<'a, ()> {
        self.metric_batches.lock().unwrap().push(asks.len());
        Box::pin(async move {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            for (index, ask) in asks.iter().enumerate() {
                let (cpu, desired) = self.get(&ask.name, |g| (g.cpu, g.state.desired));
                answers.put(index, Ok(points(cpu, desired, ask.query.from, now).into()));
            }
        })
    }

    fn read_history<'a>(
        &'a self,
        ask: &'a HistoryAsk,
    ) -> BoxFuture<'a, Result<HistoryPart, CallFailure>> {
        let query = ask.query;
        self.log.lock().unwrap().push(format!(
            "history {} of {} from {} to {}",
            ask.name, ask.of, query.from, query.to
        ));
        Box::pin(async move {
            let does = *self.history.lock().unwrap();
            match owed(does).await {
                Some(Ok(())) => {}
                Some(Err(failure)) => return Err(failure),
                None => std::future::pending().await,
            }
            let pasts = self.pasts.lock().unwrap();
            let load = pasts.get(&*ask.of);
            let starts = (query.from.as_seconds()..query.to.as_seconds()).step_by(60);
            let points = load.map(|load| starts.map(|at| past_point(at, load(at))).collect());
            Ok(HistoryPart {
                points: points.unwrap_or_default(),
                signals: Vec::new(),
                usd: 0.00001,
            })
        })
    }

    fn obstacles(&self, name: &str) -> Vec<Obstacle> {
        self.get(name, |group| group.obstacles.clone())
    }

    fn set_desired<'a>(
        &'a self,
        name: &'a str,
        plan: Plan,
        mode: Mode,
        _now: Timestamp,
    ) -> BoxFuture<'a, WriteOutcome> {
        assert_ne!(mode, Mode::Observe);
        self.log
            .lock()
            .unwrap()
            .push(format!("write {name} {}", plan.desired));
        Box::pin(async move {
            let does = self.get(name, |group| group.write);
            match owed(does).await {
                Some(Ok(())) => {
                    self.set(name, |group| {
                        group.writes.push(plan.desired);
                        group.state.desired = plan.desired;
                        group.state.counts.in_service = plan.desired;
                    });
                    self.log
                        .lock()
                        .unwrap()
                        .push(format!("written {name} {}", plan.desired));
                    WriteOutcome::Accepted
                }
                Some(Err(failure)) => WriteOutcome::Failed(failure),
                None => std::future::pending().await,
            }
        })
    }
}

/// A model that always gives the same class.
pub(crate) struct Says(pub(crate) Class, pub(crate) Does);

impl Predictor for Says {
    fn predict<'a>(
        &'a self,
        _features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>> {
        Box::pin(async move {
            match owed(self.1).await {
                Some(Ok(())) => {
                    let mut probabilities = [0.0; 3];
                    probabilities[self.0.index()] = 1.0;
                    Ok(Prediction {
                        class: self.0,
                        probabilities,
                    })
                }
                Some(Err(failure)) => Err(failure),
                None => std::future::pending().await,
            }
        })
    }
}

/// A journal in memory, which fails if the test says so.
#[derive(Default)]
pub(crate) struct MemoryJournal {
    pub(crate) entries: Mutex<Vec<Arc<Entry>>>,
    pub(crate) states: Mutex<BTreeMap<GroupKey, SavedState>>,
    pub(crate) fails: Mutex<Option<JournalErrorKind>>,
    pub(crate) forecast_fails: Mutex<Option<JournalError>>,
    pub(crate) takes: Mutex<Duration>,
    pub(crate) log: Log,
}

impl MemoryJournal {
    fn failure(&self) -> Option<JournalError> {
        let kind = (*self.fails.lock().unwrap())?;
        Some(JournalError {
            kind,
            detail: "as told".to_owned(),
        })
    }
}

impl Journal for MemoryJournal {
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            let takes = *self.takes.lock().unwrap();
            sleep(takes).await;
            if let Some(error) = self.failure() {
                return Err(error);
            }
            self.entries
                .lock()
                .unwrap()
                .extend(batch.entries.iter().cloned());
            for state in &batch.states {
                let kept = SavedState::clone(&state.state);
                self.states
                    .lock()
                    .unwrap()
                    .insert(state.group.clone(), kept);
                self.log
                    .lock()
                    .unwrap()
                    .push(format!("saved {}", state.group.name()));
            }
            Ok(())
        })
    }

    fn load<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<SavedState>, JournalError>> {
        Box::pin(async move {
            match self.failure() {
                Some(error) => Err(error),
                None => Ok(self.states.lock().unwrap().get(group).cloned()),
            }
        })
    }

    fn load_forecast<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<ForecastSnapshot>, JournalError>> {
        Box::pin(async move {
            if let Some(error) = self.forecast_fails.lock().unwrap().clone() {
                return Err(error);
            }
            let entries = self.entries.lock().unwrap();
            let of_group = entries
                .iter()
                .filter(|entry| entry.group.as_ref() == Some(group));
            let newest = of_group.rev().find_map(|entry| match &entry.what {
                What::Checkpoint(checkpoint) => checkpoint.snapshot.forecast.as_deref().cloned(),
                _ => None,
            });
            Ok(newest)
        })
    }
}

/// A fleet, its runtime's settings and its fakes.
pub(crate) struct World {
    pub(crate) log: Log,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) clock: Arc<AnchoredClock>,
    pub(crate) settings: RuntimeSettings,
    pub(crate) clouds: BTreeMap<String, Arc<FakeCloud>>,
    pub(crate) predictor: Arc<dyn Predictor>,
    pub(crate) controller: ControllerConfig,
    pub(crate) permit: WritePermit,
    pub(crate) history_from: Option<Arc<str>>,
}

/// 2026-11-23T00:00:00Z, on the minute.
pub(crate) const START: i64 = 1_795_392_000;

impl World {
    pub(crate) fn new(accounts: &[(&str, &[&str])]) -> Self {
        let log = Log::default();
        let clouds = accounts.iter().map(|(account, names)| {
            let cloud = FakeCloud::with(names, &log);
            ((*account).to_owned(), Arc::new(cloud))
        });
        Self {
            clouds: clouds.collect(),
            journal: Arc::new(MemoryJournal {
                log: Arc::clone(&log),
                ..MemoryJournal::default()
            }),
            log,
            clock: Arc::new(AnchoredClock::at(Timestamp::from_seconds(START))),
            settings: RuntimeSettings::default(),
            predictor: Arc::new(Says(Class::Hold, Does::Answer)),
            controller: ControllerConfig {
                policy: PolicyKind::Classifier,
                mode: Mode::Enforce,
                ..ControllerConfig::default()
            },
            permit: WritePermit::default(),
            history_from: None,
        }
    }

    pub(crate) fn fleet(&self) -> Fleet {
        let mut groups = Vec::new();
        for (account, cloud) in &self.clouds {
            for name in cloud.groups.lock().unwrap().keys() {
                groups.push(GroupSetup {
                    key: GroupKey::new(account, name),
                    controller: self.controller.clone(),
                    permit: Arc::new(self.permit.clone()),
                    predictor: Arc::clone(&self.predictor),
                    history_from: self.history_from.clone(),
                    settings: "".into(),
                });
            }
        }
        let accounts = self.clouds.iter().map(|(account, cloud)| {
            let cloud: Arc<dyn Cloud> = Arc::clone(cloud) as _;
            (account.clone(), cloud)
        });
        Fleet {
            accounts: accounts.collect(),
            groups,
        }
    }

    pub(crate) async fn start(&self) -> Runtime {
        let journal: Arc<dyn Journal> = Arc::clone(&self.journal) as _;
        let clock = Arc::clone(&self.clock) as _;
        Runtime::start(self.settings.clone(), self.fleet(), journal, clock)
            .await
            .unwrap()
    }

    /// The calls of all fakes so far.
    pub(crate) fn logged(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Every committed entry of a group, as text.
    pub(crate) fn committed(&self, key: &GroupKey) -> Vec<String> {
        let entries = self.journal.entries.lock().unwrap();
        entries
            .iter()
            .filter(|entry| entry.group.as_ref() == Some(key))
            .map(|entry| entry.what.to_string())
            .collect()
    }
}

pub(crate) async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}
