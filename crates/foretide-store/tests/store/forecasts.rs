//! Forecasts in the store: stored once, stored as long as needed, and reported if damaged.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use foretide_control::{Controller, ControllerConfig, Effect, Event, ForecastSnapshot, Snapshot};
use foretide_domain::{Bounds, CallId, GroupState, PolicyKind, Timestamp};
use foretide_runtime::{Checkpoint, JournalErrorKind, What};
use foretide_store::{Reader, Retention, Step, Store};

use crate::made::{batch, entry, key, point, second};

const MINUTES: i64 = 21 * 1440;

/// A forecast of three weeks of minutes with its own model, the largest possible.
fn largest() -> ForecastSnapshot {
    let config = ControllerConfig {
        policy: PolicyKind::Forecast,
        ..ControllerConfig::default()
    };
    let start = second(-60 * MINUTES);
    let (mut controller, effects) = Controller::new(config.clone(), start);
    let (group, metrics) = calls(&effects);
    let now = second(0);
    let state = GroupState::at_rest(Bounds::new(1, 9).unwrap(), 2);
    controller.handle(
        Event::GroupRead {
            call: group,
            group: state,
        },
        now,
    );
    let noisy = |minute: i64| 40.0 + ((minute * 7919) % 613) as f64 / 20.0;
    let minutes = (-MINUTES..0).map(|minute| point(second(minute * 60), noisy(minute)));
    let points = minutes.collect();
    let effects = controller.handle(
        Event::MetricsRead {
            call: metrics,
            points,
            instance_metrics: 0,
            signals: Vec::new(),
        },
        now,
    );
    let mut fits = effects.into_iter().filter_map(|effect| match effect {
        Effect::Fit { call, job } => Some((call, job)),
        _ => None,
    });
    let (call, job) = fits.next().unwrap();
    let outcome = job.run();
    controller.handle(Event::Fitted { call, outcome }, now);
    // The write is not answered: only other settings give it up.
    let effects = controller.handle(Event::Configured(Box::new(config)), now);
    let mut snapshots = effects.into_iter().filter_map(|effect| match effect {
        Effect::Snapshot { snapshot, .. } => snapshot.forecast,
        _ => None,
    });
    ForecastSnapshot::clone(&snapshots.next().unwrap())
}

fn calls(effects: &[Effect]) -> (CallId, CallId) {
    let group = effects.iter().find_map(|effect| match effect {
        Effect::ReadGroup { call } => Some(*call),
        _ => None,
    });
    let metrics = effects.iter().find_map(|effect| match effect {
        Effect::ReadMetrics { call, .. } => Some(*call),
        _ => None,
    });
    (group.unwrap(), metrics.unwrap())
}

fn checkpoint(at: Timestamp, forecast: &ForecastSnapshot) -> foretide_runtime::Batch {
    let checkpoint = Checkpoint {
        snapshot: Snapshot {
            state: None,
            forecast: Some(Arc::new(forecast.clone())),
        },
        controller: Arc::new(ControllerConfig::default()),
        settings: "".into(),
    };
    batch(vec![entry(at, What::Checkpoint(Arc::new(checkpoint)))])
}

fn kept(path: &Path) -> Vec<i64> {
    let tool = rusqlite::Connection::open(path).unwrap();
    let mut statement = tool
        .prepare("SELECT length(snapshot) FROM forecasts")
        .unwrap();
    let lengths = statement.query_map([], |row| row.get(0)).unwrap();
    lengths.map(Result::unwrap).collect()
}

#[test]
fn the_largest_forecast_is_read_back_as_it_was_and_stays_below_a_megabyte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let store = Store::open(&path, Retention::default()).unwrap();
    assert!(store.forecast(&key()).unwrap().is_none());
    let forecast = largest();
    assert!(forecast.has_model());
    assert_eq!(forecast.periods(), usize::try_from(MINUTES).unwrap());
    store
        .commit_blocking(&checkpoint(second(1), &forecast))
        .unwrap();
    assert_eq!(store.forecast(&key()).unwrap(), Some(forecast.clone()));
    let lengths = kept(&path);
    assert!(lengths[0] < 1 << 20, "{lengths:?}");
    let steps = Reader::open(&path)
        .unwrap()
        .steps(&key(), second(0), second(9));
    let Some((_, Step::Checkpoint(read))) = steps.unwrap().into_iter().next() else {
        panic!("no checkpoint");
    };
    assert_eq!(read.snapshot.forecast.as_deref(), Some(&forecast));
}

#[test]
fn a_forecast_that_has_not_changed_is_kept_once_however_often_a_process_starts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let store = Store::open(&path, Retention::default()).unwrap();
    let forecast = largest();
    for start in 0..20 {
        store
            .commit_blocking(&checkpoint(second(start), &forecast))
            .unwrap();
    }
    assert_eq!(kept(&path).len(), 1);
}

#[test]
fn a_damaged_forecast_is_a_clear_error_and_left_as_it_is() {
    let forecast = largest();
    let damage = [
        ("x'00'", "is no snapshot of this version"),
        ("substr(snapshot, 1, 40)", "differs from its hash"),
        ("CAST(snapshot || x'00' AS BLOB)", "differs from its hash"),
        ("x''", "is no snapshot of this version"),
    ];
    for (how, says) in damage {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("foretide.db");
        let store = Store::open(&path, Retention::default()).unwrap();
        let kept_whole = checkpoint(second(1), &forecast);
        store.commit_blocking(&kept_whole).unwrap();
        let tool = rusqlite::Connection::open(&path).unwrap();
        tool.execute(&format!("UPDATE forecasts SET snapshot = {how}"), [])
            .unwrap();
        let before = kept(&path);
        let error = store.forecast(&key()).unwrap_err();
        assert_eq!(error.kind(), JournalErrorKind::Corrupt);
        let text = error.to_string();
        assert!(
            text.contains("the forecast of group eu-west-1/web"),
            "{text}"
        );
        assert!(text.contains(says), "{text}");
        assert_eq!(kept(&path), before);
    }
}

#[test]
fn what_no_checkpoint_needs_any_more_goes_and_the_newest_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let hour = Duration::from_secs(3600);
    let retention = Retention {
        full: 2 * hour,
        ..Retention::default()
    };
    let store = Store::open(&path, retention).unwrap();
    let whole = serde_json::to_value(largest()).unwrap();
    let of = |day: i64| -> ForecastSnapshot {
        let mut value = whole.clone();
        value["read_from"] = day.into();
        value["own"] = serde_json::Value::Null;
        serde_json::from_value(value).unwrap()
    };
    for day in 0..5 {
        let at = second(day * 24 * 3600);
        store.commit_blocking(&checkpoint(at, &of(day))).unwrap();
    }
    assert_eq!(kept(&path).len(), 1, "the older ones are needed by nothing");
    assert_eq!(store.forecast(&key()).unwrap(), Some(of(4)));
    // Long after the last checkpoint it is still what a restart goes on with.
    let later = batch(vec![entry(
        second(99 * 24 * 3600),
        What::Event(Event::Woke),
    )]);
    store.commit_blocking(&later).unwrap();
    assert_eq!(store.forecast(&key()).unwrap(), Some(of(4)));
}
