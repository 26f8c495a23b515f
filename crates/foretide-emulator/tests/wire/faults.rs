//! Faults over the wire: each has its kind of failure, harms no other group, leaks nothing, and
//! passes.

use std::time::Duration;

use foretide_aws::{AwsConfig, MetricOptions, Ready};
use foretide_domain::{CallFailure, FailureKind, Mode, Plan, WriteOutcome};
use foretide_emulator::{Fault, FaultKind, GroupSpec, Scenario};

use crate::rig::{Rig, SECRET, TOKEN, ask, connect, web};

const READS: [(FaultKind, FailureKind); 7] = [
    (FaultKind::Throttle, FailureKind::Throttled),
    (FaultKind::InternalFailure, FailureKind::Unavailable),
    (FaultKind::BadGateway, FailureKind::Unavailable),
    (FaultKind::Malformed, FailureKind::Malformed),
    (FaultKind::ExpiredToken, FailureKind::Denied),
    (FaultKind::AccessDenied, FailureKind::Denied),
    (FaultKind::WrongSignature, FailureKind::Denied),
];

fn check_silent(failure: &CallFailure) {
    for secret in [SECRET, TOKEN] {
        assert!(!failure.to_string().contains(secret), "{failure}");
    }
}

async fn group_failure(rig: &Rig) -> CallFailure {
    let collector = rig.collector("web", MetricOptions::default());
    let mut answers = collector.read_groups(&["web".into()], rig.now()).await;
    answers.remove("web").unwrap().unwrap_err()
}

async fn metrics_failure(rig: &Rig) -> CallFailure {
    let collector = rig.collector("web", MetricOptions::default());
    let mut answers = collector
        .read_metrics(&[ask("web", rig.last(300))], rig.now())
        .await;
    answers.remove("web").unwrap().unwrap_err()
}

#[tokio::test]
async fn each_fault_is_told_as_its_kind_on_both_protocols_and_passes() {
    let rig = Rig::of(web()).await;
    for (fault, kind) in READS {
        rig.emulator
            .add_fault(Fault::new(fault, &["DescribeAutoScalingGroups"]).times(1));
        rig.emulator
            .add_fault(Fault::new(fault, &["GetMetricData"]).times(1));
        for failure in [group_failure(&rig).await, metrics_failure(&rig).await] {
            assert_eq!(failure.kind, kind, "{fault:?}: {failure}");
            check_silent(&failure);
        }
        let collector = rig.collector("web", MetricOptions::default());
        rig.read(&collector, "web").await;
    }
}

#[tokio::test]
async fn no_answer_ends_at_the_deadline() {
    let rig = Rig::of(web()).await;
    let impatient = AwsConfig {
        attempt_timeout: Duration::from_millis(200),
        call_deadline: Duration::from_millis(300),
        ..AwsConfig::default()
    };
    let clients = connect(&rig.endpoint, impatient).await;
    rig.emulator
        .add_fault(Fault::new(FaultKind::Hang, &["DescribeAutoScalingGroups"]).times(1));
    let failure = clients.read_group("web").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure}");
    assert!(clients.read_group("web").await.is_ok());
}

#[tokio::test]
async fn nobody_listening_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let clients = connect(&endpoint, AwsConfig::default()).await;
    let failure = clients.read_group("web").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
}

#[tokio::test]
async fn a_passing_throttle_is_retried_by_the_sdk() {
    let rig = Rig::of(web()).await;
    let patient = AwsConfig {
        max_attempts: Some(3),
        ..AwsConfig::default()
    };
    let clients = connect(&rig.endpoint, patient).await;
    rig.emulator
        .add_fault(Fault::new(FaultKind::Throttle, &[]).times(1));
    assert!(clients.read_group("web").await.is_ok());
    assert_eq!(rig.emulator.calls()["DescribeAutoScalingGroups"], 2);
}

