//! The health of targets decides who serves and when a launch ends, over the wire of Elastic Load
//! Balancing.

use foretide_aws::{Collector, TargetState, is_healthy};
use foretide_domain::{Datapoint, FailureKind, GroupState, ReadinessDoubt};
use foretide_emulator::{Demand, Fault, FaultKind, GroupSpec, TargetGroupSpec};

use crate::rig::{Rig, ask, web};

/// Seconds from launch to in service, and from there to healthy.
const BOOT_S: u32 = 30;
const HEALTHY_S: u32 = 240;

fn target_group(name: &str, healthy_after_s: u32) -> TargetGroupSpec {
    TargetGroupSpec {
        name: name.into(),
        healthy_after_s,
        ..TargetGroupSpec::default()
    }
}

/// Five busy instances behind the target groups. A new one is busy with its start until the target
/// group `front` finds it healthy. The group's own warm-up is longer than that takes.
fn busy(target_groups: Vec<TargetGroupSpec>) -> GroupSpec {
    GroupSpec {
        desired: 5,
        max: 60,
        demand: Demand::Constant(300.0),
        boot_s: BOOT_S,
        warm_up_s: HEALTHY_S,
        default_instance_warmup: Some(600),
        target_groups,
        ..web()
    }
}

async fn rig(target_groups: Vec<TargetGroupSpec>) -> Rig {
    Box::pin(Rig::of(busy(target_groups))).await
}

/// What the readings of a while brought: the newest state, and the durations of the launches that
/// ended, in service and healthy.
struct Seen {
    state: GroupState,
    in_service: Vec<u64>,
    healthy: Vec<u64>,
}

/// Reads the group every ten seconds for so long.
async fn follow(rig: &Rig, collector: &Collector, seconds: i64) -> Seen {
    let mut seen = Seen {
        state: rig.read(collector, "web").await,
        in_service: Vec::new(),
        healthy: Vec::new(),
    };
    for _ in (0..seconds).step_by(10) {
        rig.pass(10);
        seen.state = rig.read(collector, "web").await;
        let durations = |all: &[foretide_domain::Launch]| -> Vec<u64> {
            all.iter().map(|one| one.duration().as_secs()).collect()
        };
        seen.in_service.extend(durations(&seen.state.launches));
        let readiness = seen.state.readiness.iter();
        seen.healthy
            .extend(readiness.flat_map(|it| durations(&it.launches)));
    }
    seen
}

/// The newest datapoint.
async fn newest(rig: &Rig, collector: &Collector) -> Datapoint {
    let asks = [ask("web", rig.last(240))];
    let mut answers = collector.read_metrics(&asks, rig.now()).await;
    let points = answers.remove("web").unwrap().unwrap().points;
    *points.last().unwrap()
}

fn doubt(state: &GroupState) -> Option<&ReadinessDoubt> {
    state.readiness.as_ref()?.in_doubt.as_ref()
}

/// In service after 30 s, healthy after another 240 s.
#[tokio::test]
async fn a_launch_ends_and_an_instance_serves_when_it_is_healthy() {
    let rig = rig(vec![target_group("front", HEALTHY_S)]).await;
    let collector = rig.by_targets("web", None);
    follow(&rig, &collector, 60).await;
    rig.emulator.force_desired("web", 8);
    let early = follow(&rig, &collector, 200).await;
    assert_eq!(early.in_service, [30; 3]);
    let counts = early.state.counts;
    assert_eq!((counts.in_service, counts.serving()), (8, 5));
    assert!(early.healthy.is_empty() && doubt(&early.state).is_none());
    let point = newest(&rig, &collector).await;
    let load = point.load().unwrap().get();
    assert!((load - 300.0).abs() < 3.0, "{load}");
    assert!((point.instances - 5.0).abs() < 0.05 && point.unaccounted.is_none());

    let late = follow(&rig, &collector, 120).await;
    assert_eq!(late.healthy.len(), 3);
    assert!(
        late.healthy.iter().all(|s| (270..=290).contains(s)),
        "{:?}",
        late.healthy
    );
    assert_eq!(late.state.counts.serving(), 8);
    assert_eq!(late.state.warm_up.as_secs(), 0, "healthy is warm");
}

