//! The entries that a runtime has stored replay to the same decisions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use foretide_control::{Controller, ControllerConfig, Effect, Snapshot};
use foretide_domain::{
    Bounds, CallFailure, Class, Decision, Features, GroupState, Mode, Obstacle, Plan, PolicyKind,
    Prediction, Record, Timestamp, WriteOutcome,
};
use foretide_runtime::{
    AnchoredClock, Answers, BoxFuture, Cloud, Fleet, GroupSetup, HistoryAsk, HistoryPart,
    MetricsAnswer, MetricsAsk, Predictor, Runtime, RuntimeSettings,
};
use foretide_store::{Reader, Retention, Step, Store};

use crate::made::{key, point, second};

struct Steady;

impl Cloud for Steady {
    fn read_groups<'a>(
        &'a self,
        names: &'a [Arc<str>],
        _now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            for index in 0..names.len() {
                let group = GroupState::at_rest(Bounds::new(1, 9).unwrap(), 2);
                answers.put(index, Ok(group));
            }
        })
    }

    fn read_metrics<'a>(
        &'a self,
        asks: &'a [MetricsAsk],
        now: Timestamp,
        answers: &'a Answers<MetricsAnswer>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let newest = now.as_seconds().div_euclid(60) * 60 - 120;
            for index in 0..asks.len() {
                let mut newest = point(Timestamp::from_seconds(newest), 100.0 / 3.0);
                newest.network_out = newest.network_in;
                answers.put(index, Ok(vec![newest].into()));
            }
        })
    }

    fn read_history<'a>(
        &'a self,
        _ask: &'a HistoryAsk,
    ) -> BoxFuture<'a, Result<HistoryPart, CallFailure>> {
        Box::pin(async { Ok(HistoryPart::default()) })
    }

    fn obstacles(&self, _name: &str) -> Vec<Obstacle> {
        Vec::new()
    }

    fn set_desired<'a>(
        &'a self,
        _name: &'a str,
        _plan: Plan,
        _mode: Mode,
        _now: Timestamp,
    ) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(async { WriteOutcome::Accepted })
    }
}

impl Predictor for Steady {
    fn predict<'a>(
        &'a self,
        _features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>> {
        Box::pin(async {
            Ok(Prediction {
                class: Class::ScaleOut,
                probabilities: [2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0],
            })
        })
    }
}

fn config() -> ControllerConfig {
    ControllerConfig {
        policy: PolicyKind::Classifier,
        mode: Mode::Enforce,
        ..ControllerConfig::default()
    }
}

/// Two runs in one store, the second after a restart.
#[tokio::test(start_paused = true)]
async fn what_two_runs_have_kept_replays_to_the_same_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let clock = Arc::new(AnchoredClock::at(second(0)));
    let cloud: Arc<dyn Cloud> = Arc::new(Steady);
    let fleet = Fleet {
        accounts: BTreeMap::from([(key().account().to_owned(), cloud)]),
        groups: vec![GroupSetup {
            key: key(),
            controller: config(),
            permit: Arc::default(),
            predictor: Arc::new(Steady),
            history_from: None,
            settings: "".into(),
        }],
    };
    for _ in 0..2 {
        let store = Store::open(&path, Retention::default()).unwrap();
        let settings = RuntimeSettings::default();
        let journal = Arc::new(store);
        let clock = Arc::clone(&clock) as _;
        let runtime = Runtime::start(settings, fleet.clone(), journal, clock)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(400)).await;
        assert!(runtime.stop().await);
    }
    let reader = Reader::open(&path).unwrap();
    let (from, to) = (second(-1), second(1_000_000));
    let kept = reader.decisions(&key(), from, to).unwrap();
    let replayed = replay(reader.steps(&key(), from, to).unwrap());
    assert!(kept.iter().any(|decision| decision.desired.is_some()));
    assert!(kept.len() > 20, "{}", kept.len());
    assert_eq!(replayed, kept);
}

fn replay(steps: Vec<(Timestamp, Step)>) -> Vec<Decision> {
    let mut controller: Option<Controller> = None;
    let mut decisions = Vec::new();
    for (at, step) in steps {
        match step {
            Step::Checkpoint(checkpoint) => {
                let state = controller
                    .map(|controller| controller.saved_state().clone())
                    .or(checkpoint.snapshot.state);
                let snapshot = Snapshot {
                    state,
                    forecast: None,
                };
                controller = Some(Controller::resume(config(), snapshot, at).0);
            }
            Step::Event(event) => {
                let effects = controller.as_mut().unwrap().handle(event, at);
                decisions.extend(effects.into_iter().filter_map(decided));
            }
        }
    }
    decisions
}

fn decided(effect: Effect) -> Option<Decision> {
    match effect {
        Effect::Record(Record::Decided(decision)) => Some(*decision),
        _ => None,
    }
}