#[tokio::test]
async fn a_write_is_attempted_once_whatever_happens() {
    let rig = Rig::of(web()).await;
    let patient = AwsConfig {
        max_attempts: Some(3),
        ..AwsConfig::default()
    };
    let clients = connect(&rig.endpoint, patient).await;
    rig.emulator.add_fault(Fault::new(
        FaultKind::InternalFailure,
        &["SetDesiredCapacity"],
    ));
    let found = clients.read_group("web").await.unwrap();
    let plan = Plan {
        desired: 3,
        expected_desired: found.desired,
        expected_bounds: found.bounds,
    };
    let outcome = clients.set_desired("web", plan, Mode::Enforce).await;
    // A service that failed may have done it before it did.
    assert!(matches!(outcome, WriteOutcome::Failed(ref f) if f.kind == FailureKind::TimedOut));
    assert_eq!(rig.emulator.calls()["SetDesiredCapacity"], 1);
}

#[tokio::test]
async fn a_write_that_was_not_sent_since_the_group_could_not_be_read_is_no_write() {
    let rig = Rig::of(web()).await;
    let impatient = AwsConfig {
        attempt_timeout: Duration::from_millis(200),
        call_deadline: Duration::from_millis(300),
        ..AwsConfig::default()
    };
    let clients = connect(&rig.endpoint, impatient).await;
    let found = clients.read_group("web").await.unwrap();
    let plan = Plan {
        desired: 3,
        expected_desired: found.desired,
        expected_bounds: found.bounds,
    };
    rig.emulator
        .add_fault(Fault::new(FaultKind::Hang, &["DescribeAutoScalingGroups"]).times(1));
    let outcome = clients.set_desired("web", plan, Mode::Enforce).await;
    let WriteOutcome::Failed(failure) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
    assert!(failure.detail.starts_with("not sent: "), "{failure}");
    assert_eq!(rig.emulator.calls().get("SetDesiredCapacity"), None);
}

#[tokio::test]
async fn a_vanished_group_is_not_found_and_harms_no_other() {
    let rig = Rig::new(Scenario {
        groups: vec![
            web(),
            GroupSpec {
                name: "api".into(),
                ..web()
            },
        ],
        ..Scenario::default()
    })
    .await;
    let collector = rig.collector("web", MetricOptions::default());
    rig.read(&collector, "web").await;
    rig.emulator.remove_group("web");
    let answers = rig.clients.read_groups(&["web".into(), "api".into()]).await;
    assert_eq!(
        answers["web"].as_ref().unwrap_err().kind,
        FailureKind::NotFound
    );
    assert!(answers["api"].is_ok());
    collector.refresh_facts(rig.now()).await;
    let facts = collector.facts("web").unwrap();
    assert_eq!(facts.unwrap_err().kind, FailureKind::NotFound);
    // CloudWatch knows no groups: a metric that nobody publishes is empty.
    let mut answers = collector
        .read_metrics(&[ask("web", rig.last(300))], rig.now())
        .await;
    assert!(answers.remove("web").unwrap().unwrap().points.is_empty());
}

#[tokio::test]
async fn a_vanished_group_keeps_no_other_from_being_known() {
    let rig = Rig::new(Scenario {
        groups: ["web", "api"]
            .map(|name| GroupSpec {
                name: name.into(),
                ..web()
            })
            .to_vec(),
        ..Scenario::default()
    })
    .await;
    let settings = |group: &str| foretide_aws::CollectSettings {
        group: group.into(),
        metrics: MetricOptions::default(),
        warm_up: Some(Duration::ZERO),
        ready: Ready::default(),
    };
    let both = vec![settings("api"), settings("web")];
    let collector = foretide_aws::Collector::new(rig.clients.clone(), both);
    let names = ["api".into(), "web".into()];
    collector.read_groups(&names, rig.now()).await;
    rig.emulator.remove_group("api");
    collector.refresh_facts(rig.now()).await;
    assert!(collector.facts("api").unwrap().is_err());
    assert!(collector.facts("web").unwrap().is_ok());
    collector.read_groups(&names, rig.now()).await;
    assert_eq!(collector.facts("api"), None, "nothing is asked of it");
    let calls = rig.emulator.calls()["DescribePolicies"];
    rig.pass(120);
    collector.refresh_facts(rig.now()).await;
    assert_eq!(rig.emulator.calls()["DescribePolicies"], calls);
}

