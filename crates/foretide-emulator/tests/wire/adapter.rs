//! The adapter over the official SDK reads and writes the emulated group like a real one.

use std::time::Duration;

use foretide_aws::{Collect, LoadMetric, MetricOptions, Monitoring, Stat};
use foretide_domain::{
    Bounds, FailureKind, Mode, Obstacle, Percent, Plan, ScheduledChange, WriteOutcome,
};
use foretide_emulator::{Demand, GroupSpec, Metric, PolicySpec, ScheduledActionSpec, Scripted};

use crate::rig::{Rig, ask, history, web};

fn plan(desired: u32, expected_desired: u32) -> Plan {
    Plan {
        desired,
        expected_desired,
        expected_bounds: Bounds::new(1, 5).unwrap(),
    }
}

pub(crate) fn requests() -> LoadMetric {
    LoadMetric {
        namespace: "AWS/ApplicationELB".into(),
        metric: "RequestCount".into(),
        dimensions: vec![("LoadBalancer".into(), "app/web/0000000000000001".into())],
        stat: Stat::Sum,
    }
}

#[tokio::test]
async fn a_write_launches_instances_that_are_pending_before_they_serve() {
    let rig = Rig::of(web()).await;
    let collector = rig.collector("web", MetricOptions::default());
    let before = rig.read(&collector, "web").await;
    assert_eq!((before.desired, before.counts.in_service), (2, 2));
    assert_eq!(before.bounds, Bounds::new(1, 5).unwrap());

    let outcome = collector
        .set_desired("web", plan(3, 2), Mode::Enforce)
        .await;
    assert_eq!(outcome, WriteOutcome::Accepted);
    rig.pass(10);
    let coming = rig.read(&collector, "web").await;
    assert_eq!(
        (
            coming.desired,
            coming.counts.in_service,
            coming.counts.pending
        ),
        (3, 2, 1)
    );
    assert_eq!(coming.oldest_pending_since, Some(rig.now()));
    assert!(coming.launches.is_empty());

    rig.pass(180);
    let there = rig.read(&collector, "web").await;
    assert_eq!((there.counts.in_service, there.counts.pending), (3, 0));
    assert_eq!(there.launches.len(), 1);
    assert!(there.launches[0].succeeded);
    assert_eq!(there.launches[0].duration().as_secs(), 180);
    assert!(
        rig.read(&collector, "web").await.launches.is_empty(),
        "an end is told once"
    );
}

#[tokio::test]
async fn failing_launches_are_told_as_such() {
    let rig = Rig::of(GroupSpec {
        launch_failure: 1.0,
        boot_s: 30,
        ..web()
    })
    .await;
    let collector = rig.collector("web", MetricOptions::default());
    rig.read(&collector, "web").await;
    collector
        .set_desired("web", plan(3, 2), Mode::Enforce)
        .await;
    rig.pass(70);
    let state = rig.read(&collector, "web").await;
    assert!(!state.launches.is_empty() && state.launches.iter().all(|launch| !launch.succeeded));
    let message = state.launches[0].message.as_deref();
    assert!(message.is_some_and(|text| text.len() > 10), "{message:?}");
    let activities = rig
        .clients
        .read_launches("web", rig.emulator.start())
        .await
        .unwrap();
    assert!(activities.iter().any(|one| one.status_message.is_some()));
}

/// The first reading of an operated group names the operator, and the group refuses changes by
/// others.
#[tokio::test]
async fn a_group_with_an_operator_says_so_and_refuses_every_change() {
    let principal = "ecs.amazonaws.com";
    let operated = Rig::of(GroupSpec {
        operator: Some(principal.to_owned()),
        ..web()
    })
    .await;
    let collector = operated.collector("web", MetricOptions::default());
    operated.read(&collector, "web").await;
    collector.refresh_facts(operated.now()).await;
    let obstacles = operated.read(&collector, "web").await.obstacles;
    let principal = principal.to_owned();
    assert_eq!(obstacles, [Obstacle::Operator { principal }]);
    let outcome = operated
        .clients
        .set_desired("web", plan(3, 2), Mode::Enforce)
        .await;
    let WriteOutcome::Failed(failure) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(failure.kind, FailureKind::Denied);

    let free = Rig::of(web()).await;
    let collector = free.collector("web", MetricOptions::default());
    assert_eq!(
        free.read(&collector, "web").await.obstacles,
        [Obstacle::Unknown]
    );
    collector.refresh_facts(free.now()).await;
    assert!(
        free.read(&collector, "web").await.obstacles.is_empty(),
        "control"
    );
}

