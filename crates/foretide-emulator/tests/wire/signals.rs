//! Signals over the wire: the shipping controller on CPU and a signal, as the shipping adapter
//! reads them. Each binds in turn, and each goes missing in turn.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_aws::{MetricOptions, SignalMetric};
use foretide_control::{
    Carries, Controller, ControllerConfig, Effect, Event, SignalConfig, Signals,
};
use foretide_domain::{Decision, Mode, PolicyKind, Record};
use foretide_emulator::{Demand, GroupSpec, Metric, Scripted};

use crate::adapter::requests;
use crate::rig::{Rig, ask, web};

/// Seconds between two cycles.
const INTERVAL_S: i64 = 30;

fn signal() -> (SignalConfig, SignalMetric) {
    let name = "requests".to_owned();
    let config = SignalConfig {
        name: name.clone(),
        carries: Carries::PerInstance(200.0),
        weight: 1.0,
        scale_in: true,
        out_above: None,
        in_below: None,
    };
    let metric = SignalMetric {
        name,
        metric: requests(),
        of_group: false,
        period: Duration::from_secs(60),
    };
    (config, metric)
}

/// Requests from one minute to another: a value, or none published.
fn requests_are(minutes: std::ops::Range<i64>, value: Option<f64>) -> Scripted {
    Scripted {
        metric: Some(Metric::Requests),
        from_s: 60 * minutes.start,
        until_s: 60 * minutes.end,
        value,
        missing: value.is_none(),
        late_s: 0,
    }
}

/// Runs the group for so many minutes. Returns every decision.
async fn run(spec: GroupSpec, minutes: i64) -> Vec<Decision> {
    let rig = Rig::of(spec).await;
    let (signal, metric) = signal();
    let options = MetricOptions {
        signals: vec![metric],
        ..MetricOptions::default()
    };
    let collector = rig.collector("web", options);
    let config = ControllerConfig {
        policy: PolicyKind::TargetTracking,
        mode: Mode::Enforce,
        interval: Duration::from_secs(INTERVAL_S.unsigned_abs()),
        signals: Signals {
            list: vec![signal],
            ..Signals::default()
        },
        ..ControllerConfig::default()
    };
    let (mut controller, effects) = Controller::new(config, rig.now());
    let mut effects = VecDeque::from(effects);
    let mut decisions = Vec::new();
    for _ in 0..minutes * 60 / INTERVAL_S {
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
                        signals: reading.signals,
                    }
                }
                Effect::SetDesired { call, plan } => Event::WriteSettled {
                    call,
                    outcome: collector.set_desired("web", plan, Mode::Enforce).await,
                },
                Effect::Record(Record::Decided(decision)) => {
                    decisions.push(*decision);
                    continue;
                }
                _ => continue,
            };
            effects.extend(controller.handle(event, rig.now()));
        }
        rig.pass(INTERVAL_S);
        collector.refresh_facts(rig.now()).await;
        effects.extend(controller.handle(Event::Woke, rig.now()));
    }
    let bill = rig.clients.bill().snapshot();
    let readings = bill.calls["GetMetricData"];
    assert_eq!(
        bill.metrics_requested["web"] - bill.single_requested.get("web").copied().unwrap_or(0),
        4 * readings,
        "three of the group, and one for the signal"
    );
    decisions
}

/// Capacity after the newest decision by the end of `minute`, and the signal that bound it.
fn at(decisions: &[Decision], minute: i64) -> (u32, String) {
    let end = crate::rig::START_S + 60 * minute;
    let until = decisions.partition_point(|it| it.at.as_seconds() < end);
    let why = &decisions[until - 1].explanation;
    let bound = why.bound_signal().map(|it| it.name.clone());
    (why.capacity(), bound.unwrap_or_default())
}

fn group(scripted: Vec<Scripted>) -> GroupSpec {
    GroupSpec {
        demand: Demand::Constant(120.0),
        min: 1,
        max: 20,
        boot_s: 60,
        scripted,
        ..web()
    }
}

#[tokio::test]
async fn each_signal_binds_in_turn_and_a_missing_one_takes_nothing_away() {
    let missing = group(vec![
        requests_are(-60..30, Some(100.0)),
        requests_are(30..60, Some(2000.0)),
        requests_are(60..90, None),
        requests_are(90..150, Some(100.0)),
    ]);
    let decisions = run(missing, 150).await;
    assert_eq!(at(&decisions, 29), (3, "cpu".into()), "120 at 50 %");
    assert_eq!(at(&decisions, 59), (10, "requests".into()));
    assert_eq!(
        at(&decisions, 89).0,
        10,
        "nothing is taken away while it is missing"
    );
    assert_eq!(at(&decisions, 149), (3, "cpu".into()));
    let said = decisions.iter().any(|decision| {
        let health = &decision.explanation.inputs.health;
        let causes = health.conditions().iter().map(|it| it.cause.to_string());
        causes
            .into_iter()
            .any(|it| it.contains("signal `requests`"))
    });
    assert!(said, "the missing signal is named");

    // The control: it is there all the time, and the group shrinks at minute 60.
    let there = group(vec![
        requests_are(-60..30, Some(100.0)),
        requests_are(30..60, Some(2000.0)),
        requests_are(60..150, Some(100.0)),
    ]);
    let decisions = run(there, 90).await;
    assert_eq!(at(&decisions, 59), (10, "requests".into()));
    assert_eq!(at(&decisions, 89), (3, "cpu".into()));
}

#[tokio::test]
async fn a_signal_asks_for_more_while_cpu_is_missing_and_nothing_is_taken_away() {
    let no_cpu = Scripted {
        metric: Some(Metric::Cpu),
        from_s: 60 * 30,
        until_s: 60 * 90,
        value: None,
        missing: true,
        late_s: 0,
    };
    let spec = group(vec![
        requests_are(-60..40, Some(100.0)),
        requests_are(40..60, Some(2000.0)),
        requests_are(60..150, Some(100.0)),
        no_cpu,
    ]);
    let decisions = run(spec, 130).await;
    assert_eq!(at(&decisions, 29), (3, "cpu".into()));
    assert_eq!(at(&decisions, 59).0, 10, "by the signal alone");
    assert_eq!(at(&decisions, 89).0, 10, "CPU is missing");
    assert_eq!(at(&decisions, 129), (3, "cpu".into()));
}