#[tokio::test]
async fn an_instance_refresh_counts_as_under_way_until_it_was_read() {
    let rig = Rig::of(web()).await;
    let collector = rig.collector("web", MetricOptions::default());
    let refused = Fault::new(FaultKind::AccessDenied, &["DescribeInstanceRefreshes"]);
    rig.emulator.add_fault(refused);
    let unread = rig.read(&collector, "web").await;
    assert!(unread.refreshing && unread.refresh_unknown);
    collector.refresh_facts(rig.now()).await;
    let denied = rig.read(&collector, "web").await;
    assert!(denied.refreshing && denied.refresh_unknown);
    rig.emulator.clear_faults();
    rig.pass(60);
    collector.refresh_facts(rig.now()).await;
    let read = rig.read(&collector, "web").await;
    assert!(!read.refreshing && !read.refresh_unknown);
    let failing = Fault::new(FaultKind::AccessDenied, &["DescribePolicies"]);
    rig.emulator.set_refreshing("web", true);
    rig.pass(300);
    collector.refresh_facts(rig.now()).await;
    rig.emulator.add_fault(failing);
    for _ in 0..3 {
        rig.pass(300);
        collector.refresh_facts(rig.now()).await;
        let held = rig.read(&collector, "web").await;
        assert!(held.refreshing && !held.refresh_unknown, "it was seen");
    }
}

#[tokio::test]
async fn a_rejected_query_fails_its_own_group_alone() {
    use foretide_aws::{CollectSettings, Collector, LoadMetric, Stat};
    let api = GroupSpec {
        name: "api".into(),
        ..web()
    };
    let rig = Rig::new(Scenario {
        groups: vec![web(), api],
        ..Scenario::default()
    })
    .await;
    let settings = |group: &str, stat| CollectSettings {
        group: group.into(),
        metrics: MetricOptions {
            load: Some(LoadMetric {
                namespace: "Own".into(),
                metric: "Depth".into(),
                dimensions: Vec::new(),
                stat,
            }),
            ..MetricOptions::default()
        },
        warm_up: Some(Duration::ZERO),
        ready: Ready::default(),
    };
    let both = vec![
        settings("web", Stat::Other("nonsense".into())),
        settings("api", Stat::Sum),
    ];
    let collector = Collector::new(rig.clients.clone(), both);
    let queries = ["web", "api"].map(|group| ask(group, rig.last(300)));
    let answers = collector.read_metrics(&queries, rig.now()).await;
    assert_eq!(
        answers["web"].as_ref().unwrap_err().kind,
        FailureKind::Rejected
    );
    assert!(!answers["api"].as_ref().unwrap().points.is_empty());
}

#[tokio::test]
async fn a_group_at_its_maximum_is_asked_for_no_more() {
    let rig = Rig::of(web()).await;
    let found = rig.clients.read_group("web").await.unwrap();
    let plan = |desired| Plan {
        desired,
        expected_desired: found.desired,
        expected_bounds: found.bounds,
    };
    // The adapter asks for nothing above the maximum that it has just read.
    let outcome = rig.clients.set_desired("web", plan(6), Mode::Enforce).await;
    assert!(matches!(outcome, WriteOutcome::Failed(ref f) if f.kind == FailureKind::Rejected));
    assert_eq!(rig.emulator.calls().get("SetDesiredCapacity"), None);
    let outcome = rig.clients.set_desired("web", plan(5), Mode::Enforce).await;
    assert_eq!(
        outcome,
        WriteOutcome::Accepted,
        "the maximum itself is allowed"
    );
}

#[tokio::test]
async fn metrics_that_are_not_published_are_missing_and_never_zero() {
    use foretide_emulator::Scripted;
    let rig = Rig::of(GroupSpec {
        scripted: vec![Scripted {
            metric: None,
            from_s: -600,
            until_s: 0,
            value: None,
            missing: true,
            late_s: 0,
        }],
        ..web()
    })
    .await;
    let collector = rig.collector("web", MetricOptions::default());
    rig.read(&collector, "web").await;
    let queries = [ask("web", rig.last(1800))];
    let mut answers = collector.read_metrics(&queries, rig.now()).await;
    let points = answers.remove("web").unwrap().unwrap().points;
    let newest = points.last().unwrap().start;
    assert_eq!(rig.now().since(newest).as_secs(), 660, "nothing since");
    assert!(
        points
            .iter()
            .all(|point| point.cpu.is_some_and(|cpu| cpu.get() > 0.0))
    );
}
