//! Measures the runtime alone with 1,000 groups in one process: the time from the moment when all
//! groups wake to the end of the last cycle, CPU time of a cycle, memory. Adapters answer at once
//! and store nothing.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot run fails")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use foretide_control::ControllerConfig;
use foretide_domain::{
    Bounds, BytesPerSecond, CallFailure, Class, Datapoint, Features, GroupState, Mode, Obstacle,
    Percent, Plan, PolicyKind, Prediction, Timestamp, WriteOutcome,
};
use foretide_runtime::{
    AnchoredClock, Answers, BoxFuture, Cloud, Fleet, GroupKey, GroupSetup, HistoryAsk, HistoryPart,
    MetricsAnswer, MetricsAsk, Predictor, Runtime, RuntimeSettings, WritePermit,
};

mod shared;

use shared::{Forgets, used};

struct Prompt;

impl Cloud for Prompt {
    fn read_groups<'a>(
        &'a self,
        names: &'a [Arc<str>],
        _now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            for index in 0..names.len() {
                answers.put(index, Ok(group()));
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
            for index in 0..asks.len() {
                answers.put(index, Ok(points(now).into()));
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

fn group() -> GroupState {
    GroupState::at_rest(Bounds::new(1, 20).expect("bounds"), 4)
}

fn points(now: Timestamp) -> Vec<Datapoint> {
    let newest = now.as_seconds().div_euclid(60) * 60 - 60;
    let point = |minutes: i64| Datapoint {
        start: Timestamp::from_seconds(newest - 60 * minutes),
        period: Duration::from_secs(60),
        cpu: Percent::new(50.0),
        instances: 4.0,
        network_in: BytesPerSecond::new(1e6),
        network_out: BytesPerSecond::new(1e6),
        memory: None,
        demand: None,
        unaccounted: None,
    };
    (0..15).rev().map(point).collect()
}

impl Predictor for Prompt {
    fn predict<'a>(
        &'a self,
        _features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>> {
        Box::pin(async {
            Ok(Prediction {
                class: Class::Hold,
                probabilities: [0.0, 0.0, 1.0],
            })
        })
    }
}

fn fleet(groups: usize) -> Fleet {
    let cloud: Arc<dyn Cloud> = Arc::new(Prompt);
    let predictor: Arc<dyn Predictor> = Arc::new(Prompt);
    let permit = Arc::new(WritePermit::default());
    let setup = |number| GroupSetup {
        key: GroupKey::new("a", &format!("group-{number}")),
        controller: ControllerConfig {
            policy: PolicyKind::Classifier,
            interval: Duration::from_secs(1),
            ..ControllerConfig::default()
        },
        permit: Arc::clone(&permit),
        predictor: Arc::clone(&predictor),
        history_from: None,
        settings: "".into(),
    };
    Fleet {
        accounts: BTreeMap::from([("a".to_owned(), cloud)]),
        groups: (0..groups).map(setup).collect(),
    }
}

async fn measure(groups: usize) {
    const CYCLES: u32 = 20;
    let (before, _) = used();
    let clock = Arc::new(AnchoredClock::at(Timestamp::from_seconds(1_795_392_000)));
    let runtime = Runtime::start(
        RuntimeSettings::default(),
        fleet(groups),
        Arc::new(Forgets),
        clock,
    )
    .await
    .expect("start");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (_, cpu_before) = used();
    let mut longest = Vec::new();
    for _ in 0..CYCLES {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let took = runtime.status().into_iter().map(|status| status.cycle_took);
        longest.push(took.max().unwrap_or_default());
    }
    let (after, cpu_after) = used();
    let overruns: u64 = runtime.status().iter().map(|status| status.overruns).sum();
    println!("BENCH\truntime/overruns-of-{groups}\t{overruns}\tlooks\t<= 0");
    longest.sort_unstable();
    let median = longest[longest.len() / 2].as_secs_f64() * 1e3;
    let worst = longest[longest.len() - 1].as_secs_f64() * 1e3;
    let cpu = (cpu_after - cpu_before) * 10.0 / f64::from(CYCLES);
    println!("BENCH\truntime/look-longest-of-{groups}\t{median:.2}\tms\t<= 1000");
    println!("BENCH\truntime/look-worst-of-{groups}\t{worst:.2}\tms\t<= 5000");
    println!("BENCH\truntime/cpu-a-cycle-of-{groups}\t{cpu:.2}\tms\t<= 500");
    let per_group = (after - before) / groups as f64;
    println!("BENCH\truntime/memory-a-group-of-{groups}\t{per_group:.1}\tKiB\t<= 100");
    runtime.stop().await;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .expect("tokio");
    for groups in [1000, 2000] {
        runtime.block_on(measure(groups));
    }
}