/// The control: the same group, where in service decides.
#[tokio::test]
async fn where_in_service_decides_no_target_is_read() {
    let rig = rig(vec![target_group("front", HEALTHY_S)]).await;
    let settings = foretide_aws::MetricOptions::default();
    let collector = rig.collector("web", settings);
    follow(&rig, &collector, 60).await;
    rig.emulator.force_desired("web", 8);
    let seen = follow(&rig, &collector, 120).await;
    assert_eq!(seen.in_service, [30; 3]);
    assert_eq!(
        seen.state.counts.serving(),
        8,
        "60 s of warm-up are configured"
    );
    assert_eq!(seen.state.readiness, None);
    assert!(!rig.emulator.calls().contains_key("DescribeTargetHealth"));
}

#[tokio::test]
async fn a_configured_warm_up_counts_from_healthy() {
    let rig = rig(vec![target_group("front", HEALTHY_S)]).await;
    let collector = rig.by_targets("web", Some(60));
    follow(&rig, &collector, 60).await;
    rig.emulator.force_desired("web", 6);
    let healthy = follow(&rig, &collector, 290).await;
    assert_eq!(healthy.healthy.len(), 1);
    assert_eq!(healthy.state.counts.serving(), 5);
    assert_eq!(healthy.state.warm_up.as_secs(), 60);
    let warm = follow(&rig, &collector, 60).await;
    assert_eq!(warm.state.counts.serving(), 6);
}

#[tokio::test]
async fn an_instance_that_is_healthy_in_one_of_two_target_groups_does_not_serve() {
    let both = vec![target_group("front", 20), target_group("back", HEALTHY_S)];
    let rig = rig(both).await;
    let collector = rig.by_targets("web", None);
    follow(&rig, &collector, 60).await;
    rig.emulator.force_desired("web", 6);
    let one = follow(&rig, &collector, 90).await;
    let reading = collector.reading("web").unwrap();
    let health = rig.clients.read_targets(&reading.traffic.target_groups);
    let health = health.await.unwrap();
    let new = &reading.instances.last().unwrap().id;
    let states: Vec<TargetState> = health.values().map(|targets| targets[new]).collect();
    assert!(states.contains(&TargetState::Healthy) && !is_healthy(&health, new));
    assert_eq!(one.state.counts.serving(), 5);
    let two = follow(&rig, &collector, 200).await;
    assert_eq!(two.state.counts.serving(), 6);
    // Sick in one of both again.
    assert!(rig.emulator.set_unhealthy("web", "front", 2));
    let sick = follow(&rig, &collector, 40).await;
    let counts = sick.state.counts;
    assert_eq!((counts.in_service, counts.serving()), (6, 4));
    assert_eq!(sick.healthy, Vec::<u64>::new());
}

#[tokio::test]
async fn an_instance_that_drains_does_not_serve() {
    let mut spec = busy(vec![target_group("front", HEALTHY_S)]);
    spec.drain_s = 600;
    let rig = Box::pin(Rig::of(spec)).await;
    let collector = rig.by_targets("web", None);
    follow(&rig, &collector, 60).await;
    rig.emulator.force_desired("web", 4);
    let seen = follow(&rig, &collector, 180).await;
    let counts = seen.state.counts;
    assert_eq!((counts.terminating, counts.serving()), (1, 4));
    let point = newest(&rig, &collector).await;
    let load = point.load().unwrap().get();
    assert!((load - 300.0).abs() < 3.0, "{load}");
    assert!((point.instances - 4.0).abs() < 0.05, "{}", point.instances);
}

