//! The bill: metrics that the shipping controller and adapter request over the wire, compared with
//! the bill printed before a run.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_aws::{Collect, MONTH, MetricOptions, USD_PER_METRIC_REQUESTED, usd_per_month};
use foretide_control::{Controller, ControllerConfig, Effect, Event, METRICS_EVERY};
use foretide_domain::PolicyKind;
use foretide_emulator::{GroupSpec, Scripted};

use crate::adapter::requests;
use crate::rig::{Rig, ask, web};

/// Seconds of every run.
const SPAN_S: i64 = 1800;

/// Runs a cycle every `interval` seconds with `metric_delay = "0s"`. Returns calls of
/// `GetMetricData` and metrics requested.
async fn run(spec: GroupSpec, options: &MetricOptions, interval: i64) -> (u64, u64) {
    let rig = Rig::of(spec).await;
    let collector = rig.collector("web", options.clone());
    let config = ControllerConfig {
        policy: PolicyKind::TargetTracking,
        metric_delay: Duration::ZERO,
        interval: Duration::from_secs(interval.unsigned_abs()),
        ..ControllerConfig::default()
    };
    let (mut controller, effects) = Controller::new(config, rig.now());
    let mut effects = VecDeque::from(effects);
    for _ in (0..SPAN_S).step_by(usize::try_from(interval).unwrap()) {
        while let Some(effect) = effects.pop_front() {
            let event = match effect {
                Effect::ReadGroup { call } => Event::GroupRead {
                    call,
                    group: rig.read(&collector, "web").await,
                },
                Effect::ReadMetrics { call, query } => {
                    let queries = [ask("web", query)];
                    let mut answers = collector.read_metrics(&queries, rig.now()).await;
                    let reading = answers.remove("web").unwrap().unwrap();
                    Event::MetricsRead {
                        call,
                        points: reading.points,
                        instance_metrics: reading.instance_metrics,
                        signals: Vec::new(),
                    }
                }
                _ => continue,
            };
            effects.extend(controller.handle(event, rig.now()));
        }
        rig.pass(interval);
        effects.extend(controller.handle(Event::Woke, rig.now()));
    }
    let calls = rig.emulator.calls()["GetMetricData"];
    let bill = rig.clients.bill().snapshot();
    (calls, bill.metrics_requested["web"])
}

/// With every way to read metrics and every kind of fault, the requests cost no more than the
/// printed bill, which follows from the same figures.
#[tokio::test]
async fn what_is_requested_costs_no_more_than_what_is_printed() {
    let with = |collect| MetricOptions {
        collect,
        memory: true,
        load: Some(requests()),
        ..MetricOptions::default()
    };
    let late = || GroupSpec {
        delay_s: 130,
        ..web()
    };
    let gaps = || GroupSpec {
        scripted: vec![Scripted {
            metric: None,
            from_s: 300,
            until_s: 1200,
            value: None,
            missing: true,
            late_s: 0,
        }],
        ..late()
    };
    for (name, spec, options, interval) in [
        ("three metrics", web(), MetricOptions::default(), 10),
        ("looks every second", web(), MetricOptions::default(), 1),
        ("five metrics, late", late(), with(Collect::Group), 10),
        ("missing data", gaps(), with(Collect::Group), 10),
        ("by instance", late(), with(Collect::Instance), 10),
    ] {
        let instances = match options.collect {
            Collect::Group => 1,
            Collect::Instance => spec.desired,
        };
        let billed = options.billed();
        let each = billed.base * instances + billed.further;
        let (calls, metrics) = Box::pin(run(spec, &options, interval)).await;
        let usd = metrics as f64 * USD_PER_METRIC_REQUESTED;
        let share = SPAN_S as f64 / MONTH.as_secs_f64();
        let printed = usd_per_month(each, METRICS_EVERY) * share;
        // One reading at the start and one in reserve, once.
        let beyond = f64::from(2 * each) * USD_PER_METRIC_REQUESTED;
        assert!(usd <= printed + beyond, "{name}: {usd} of {printed}");
        assert!(
            calls >= 20,
            "{name}: {calls} calls are too few to be in time"
        );
        assert_eq!(metrics, calls * u64::from(each), "{name}");
    }
}
