//! The first write of a run: a group that is short when the run begins is raised in the first look
//! in which a write is possible, in whatever order AWS answers.

#![expect(clippy::unwrap_used, reason = "the settings are valid")]

use std::collections::VecDeque;
use std::time::Duration;

use foretide_control::{Controller, ControllerConfig, Effect, Event};
use foretide_domain::{
    Bounds, Class, Datapoint, GroupState, Mode, Obstacle, Percent, PolicyKind, Prediction,
    Timestamp,
};

/// A full minute: the newest period has just ended.
const START_S: i64 = 1_700_000_040;
const INTERVAL_S: i64 = 10;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// Half an hour at 100 % CPU on two instances.
fn points() -> Vec<Datapoint> {
    let starts = (1..=30).rev().map(|minute| at(START_S - 60 * minute));
    starts
        .map(|start| Datapoint {
            start,
            period: Duration::from_secs(60),
            cpu: Percent::new(100.0),
            instances: 2.0,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        })
        .collect()
}

fn group(obstacles: Vec<Obstacle>) -> GroupState {
    GroupState {
        obstacles,
        ..GroupState::at_rest(Bounds::new(1, 20).unwrap(), 2)
    }
}

/// Seconds from the start to the first write; none within two minutes. Other writers of the group
/// are not known in the first `unknown` looks. No datapoint comes after the first reading.
fn first_write(policy: PolicyKind, unknown: i64, metrics_first: bool) -> Option<i64> {
    let config = ControllerConfig {
        policy,
        mode: Mode::Enforce,
        interval: Duration::from_secs(INTERVAL_S.unsigned_abs()),
        metric_delay: Duration::ZERO,
        ..ControllerConfig::default()
    };
    let (mut controller, begun) = Controller::new(config, at(START_S));
    let mut effects = VecDeque::from(begun);
    let mut held: Vec<Event> = Vec::new();
    let (mut now, mut due) = (START_S, START_S);
    while now < START_S + 120 {
        let Some(effect) = effects.pop_front() else {
            // All that was asked for is answered, else the next look begins.
            let event = held.pop().unwrap_or_else(|| {
                now = due.max(now);
                Event::Woke
            });
            effects.extend(controller.handle(event, at(now)));
            continue;
        };
        let look = (now - START_S) / INTERVAL_S;
        match effect {
            Effect::SetDesired { .. } => return Some(now - START_S),
            Effect::WakeAt(time) => due = time.as_seconds(),
            Effect::ReadGroup { call } => {
                let obstacles = Vec::from_iter((look < unknown).then_some(Obstacle::Unknown));
                let group = group(obstacles);
                held.push(Event::GroupRead { call, group });
            }
            Effect::ReadMetrics { call, .. } => {
                let read = Event::MetricsRead {
                    call,
                    points: points(),
                    instance_metrics: 0,
                    signals: Vec::new(),
                };
                // The last one held is the first answer.
                let place = if metrics_first { held.len() } else { 0 };
                held.insert(place, read);
            }
            Effect::Predict { call, .. } => held.push(Event::Predicted {
                call,
                prediction: Prediction {
                    class: Class::ScaleOut,
                    probabilities: [1.0, 0.0, 0.0],
                },
            }),
            _ => {}
        }
    }
    None
}

#[test]
fn the_first_write_waits_for_what_forbids_it_and_for_nothing_else() {
    for policy in [
        PolicyKind::Forecast,
        PolicyKind::TargetTracking,
        PolicyKind::Classifier,
    ] {
        for metrics_first in [false, true] {
            for unknown in 0..4 {
                assert_eq!(
                    first_write(policy, unknown, metrics_first),
                    Some(unknown * INTERVAL_S),
                    "{policy}, metrics first: {metrics_first}, unknown in {unknown} looks"
                );
            }
        }
    }
}