#[tokio::test]
async fn denied_lets_in_service_count_and_says_so() {
    let rig = rig(vec![target_group("front", 600)]).await;
    let denied = Fault::new(FaultKind::AccessDenied, &["DescribeTargetHealth"]);
    rig.emulator.add_fault(denied);
    let collector = rig.by_targets("web", Some(0));
    follow(&rig, &collector, 60).await;
    rig.emulator.force_desired("web", 6);
    let seen = follow(&rig, &collector, 60).await;
    assert_eq!(seen.state.counts.serving(), 6);
    let Some(ReadinessDoubt::Unread { failure }) = doubt(&seen.state) else {
        panic!("{:?}", seen.state.readiness);
    };
    assert_eq!(failure.kind, FailureKind::Denied);
    let calls = rig.emulator.calls()["DescribeTargetHealth"];
    assert!((2..=6).contains(&calls), "{calls} calls in two minutes");
    // The permission is given.
    rig.emulator.clear_faults();
    let seen = follow(&rig, &collector, 40).await;
    assert_eq!((seen.state.counts.serving(), doubt(&seen.state)), (5, None));
}

#[tokio::test]
async fn one_throttled_answer_changes_nothing_and_a_second_one_does() {
    let rig = rig(vec![target_group("front", 600)]).await;
    let collector = rig.by_targets("web", Some(0));
    rig.emulator.force_desired("web", 6);
    let before = follow(&rig, &collector, 60).await;
    assert_eq!(before.state.counts.serving(), 5);
    let throttled = Fault::new(FaultKind::Throttle, &["DescribeTargetHealth"]);
    rig.emulator.add_fault(throttled);
    let once = follow(&rig, &collector, 20).await;
    assert_eq!((once.state.counts.serving(), doubt(&once.state)), (5, None));
    let twice = follow(&rig, &collector, 60).await;
    assert_eq!(twice.state.counts.serving(), 6);
    assert!(matches!(
        doubt(&twice.state),
        Some(ReadinessDoubt::Unread { .. })
    ));
}

/// A load balancer without a healthy target sends requests to all of them.
#[tokio::test]
async fn where_every_instance_is_unhealthy_all_in_service_count() {
    let rig = rig(vec![target_group("front", HEALTHY_S)]).await;
    let collector = rig.by_targets("web", None);
    follow(&rig, &collector, 60).await;
    rig.emulator.set_unhealthy("web", "front", 4);
    let most = follow(&rig, &collector, 40).await;
    assert_eq!((most.state.counts.serving(), doubt(&most.state)), (1, None));
    rig.emulator.set_unhealthy("web", "front", 5);
    let all = follow(&rig, &collector, 40).await;
    assert_eq!(doubt(&all.state), Some(&ReadinessDoubt::AllUnhealthy));
    assert_eq!(all.state.counts.serving(), 5);
}

#[tokio::test]
async fn other_load_balancers_are_refused_by_name() {
    let classic = GroupSpec {
        classic_load_balancers: vec!["web-old".into()],
        ..busy(vec![target_group("front", 60)])
    };
    let lattice = GroupSpec {
        lattice_target_groups: vec!["arn:aws:vpc-lattice:eu-west-1:1:targetgroup/tg-1".into()],
        ..busy(vec![target_group("front", 60)])
    };
    for (group, name) in [
        (classic, "`web-old`"),
        (lattice, "targetgroup/tg-1"),
        (busy(Vec::new()), "no target group"),
    ] {
        let rig = Box::pin(Rig::of(group)).await;
        let collector = rig.by_targets("web", Some(0));
        let refused = collector.check_traffic().await.unwrap_err().to_string();
        assert!(refused.contains(name), "{refused}");
        // Attached later, it lets in service count.
        let state = rig.read(&collector, "web").await;
        assert_eq!(state.counts.serving(), 5);
        let said = doubt(&state).unwrap().to_string();
        assert!(said.contains(name), "{said}");
    }
    let fine = rig(vec![target_group("front", 60)]).await;
    let collector = fine.by_targets("web", None);
    assert_eq!(collector.check_traffic().await, Ok(()), "control");
}