#[tokio::test]
async fn nothing_is_written_where_it_must_not_be() {
    let rig = Rig::of(web()).await;
    let write = async |plan, mode| rig.clients.set_desired("web", plan, mode).await;
    assert_eq!(write(plan(3, 2), Mode::Observe).await, WriteOutcome::DryRun);
    let moved = WriteOutcome::Moved {
        bounds: Bounds::new(1, 5).unwrap(),
        desired: 2,
    };
    assert_eq!(write(plan(3, 4), Mode::Enforce).await, moved);
    for (plan, mode) in [
        (plan(6, 2), Mode::Enforce),
        (plan(1, 2), Mode::ScaleOutOnly),
    ] {
        let WriteOutcome::Failed(failure) = write(plan, mode).await else {
            panic!("written");
        };
        assert_eq!(failure.kind, FailureKind::Rejected);
    }
    assert_eq!(rig.emulator.desired("web"), Some(2));
    assert_eq!(rig.emulator.calls().get("SetDesiredCapacity"), None);
    assert_eq!(
        write(plan(1, 2), Mode::Enforce).await,
        WriteOutcome::Accepted
    );
    assert_eq!(rig.emulator.desired("web"), Some(1));
}

#[tokio::test]
async fn bounds_that_moved_stop_a_write() {
    let rig = Rig::of(web()).await;
    rig.emulator.set_bounds("web", Bounds::new(1, 2).unwrap());
    let outcome = rig
        .clients
        .set_desired("web", plan(3, 2), Mode::Enforce)
        .await;
    assert!(matches!(outcome, WriteOutcome::Moved { bounds, .. } if bounds.max() == 2));
}

#[tokio::test]
async fn group_metrics_are_load_and_bytes_a_second_of_the_fleet() {
    let rig = Rig::of(GroupSpec {
        demand: Demand::Constant(120.0),
        memory: true,
        ..web()
    })
    .await;
    let options = MetricOptions {
        memory: true,
        load: Some(requests()),
        ..MetricOptions::default()
    };
    let collector = rig.collector("web", options);
    rig.read(&collector, "web").await;
    let queries = [ask("web", rig.last(600))];
    let mut answers = collector.read_metrics(&queries, rig.now()).await;
    let reading = answers.remove("web").unwrap().unwrap();
    assert_eq!(reading.monitoring, Some(Monitoring::Detailed));
    // Ten minutes, of which the last is not visible yet.
    assert_eq!(reading.points.len(), 9);
    for point in &reading.points {
        assert_eq!(point.cpu, Percent::new(60.0));
        assert!((point.instances - 2.0).abs() < 1e-9);
        assert!((point.network_in.unwrap().get() - 1.2 * 4.0e6).abs() < 1.0);
        assert!((point.network_out.unwrap().get() - 1.2 * 8.0e6).abs() < 1.0);
        assert_eq!(point.memory, Percent::new(56.0));
        assert_eq!(point.demand, Some(120.0));
    }
    let bill = rig.clients.bill().snapshot();
    assert_eq!(bill.metrics_requested["web"], 5, "three, memory and load");
    assert_eq!(bill.calls["GetMetricData"], 1);
}

#[tokio::test]
async fn memory_that_no_agent_aggregates_is_said_to_be_unavailable_and_stays_missing() {
    let rig = Rig::of(web()).await;
    let options = MetricOptions {
        memory: true,
        ..MetricOptions::default()
    };
    let collector = rig.collector("web", options);
    rig.read(&collector, "web").await;
    let queries = [ask("web", rig.last(600))];
    let mut answers = collector.read_metrics(&queries, rig.now()).await;
    let reading = answers.remove("web").unwrap().unwrap();
    assert!(reading.points.iter().all(|point| point.memory.is_none()));
    assert_eq!(reading.memory_measured, Some(false));
    assert_eq!(
        collector.last_metrics("web").unwrap().remarks(),
        reading.remarks()
    );
    assert!(reading.remarks()[0].contains("memory is not available"));
}

#[tokio::test]
async fn the_load_metric_is_the_demand_in_either_way_of_collecting() {
    let rig = Rig::of(GroupSpec {
        demand: Demand::Constant(120.0),
        ..web()
    })
    .await;
    for collect in [Collect::Group, Collect::Instance] {
        let options = MetricOptions {
            collect,
            load: Some(requests()),
            monitoring: Some(Monitoring::Detailed),
            ..MetricOptions::default()
        };
        let collector = rig.collector("web", options);
        rig.read(&collector, "web").await;
        let queries = [ask("web", rig.last(600))];
        let mut answers = collector.read_metrics(&queries, rig.now()).await;
        let points = answers.remove("web").unwrap().unwrap().points;
        assert!(!points.is_empty());
        assert!(
            points.iter().all(|point| point.demand == Some(120.0)),
            "{collect:?}"
        );
    }
}

