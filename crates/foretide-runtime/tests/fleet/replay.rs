//! The entries of the journal replay to the same decisions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foretide_control::{ControlLoop, Controller, Effect, Event, FitJob, Outside, SavedState};
use foretide_domain::{CallId, Class, FailureKind, Order, PolicyKind, Record, Timestamp};
use foretide_runtime::{Entry, GroupKey, What};

use crate::fakes::{Does, Says, World, seconds};

/// Runs with faults of every kind, then replays from every checkpoint.
#[tokio::test(start_paused = true)]
async fn events_since_any_checkpoint_replay_to_the_records_kept() {
    let mut world = World::new(&[("a", &["web"])]);
    world.predictor = Arc::new(Says(
        Class::ScaleOut,
        Does::After(Duration::from_millis(30)),
    ));
    world.settings.checkpoint_every = Duration::from_secs(120);
    let cloud = Arc::clone(&world.clouds["a"]);
    let runtime = world.start().await;
    seconds(61).await;
    cloud.set("web", |group| {
        group.read = Does::Fail(FailureKind::Throttled);
    });
    seconds(45).await;
    cloud.set("web", |group| group.read = Does::Hang);
    seconds(33).await;
    cloud.set("web", |group| {
        group.read = Does::After(Duration::from_secs(1));
    });
    seconds(300).await;
    cloud.set("web", |group| {
        group.write = Does::Fail(FailureKind::Unavailable);
    });
    seconds(300).await;
    let pin = Order::Pin {
        capacity: 4,
        until: runtime.status()[0]
            .cycle_ended_at
            .unwrap()
            .plus(Duration::from_secs(130)),
    };
    let web = GroupKey::new("a", "web");
    runtime
        .order_handle()
        .order(&web, pin, "anna".into())
        .await
        .unwrap();
    seconds(300).await;
    assert!(runtime.stop().await);
    assert!(replays(&world) >= 5);
}

/// Policy `forecast`: neither the history read nor the model is among the events.
#[tokio::test(start_paused = true)]
async fn a_forecast_replays_across_history_fits_and_a_restart() {
    let mut world = World::new(&[("a", &["web"])]);
    world.controller.policy = PolicyKind::Forecast;
    let cloud = Arc::clone(&world.clouds["a"]);
    let past = |second: i64| 40.0 + f64::from(u32::try_from(second / 60 % 97).unwrap()) / 3.0;
    cloud.pasts.lock().unwrap().insert("web".into(), past);
    let mut runtime = world.start().await;
    seconds(1200).await;
    cloud.set("web", |group| group.cpu = 88.0);
    seconds(1200).await;
    assert!(runtime.stop().await);
    seconds(3600).await;
    runtime = world.start().await;
    seconds(1200).await;
    assert!(runtime.stop().await);
    let kinds: Vec<String> = world
        .journal
        .entries
        .lock()
        .unwrap()
        .iter()
        .map(name)
        .collect();
    let count = |kind: &str| kinds.iter().filter(|it| *it == kind).count();
    assert_eq!(count("fitted"), 1, "once a day");
    assert_eq!(
        count("history read"),
        8,
        "seven parts, and the gap after the restart"
    );
    assert!(replays(&world) >= 5);
}

fn name(entry: &Arc<Entry>) -> String {
    match &entry.what {
        What::Event(event) => What::Event(event.clone()).to_string(),
        _ => String::new(),
    }
}

/// Replays from every checkpoint to the end; returns the number of checkpoints.
#[track_caller]
fn replays(world: &World) -> usize {
    let entries = world.journal.entries.lock().unwrap().clone();
    let is_checkpoint = |entry: &&Arc<Entry>| matches!(entry.what, What::Checkpoint(_));
    let mut checkpoints = 0;
    for (at, _) in entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| is_checkpoint(entry))
    {
        checkpoints += 1;
        let (replayed, kept) = replay(&entries[at..]);
        let differ = replayed
            .iter()
            .zip(&kept)
            .find(|(replayed, kept)| replayed != kept);
        assert_eq!(differ, None, "from checkpoint {checkpoints}");
        assert_eq!(replayed.len(), kept.len());
        assert!(checkpoints > 1 || kept.len() > 100);
    }
    checkpoints
}

/// The records that a replay of `entries` makes, and the stored records.
fn replay(entries: &[Arc<Entry>]) -> (Vec<Record>, Vec<Record>) {
    let mut kept = Vec::new();
    let mut outside = Recorded::default();
    let mut replay: Option<ControlLoop> = None;
    for entry in entries {
        match &entry.what {
            // The runtime has gone on from here; its state was that of the replay.
            What::Checkpoint(checkpoint) => {
                if let Some(replay) = &replay {
                    let state = checkpoint.snapshot.state.as_ref().unwrap();
                    let replayed = replay.controller().saved_state();
                    assert_eq!(without_law(state), without_law(replayed));
                }
                let mut control = checkpoint.go_on(entry.at);
                control.run(&mut outside, entry.at);
                replay = Some(control);
            }
            What::Event(event) => {
                let event = match event {
                    Event::Fitted { call, .. } => Event::Fitted {
                        call: *call,
                        outcome: outside.jobs.remove(call).unwrap().run(),
                    },
                    event => event.clone(),
                };
                let control = replay.as_mut().unwrap();
                control.tell(event, &mut outside, entry.at);
            }
            What::Record(record) => kept.push(record.clone()),
            What::Notice(_) => {}
        }
    }
    (outside.records, kept)
}

/// The state without the capacity optimiser, which has learnt from the history in the checkpoint;
/// no event holds that history.
fn without_law(state: &SavedState) -> serde_json::Value {
    let mut value = serde_json::to_value(state).unwrap();
    value["law"] = serde_json::Value::Null;
    value
}

/// The outside of a replayed controller: its answers are the stored events.
#[derive(Default)]
struct Recorded {
    jobs: HashMap<CallId, FitJob>,
    records: Vec<Record>,
}

impl Outside for Recorded {
    fn carry_out(&mut self, effect: Effect, _controller: &Controller, _now: Timestamp) {
        match effect {
            Effect::Fit { call, job } => drop(self.jobs.insert(call, job)),
            Effect::Record(record) => self.records.push(record),
            _ => {}
        }
    }

    fn next_event(&mut self, _now: Timestamp) -> Option<Event> {
        None
    }
}
