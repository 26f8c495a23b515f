//! The collector sees the load of the instances that serve, on an emulated group in which others
//! report as well.

use std::time::Duration;

use foretide_aws::{Collect, CollectSettings, Collector, MetricOptions, Ready};
use foretide_domain::{Datapoint, EarlyDeath, MetricsQuery, Mode, Plan, WriteOutcome};
use foretide_emulator::{Demand, GroupSpec};

use crate::rig::{Rig, ask, web};

fn collector(rig: &Rig, warm_up: Option<u64>) -> Collector {
    collecting(rig, warm_up, Collect::Group)
}

fn collecting(rig: &Rig, warm_up: Option<u64>, collect: Collect) -> Collector {
    let metrics = MetricOptions {
        collect,
        ..MetricOptions::default()
    };
    let settings = CollectSettings {
        group: "web".into(),
        metrics,
        warm_up: warm_up.map(Duration::from_secs),
        ready: Ready::default(),
    };
    Collector::new(std::sync::Arc::clone(&rig.clients), vec![settings])
}

/// Cycles of ten seconds for so long; returns the newest datapoints.
async fn cycles(rig: &Rig, collector: &Collector, seconds: i64) -> Vec<Datapoint> {
    cycles_within(rig, collector, seconds, 20).await
}

/// The same with at most so many metrics of single instances in a reading.
async fn cycles_within(
    rig: &Rig,
    collector: &Collector,
    seconds: i64,
    instance_metrics: u32,
) -> Vec<Datapoint> {
    let mut points = Vec::new();
    for second in (0..seconds).step_by(10) {
        rig.pass(10);
        rig.read(collector, "web").await;
        if second % 60 == 0 {
            let query = MetricsQuery {
                instance_metrics,
                ..rig.last(300)
            };
            let asks = [ask("web", query)];
            let mut answers = collector.read_metrics(&asks, rig.now()).await;
            points = answers.remove("web").unwrap().unwrap().points;
        }
    }
    points
}

async fn set(rig: &Rig, collector: &Collector, desired: u32) {
    let group = rig.read(collector, "web").await;
    let plan = Plan {
        desired,
        expected_desired: group.desired,
        expected_bounds: group.bounds,
    };
    let outcome = collector.set_desired("web", plan, Mode::Enforce).await;
    assert_eq!(outcome, WriteOutcome::Accepted);
}

fn spec(desired: u32, demand: f64) -> GroupSpec {
    GroupSpec {
        desired,
        max: 60,
        demand: Demand::Constant(demand),
        ..web()
    }
}

/// The load of the newest datapoint, and whether others are in its mean.
fn newest(points: &[Datapoint]) -> (f64, f64, bool) {
    let point = points.last().unwrap();
    let load = point.load().unwrap().get();
    (load, point.instances, point.unaccounted.is_some())
}

#[tokio::test]
async fn instances_that_boot_busy_are_no_load() {
    let mut group = spec(5, 300.0);
    (group.boot_s, group.warm_up_s) = (30, 600);
    group.default_instance_warmup = Some(600);
    let rig = Rig::of(group).await;
    let collector = collector(&rig, None);
    cycles(&rig, &collector, 60).await;
    set(&rig, &collector, 8).await;
    let points = cycles(&rig, &collector, 400).await;
    let state = rig.read(&collector, "web").await;
    assert_eq!((state.counts.in_service, state.counts.warming_up), (8, 3));
    assert_eq!(state.warm_up, Duration::from_secs(600));
    let (load, instances, unaccounted) = newest(&points);
    assert!((load - 300.0).abs() < 3.0, "{load}");
    assert!((instances - 5.0).abs() < 0.05 && !unaccounted);
}

#[tokio::test]
async fn instances_that_drain_do_not_dilute_the_load() {
    let mut group = spec(12, 280.0);
    group.drain_s = 3600;
    let rig = Rig::of(group).await;
    let collector = collector(&rig, Some(0));
    cycles(&rig, &collector, 60).await;
    set(&rig, &collector, 3).await;
    let points = cycles(&rig, &collector, 600).await;
    let state = rig.read(&collector, "web").await;
    assert_eq!((state.counts.in_service, state.counts.terminating), (3, 9));
    let (load, instances, unaccounted) = newest(&points);
    assert!((load - 280.0).abs() < 2.8, "{load}");
    assert!((instances - 3.0).abs() < 0.03 && !unaccounted);
}

/// The same without the money to read nine instances: the mean stays diluted, and says so.
#[tokio::test]
async fn beyond_the_allowance_the_mean_is_named_as_not_that_of_those_that_serve() {
    let mut group = spec(12, 310.0);
    group.drain_s = 3600;
    let rig = Rig::of(group).await;
    let collector = collector(&rig, Some(0));
    cycles_within(&rig, &collector, 60, 8).await;
    set(&rig, &collector, 3).await;
    let points = cycles_within(&rig, &collector, 600, 8).await;
    let point = points.last().unwrap();
    let others = point.unaccounted.unwrap();
    assert!((others.reporting - 12.0).abs() < 0.1 && others.hides_saturation());
    assert!((point.instances - 3.0).abs() < 0.1, "{}", point.instances);
}