#[tokio::test]
async fn basic_monitoring_is_told_by_its_spacing_and_divided_by_its_period() {
    let rig = Rig::of(GroupSpec {
        demand: Demand::Constant(120.0),
        period_s: 300,
        history_s: 3600,
        ..web()
    })
    .await;
    let collector = rig.collector("web", MetricOptions::default());
    rig.read(&collector, "web").await;
    let queries = [ask("web", rig.last(3600))];
    let mut answers = collector.read_metrics(&queries, rig.now()).await;
    let reading = answers.remove("web").unwrap().unwrap();
    assert_eq!(reading.monitoring, Some(Monitoring::Basic));
    let point = reading.points.last().unwrap();
    assert_eq!(point.period.as_secs(), 300);
    assert!(
        (point.instances - 2.0).abs() < 1e-9,
        "five samples of an instance are one instance"
    );
    assert!((point.network_in.unwrap().get() - 1.2 * 4.0e6).abs() < 1.0);
}

#[tokio::test]
async fn instance_mode_reads_warm_instances_and_combines_as_the_seed_does() {
    let rig = Rig::of(GroupSpec {
        demand: Demand::Constant(120.0),
        ..web()
    })
    .await;
    let options = MetricOptions {
        collect: Collect::Instance,
        ..MetricOptions::default()
    };
    let collector = rig.collector("web", options);
    rig.read(&collector, "web").await;
    let queries = [ask("web", rig.last(600))];
    let read = async || {
        let mut answers = collector.read_metrics(&queries, rig.now()).await;
        answers.remove("web").unwrap().unwrap()
    };
    let first = read().await;
    assert_eq!(
        first.window.unwrap().as_secs(),
        1200,
        "wide until monitoring is known"
    );
    let second = read().await;
    assert_eq!(second.window.unwrap().as_secs(), 180);
    assert_eq!(second.aggregates.len(), 7);
    assert_eq!(second.aggregates[0].instance_count, 2);
    assert!((second.aggregates[0].value - 60.0).abs() < 1e-9);
    assert_eq!(second.points.last().unwrap().cpu, Percent::new(60.0));
    assert_eq!(
        collector.last_metrics("web").unwrap().aggregates,
        second.aggregates
    );
    assert_eq!(
        rig.clients.bill().snapshot().metrics_requested["web"],
        2 * 14
    );
}

#[tokio::test]
async fn a_cycle_looks_back_three_hours_at_most() {
    let rig = Rig::of(GroupSpec {
        history_s: 5 * 3600,
        ..web()
    })
    .await;
    let collector = rig.collector("web", MetricOptions::default());
    let queries = [ask("web", rig.last(10 * 86_400))];
    let mut answers = collector.read_metrics(&queries, rig.now()).await;
    assert_eq!(
        answers.remove("web").unwrap().unwrap().points.len(),
        3 * 60 - 1
    );
}

#[tokio::test]
async fn missing_and_late_points_are_absent_and_come_later() {
    let scripted = |from_s, missing, late_s| Scripted {
        metric: Some(Metric::Cpu),
        from_s,
        until_s: from_s + 60,
        value: None,
        missing,
        late_s,
    };
    let rig = Rig::of(GroupSpec {
        scripted: vec![scripted(-300, true, 0), scripted(-240, false, 180)],
        ..web()
    })
    .await;
    let collector = rig.collector("web", MetricOptions::default());
    rig.read(&collector, "web").await;
    let without_cpu = async || {
        let query = foretide_domain::MetricsQuery {
            from: rig
                .emulator
                .start()
                .minus(std::time::Duration::from_secs(600)),
            instance_metrics: 20,
        };
        let mut answers = collector
            .read_metrics(&[ask("web", query)], rig.now())
            .await;
        let points = answers.remove("web").unwrap().unwrap().points;
        let missing = points.iter().filter(|point| point.cpu.is_none());
        missing
            .map(|point| point.start.as_seconds() - rig.emulator.start().as_seconds())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        without_cpu().await,
        [-300, -240],
        "network shows, CPU does not"
    );
    rig.pass(120);
    assert_eq!(without_cpu().await, [-300]);
}

