//! Measures the store: one cycle of each of 1,000 groups with realistic entries, committed durably;
//! the bytes of a cycle; reading a day of one group.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot run fails")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures the time that passes"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use foretide_control::{Controller, ControllerConfig, Effect, Event, SavedState};
use foretide_domain::{
    Bounds, BytesPerSecond, Class, Datapoint, GroupState, Percent, PolicyKind, Prediction,
    Timestamp,
};
use foretide_runtime::{Batch, Entry, GroupKey, StateToKeep, What};
use foretide_store::{Reader, RenderingOptions, Renderings, Retention, Store};

const GROUPS: usize = 1000;
const CYCLES: usize = 60;
const DAY_LOOKS: usize = 8640;

/// The entries and the state of one cycle.
struct Cycle {
    at: Timestamp,
    said: Vec<(Timestamp, What)>,
    state: Arc<SavedState>,
}

fn group() -> GroupState {
    GroupState::at_rest(Bounds::new(1, 20).expect("bounds"), 4)
}

fn points(now: Timestamp) -> Vec<Datapoint> {
    let newest = now.as_seconds().div_euclid(60) * 60 - 120;
    let point = |minutes: i64| {
        let start = newest - 60 * minutes;
        let cpu = 50.0 + f64::from(i32::try_from(start.rem_euclid(977)).unwrap_or(0)) / 100.0;
        Datapoint {
            start: Timestamp::from_seconds(start),
            period: Duration::from_secs(60),
            cpu: Percent::new(cpu),
            instances: 4.0,
            network_in: BytesPerSecond::new(1e6),
            network_out: BytesPerSecond::new(1e6),
            memory: None,
            demand: None,
            unaccounted: None,
        }
    };
    (0..3).rev().map(point).collect()
}

/// The answer to a controller's call.
fn answer(effect: &Effect, now: Timestamp) -> Option<Event> {
    match *effect {
        Effect::ReadGroup { call } => Some(Event::GroupRead {
            call,
            group: group(),
        }),
        Effect::ReadMetrics { call, .. } => Some(Event::MetricsRead {
            call,
            points: points(now),
            instance_metrics: 0,
            signals: Vec::new(),
        }),
        Effect::Predict { call, .. } => Some(Event::Predicted {
            call,
            prediction: Prediction {
                class: Class::Hold,
                probabilities: [0.125, 0.125, 0.75],
            },
        }),
        _ => None,
    }
}

/// Cycles of one controller, ten seconds apart.
fn cycles(count: usize) -> Vec<Cycle> {
    let mut now = Timestamp::from_seconds(1_795_392_000);
    let config = ControllerConfig {
        policy: PolicyKind::Classifier,
        ..ControllerConfig::default()
    };
    let (mut controller, mut effects) = Controller::new(config, now);
    let mut cycles = Vec::with_capacity(count);
    while cycles.len() < count {
        let mut said = Vec::new();
        while !effects.is_empty() {
            let mut next = Vec::new();
            for effect in effects {
                if let Effect::Record(record) = effect {
                    said.push((now, What::Record(record)));
                } else if let Some(event) = answer(&effect, now) {
                    said.push((now, What::Event(event.clone())));
                    next.extend(controller.handle(event, now));
                }
            }
            effects = next;
        }
        let state = Arc::new(controller.saved_state().clone());
        cycles.push(Cycle {
            at: now,
            said,
            state,
        });
        now = now.plus(Duration::from_secs(10));
        effects = controller.handle(Event::Woke, now);
    }
    cycles
}

fn batch(cycle: &Cycle, keys: &[GroupKey]) -> Batch {
    let mut batch = Batch::default();
    for key in keys {
        for (at, what) in &cycle.said {
            batch.entries.push(Arc::new(Entry {
                group: Some(key.clone()),
                at: *at,
                what: what.clone(),
            }));
        }
        batch.states.push(StateToKeep {
            group: key.clone(),
            at: cycle.at,
            state: Arc::clone(&cycle.state),
        });
    }
    batch
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

fn commits() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("foretide.db");
    let store = Store::open(&path, Retention::default()).expect("store");
    let keys: Vec<_> = (0..GROUPS)
        .map(|number| GroupKey::new("a", &format!("group-{number}")))
        .collect();
    let output = folder.path().join("output");
    let options = RenderingOptions::default();
    let mut renderings = Renderings::open(&output, options, |_| {}).expect("renderings");
    let (mut commits, mut renders) = (Vec::new(), Vec::new());
    for cycle in cycles(CYCLES) {
        let batch = batch(&cycle, &keys);
        let began = Instant::now();
        store.commit_blocking(&batch).expect("commit");
        commits.push(millis(began.elapsed()));
        let began = Instant::now();
        renderings.render(&batch.entries);
        renders.push(millis(began.elapsed()));
    }
    commits.sort_by(f64::total_cmp);
    renders.sort_by(f64::total_cmp);
    let last = CYCLES - 1;
    println!(
        "BENCH\tstore/commit-look-of-1000\t{:.1}\tms\t<= 1000",
        commits[CYCLES / 2]
    );
    println!(
        "BENCH\tstore/commit-worst-of-1000\t{:.1}\tms\t<= 3000",
        commits[last]
    );
    println!(
        "BENCH\tstore/render-look-of-1000\t{:.1}\tms\t<= 500",
        renders[CYCLES / 2]
    );
    drop(store);
    let size = std::fs::metadata(&path).expect("file").len();
    let each = size as f64 / (GROUPS * CYCLES) as f64;
    println!("BENCH\tstore/bytes-a-look\t{each:.0}\tB\t<= 4096");
}

fn reading() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("foretide.db");
    let store = Store::open(&path, Retention::default()).expect("store");
    let keys = [GroupKey::new("a", "web")];
    for cycles in cycles(DAY_LOOKS).chunks(360) {
        let mut hour = Batch::default();
        for cycle in cycles {
            let mut one = batch(cycle, &keys);
            hour.entries.append(&mut one.entries);
            hour.states = one.states;
        }
        store.commit_blocking(&hour).expect("commit");
    }
    let reader = Reader::open(&path).expect("reader");
    let all = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    let began = Instant::now();
    let decisions = reader.decisions(&keys[0], all.0, all.1).expect("decisions");
    let read = millis(began.elapsed());
    assert_eq!(decisions.len(), DAY_LOOKS);
    println!("BENCH\tstore/read-a-day-of-decisions\t{read:.1}\tms\t<= 1000");
    let began = Instant::now();
    reader.latest(&keys[0]).expect("latest");
    println!(
        "BENCH\tstore/read-latest\t{:.2}\tms\t<= 20",
        millis(began.elapsed())
    );
}

fn main() {
    commits();
    reading();
}