#[tokio::test]
async fn a_warm_up_that_nobody_states_is_learnt_from_the_instances_own_cpu() {
    for collect in [Collect::Group, Collect::Instance] {
        let mut group = spec(5, 300.0);
        (group.boot_s, group.warm_up_s) = (30, 120);
        let rig = Rig::of(group).await;
        let collector = collecting(&rig, None, collect);
        cycles(&rig, &collector, 60).await;
        set(&rig, &collector, 8).await;
        let points = cycles(&rig, &collector, 240).await;
        let (load, ..) = newest(&points);
        assert!((load - 300.0).abs() < 3.0, "{load} while they boot");
        cycles(&rig, &collector, 400).await;
        let state = rig.read(&collector, "web").await;
        assert_eq!(state.counts.warming_up, 0);
        let learnt = state.warm_up.as_secs();
        assert!((120..=240).contains(&learnt), "{collect:?}: {learnt} s");
        let points = cycles(&rig, &collector, 60).await;
        let (load, instances, _) = newest(&points);
        assert!((load - 300.0).abs() < 3.0 && (instances - 8.0).abs() < 0.05);
    }
}

/// A period that was read before the warm-up was learnt is read again afterwards: the instances
/// that booted in it are no load then either.
#[tokio::test]
async fn periods_before_the_learnt_warm_up_keep_their_load() {
    for collect in [Collect::Group, Collect::Instance] {
        let mut group = spec(5, 300.0);
        (group.boot_s, group.warm_up_s) = (30, 120);
        let rig = Rig::of(group).await;
        let collector = collecting(&rig, None, collect);
        cycles(&rig, &collector, 60).await;
        set(&rig, &collector, 8).await;
        for _ in 0..8 {
            for point in cycles(&rig, &collector, 60).await {
                let load = point.load().unwrap().get();
                let at = point.start;
                assert!(load < 303.0, "{collect:?}: {load} at {at}");
            }
        }
        let state = rig.read(&collector, "web").await;
        assert!(state.warm_up >= Duration::from_secs(120), "it was learnt");
    }
}

/// The control: with a warm-up that is stated, nothing is read of those that warm up.
#[tokio::test]
async fn instance_mode_reads_those_that_warm_up_only_to_learn() {
    for (warm_up, expected) in [(None, 3), (Some(120), 0)] {
        let mut group = spec(5, 300.0);
        (group.boot_s, group.warm_up_s) = (30, 120);
        let rig = Rig::of(group).await;
        let collector = collecting(&rig, warm_up, Collect::Instance);
        cycles(&rig, &collector, 60).await;
        set(&rig, &collector, 8).await;
        cycles(&rig, &collector, 70).await;
        let read = collector.last_metrics("web").unwrap();
        assert_eq!(read.instance_metrics, expected, "{warm_up:?}");
    }
}

#[tokio::test]
async fn an_instance_that_dies_after_a_successful_launch_is_an_early_death() {
    let mut group = spec(4, 200.0);
    group.boot_s = 30;
    group.crash = Some(foretide_emulator::Crash {
        share: 1.0,
        after_s: 120,
    });
    let rig = Rig::of(group).await;
    let collector = collector(&rig, Some(0));
    cycles(&rig, &collector, 60).await;
    // An instance refresh ends instances as well, so it must be known that there is none.
    collector.refresh_facts(rig.now()).await;
    set(&rig, &collector, 6).await;
    let mut died: Vec<EarlyDeath> = Vec::new();
    for _ in 0..40 {
        rig.pass(10);
        died.extend(rig.read(&collector, "web").await.early_deaths);
    }
    assert!(died.len() >= 2, "{died:?}");
    assert!(
        died.iter()
            .all(|death| death.left.since(death.entered).as_secs() <= 600)
    );
}

/// Scale-in takes the oldest instance first, so one of the two that leave is new.
#[tokio::test]
async fn a_new_instance_that_scale_in_ends_some_readings_later_has_not_died() {
    let mut group = spec(1, 60.0);
    (group.boot_s, group.scale_in_s) = (30, 120);
    let rig = Rig::of(group).await;
    let collector = collector(&rig, Some(0));
    cycles(&rig, &collector, 60).await;
    collector.refresh_facts(rig.now()).await;
    set(&rig, &collector, 3).await;
    cycles(&rig, &collector, 120).await;
    set(&rig, &collector, 1).await;
    let mut in_service = Vec::new();
    for _ in 0..18 {
        rig.pass(10);
        let state = rig.read(&collector, "web").await;
        assert_eq!(state.early_deaths, []);
        in_service.push(state.counts.in_service);
    }
    let late = in_service.iter().filter(|count| **count == 3).count();
    assert!(late >= 12 && in_service.ends_with(&[1]), "{in_service:?}");
}

/// As AWS does, the emulator lowers desired capacity and ends no protected instance.
#[tokio::test]
async fn protected_instances_outlive_a_scale_in_and_are_counted() {
    for protected in [true, false] {
        let group = GroupSpec {
            protected,
            ..spec(4, 100.0)
        };
        let rig = Rig::of(group).await;
        let collector = collector(&rig, Some(0));
        cycles(&rig, &collector, 60).await;
        set(&rig, &collector, 2).await;
        cycles(&rig, &collector, 120).await;
        let state = rig.read(&collector, "web").await;
        let counts = state.counts;
        let found = (state.desired, counts.in_service, counts.protected);
        assert_eq!(found, if protected { (2, 4, 4) } else { (2, 2, 0) });
    }
}
