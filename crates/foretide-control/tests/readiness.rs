//! Target groups that decide who serves: what a reading with them does to lead time and health.

#![expect(clippy::unwrap_used, reason = "the settings are valid")]

use std::collections::VecDeque;
use std::time::Duration;

use foretide_control::{Controller, ControllerConfig, Effect, Event};
use foretide_domain::{
    Bounds, CallFailure, Cause, Datapoint, FailureKind, GroupState, HealthState, Launch,
    LifecycleCounts, Percent, Readiness, ReadinessDoubt, Record, SuspendedProcesses, Timestamp,
    Verdict,
};

/// A full minute: the newest period has just ended.
const START_S: i64 = 1_700_000_040;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START_S + seconds)
}

/// A minute at half load.
fn points() -> Vec<Datapoint> {
    vec![Datapoint {
        start: at(-60),
        period: Duration::from_secs(60),
        cpu: Percent::new(50.0),
        instances: 2.0,
        network_in: None,
        network_out: None,
        memory: None,
        demand: None,
        unaccounted: None,
    }]
}

/// Five launches that took so long.
fn launches(seconds: i64) -> Vec<Launch> {
    let launch = |id: u64| Launch {
        id,
        started: at(-1000),
        ended: at(seconds - 1000),
        succeeded: true,
        message: None,
    };
    (1..=5).map(launch).collect()
}

/// Launches that were in service after 30 s, with what the target groups tell.
fn group(readiness: Option<Readiness>) -> GroupState {
    GroupState {
        bounds: Bounds::new(1, 20).unwrap(),
        desired: 2,
        counts: LifecycleCounts {
            in_service: 2,
            ..LifecycleCounts::default()
        },
        oldest_pending_since: None,
        later_pending_since: Vec::new(),
        warm_up: Duration::ZERO,
        readiness: readiness.map(Box::new),
        suspended: SuspendedProcesses::default(),
        refreshing: false,
        refresh_unknown: false,
        launches: launches(30),
        early_deaths: Vec::new(),
        obstacles: Vec::new(),
        scheduled: Vec::new(),
    }
}

/// Lead time in seconds, and health, after one cycle with a reading of `group`.
fn after(group: &GroupState) -> (u64, Verdict) {
    let config = ControllerConfig {
        metric_delay: Duration::ZERO,
        ..ControllerConfig::default()
    };
    let (mut controller, begun) = Controller::new(config, at(0));
    let mut effects = VecDeque::from(begun);
    let (mut lead_time, mut health) = (None, Verdict::default());
    effects.extend(controller.handle(Event::Woke, at(0)));
    while let Some(effect) = effects.pop_front() {
        let event = match effect {
            Effect::ReadGroup { call } => Event::GroupRead {
                call,
                group: group.clone(),
            },
            Effect::ReadMetrics { call, .. } => Event::MetricsRead {
                call,
                points: points(),
                instance_metrics: 0,
                signals: Vec::new(),
            },
            Effect::Record(Record::Decided(decision)) => {
                let forecast = decision.explanation.inputs.forecast;
                lead_time = forecast.map(|forecast| forecast.lead_time.as_secs());
                continue;
            }
            Effect::Record(Record::Health { verdict, .. }) => {
                health = verdict;
                continue;
            }
            _ => continue,
        };
        effects.extend(controller.handle(event, at(0)));
    }
    (lead_time.unwrap(), health)
}

#[test]
fn the_lead_time_ends_in_service_or_where_target_groups_decide_when_healthy() {
    let (lead_time, health) = after(&group(None));
    assert_eq!(lead_time, 30);
    assert!(!health.is_in(HealthState::LoadInDoubt), "{health}");
    let nothing_yet = Readiness::default();
    let configured = ControllerConfig::default().lead_time.as_secs();
    assert_eq!(after(&group(Some(nothing_yet))).0, configured);
    let measured = Readiness {
        launches: launches(150),
        in_doubt: None,
    };
    let (lead_time, health) = after(&group(Some(measured)));
    assert_eq!(lead_time, 150);
    assert!(!health.is_in(HealthState::LoadInDoubt), "{health}");
}

#[test]
fn health_says_why_in_service_counts_and_what_to_do() {
    let unread = |kind| ReadinessDoubt::Unread {
        failure: CallFailure {
            kind,
            detail: "DescribeTargetHealth: no".to_owned(),
        },
    };
    for (doubt, step) in [
        (
            unread(FailureKind::Denied),
            "elasticloadbalancing:DescribeTargetHealth",
        ),
        (unread(FailureKind::Throttled), "foretide doctor"),
        (ReadinessDoubt::NoTargetGroup, "load.ready = \"in-service\""),
        (ReadinessDoubt::AllUnhealthy, "health checks"),
    ] {
        let readiness = Readiness {
            launches: Vec::new(),
            in_doubt: Some(doubt.clone()),
        };
        let (_, health) = after(&group(Some(readiness)));
        assert!(health.is_in(HealthState::LoadInDoubt), "{health}");
        let all = health.conditions().iter();
        let mut all = all.filter(|one| one.state() == HealthState::LoadInDoubt);
        let cause = &all.next().unwrap().cause;
        assert_eq!(*cause, Cause::ReadyInDoubt(doubt));
        assert!(cause.next_step().unwrap().contains(step), "{cause}");
        assert!(
            cause
                .to_string()
                .contains("every instance in service counts")
        );
    }
}