#[tokio::test]
async fn slow_facts_tell_who_else_writes() {
    let rig = Rig::of(GroupSpec {
        policies: vec![PolicySpec {
            name: "track".into(),
            kind: "TargetTrackingScaling".into(),
            enabled: true,
            acts: None,
        }],
        scheduled_actions: vec![ScheduledActionSpec {
            name: "morning".into(),
            recurrence: "0 8 * * *".into(),
            at_s: None,
            min: Some(4),
            max: None,
            desired: None,
        }],
        refreshing: true,
        weight: Some(2),
        suspended: vec!["AddToLoadBalancer".into()],
        ..web()
    })
    .await;
    let collector = rig.collector("web", MetricOptions::default());
    assert!(
        rig.read(&collector, "web")
            .await
            .suspended
            .add_to_load_balancer
    );
    collector.refresh_facts(rig.now()).await;
    let facts = collector.facts("web").unwrap().unwrap();
    assert_eq!(
        facts
            .competing_policies()
            .map(|one| one.name.as_str())
            .collect::<Vec<_>>(),
        ["track"]
    );
    assert_eq!(facts.scheduled_actions[0].min, Some(4));
    assert_eq!(
        facts.scheduled_actions[0].recurrence.as_deref(),
        Some("0 8 * * *")
    );
    assert!(rig.read(&collector, "web").await.refreshing);
    assert!(collector.reading("web").unwrap().weighted);
    let calls = rig.emulator.calls();
    collector.refresh_facts(rig.now()).await;
    assert_eq!(
        rig.emulator.calls(),
        calls,
        "not asked again within five minutes"
    );
}

/// What an action sets is known before it runs, stays known for a quarter of an hour, and the group
/// has it by then.
#[tokio::test]
async fn scheduled_actions_are_told_before_they_run_and_then_act() {
    let rig = Rig::of(GroupSpec {
        scheduled_actions: vec![ScheduledActionSpec {
            name: "morning".into(),
            at_s: Some(1_800),
            min: Some(4),
            ..ScheduledActionSpec::default()
        }],
        ..web()
    })
    .await;
    let collector = rig.collector("web", MetricOptions::default());
    let at = rig.now().plus(Duration::from_secs(1_800));
    rig.read(&collector, "web").await;
    collector.refresh_facts(rig.now()).await;
    let told = rig.read(&collector, "web").await;
    let morning = ScheduledChange {
        action: "morning".into(),
        at,
        min: Some(4),
        max: None,
        desired: None,
    };
    assert_eq!(told.scheduled, std::slice::from_ref(&morning));
    assert!(told.bounds.min() < 4);
    rig.pass(1_860);
    collector.refresh_facts(rig.now()).await;
    let ran = rig.read(&collector, "web").await;
    assert_eq!(ran.bounds.min(), 4);
    assert_eq!(ran.scheduled, [morning], "it ran a minute ago");
    rig.pass(900);
    assert!(rig.read(&collector, "web").await.scheduled.is_empty());
}

#[tokio::test]
async fn history_is_read_page_by_page_in_coarser_periods() {
    let rig = Rig::of(GroupSpec {
        history_s: 15 * 86_400,
        memory: true,
        ..web()
    })
    .await;
    let options = MetricOptions {
        memory: true,
        load: Some(requests()),
        ..MetricOptions::default()
    };
    let collector = rig.collector("web", options);
    let span = (rig.last(14 * 86_400).from, rig.now());
    let early = collector
        .read_history("web", history(span, 3600))
        .await
        .unwrap();
    assert!(
        early.points.is_empty() && early.monitoring.is_none(),
        "monitoring is not known yet"
    );

    let minutes = collector
        .read_history("web", history(span, 60))
        .await
        .unwrap()
        .points;
    // The newest minute is not visible yet.
    assert_eq!(minutes.len(), 14 * 1440 - 1);
    assert!(
        minutes
            .iter()
            .all(|minute| minute.cpu.is_some() && minute.demand.is_some())
    );
    assert_eq!(
        rig.emulator.calls()["GetMetricData"],
        2,
        "three series of two weeks fit one page"
    );
    let bill = rig.clients.bill().snapshot();
    assert_eq!(bill.metrics_requested["web"], 2 * 2, "CPU and load, twice");

    collector
        .read_metrics(&[ask("web", rig.last(600))], rig.now())
        .await;
    let hours = collector
        .read_history("web", history(span, 3600))
        .await
        .unwrap()
        .points;
    assert_eq!(hours.len(), 14 * 24);
    let (newest, older) = hours.split_last().unwrap();
    assert!(older.iter().all(|hour| (hour.instances - 2.0).abs() < 1e-9));
    assert!(
        (newest.instances - 2.0 * 59.0 / 60.0).abs() < 1e-9,
        "its last minute is missing"
    );
}
