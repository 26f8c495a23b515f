//! What holds for every sequence of events, however mad.

#![expect(clippy::unwrap_used, reason = "what is drawn is valid")]

use std::collections::VecDeque;
use std::time::Duration;

use foretide_control::{
    AtMost, Carries, Combine, ControlLoop, Controller, ControllerConfig, Effect, Event, OnMissing,
    Outside, PaceLimit, SavedState, SignalConfig, Snapshot,
};
use foretide_domain::{
    Alarm, Bounds, CallFailure, CallId, Class, Datapoint, FailureKind, GroupState, Launch,
    LifecycleCounts, Mode, Obstacle, Percent, Plan, PolicyKind, Prediction, Record,
    ScheduledChange, SignalReading, SignalValue, SuspendedProcesses, Timestamp, WriteOutcome,
};
use proptest::prelude::*;

const START: i64 = 1_700_000_000;
/// Windows of the pace limits are drawn in minutes, and a cycle takes a minute.
const MINUTE: i64 = 60;

/// An event as drawn: which outstanding call it answers is chosen when it is sent.
#[derive(Clone, Debug)]
enum Draw {
    Woke,
    Group(GroupState),
    Points(Vec<(i64, u64, Option<f64>, f64)>),
    Past(Vec<(i64, u64, Option<f64>, f64)>),
    Class(usize, f64),
    Fail,
    Write(u8),
}

fn group() -> impl Strategy<Value = GroupState> {
    (
        0_u32..6,
        0_u32..8,
        0_u32..14,
        0_u32..14,
        0_u32..4,
        0_u8..8,
        prop::collection::vec((0_u64..40, any::<bool>()), 0..3),
    )
        .prop_map(
            |(min, span, desired, in_service, pending, flags, launches)| GroupState {
                counts: LifecycleCounts {
                    in_service,
                    pending,
                    ..LifecycleCounts::default()
                },
                oldest_pending_since: (pending > 0).then(|| Timestamp::from_seconds(START)),
                suspended: SuspendedProcesses {
                    launch: flags & 1 != 0 && flags & 4 != 0,
                    terminate: flags & 2 != 0 && flags & 4 != 0,
                    ..SuspendedProcesses::default()
                },
                refreshing: flags == 3,
                launches: launches
                    .into_iter()
                    .map(|(id, succeeded)| Launch {
                        id,
                        started: Timestamp::from_seconds(START - 100),
                        ended: Timestamp::from_seconds(START),
                        succeeded,
                        message: None,
                    })
                    .collect(),
                obstacles: if flags == 5 {
                    vec![Obstacle::Weights]
                } else {
                    Vec::new()
                },
                scheduled: if flags == 6 {
                    vec![ScheduledChange {
                        action: "morning".into(),
                        at: Timestamp::from_seconds(START + 600),
                        min: Some(min + 1),
                        max: None,
                        desired: Some(desired + 1),
                    }]
                } else {
                    Vec::new()
                },
                ..GroupState::at_rest(Bounds::new(min, min + span).unwrap(), desired)
            },
        )
}

fn draw() -> impl Strategy<Value = Draw> {
    prop_oneof![
        3 => Just(Draw::Woke),
        4 => group().prop_map(Draw::Group),
        4 => prop::collection::vec(
            (-400_i64..400, 0_u64..400, prop::option::of(0.0_f64..130.0), -1.0_f64..20.0),
            0..4
        )
        .prop_map(Draw::Points),
        1 => prop::collection::vec(
            (-90_000_i64..400, 60_u64..61, prop::option::of(0.0_f64..130.0), -1.0_f64..20.0),
            0..9
        )
        .prop_map(Draw::Past),
        3 => (0_usize..3, 0.3_f64..1.0).prop_map(|(class, sure)| Draw::Class(class, sure)),
        1 => Just(Draw::Fail),
        2 => (0_u8..5).prop_map(Draw::Write),
    ]
}

/// One of each kind.
fn signals() -> Vec<SignalConfig> {
    let carries = [
        ("total", Carries::PerInstance(50.0)),
        ("learnt", Carries::Learnt),
        ("mean", Carries::Target(60.0)),
        ("thresholds", Carries::Thresholds),
    ];
    let signal = |(name, carries): (&str, Carries)| SignalConfig {
        name: name.to_owned(),
        carries,
        weight: 2.0,
        scale_in: name != "learnt",
        out_above: (name == "thresholds").then_some(90.0),
        in_below: (name == "thresholds").then_some(40.0),
    };
    carries.into_iter().map(signal).collect()
}

/// What a reading of `points` says of the signals: every third value is missing, and one source
/// fails now and then.
fn signal_readings(points: &[Datapoint]) -> Vec<SignalReading> {
    let reading = |(place, signal): (i64, SignalConfig)| {
        let there = |point: &&Datapoint| (point.start.as_seconds() / 7 + place) % 3 != 0;
        let value = |point: &Datapoint| SignalValue {
            start: point.start,
            period: point.period,
            value: 3.0 * point.instances,
        };
        SignalReading {
            name: signal.name,
            values: points.iter().filter(there).map(value).collect(),
            failure: (place == 2 && points.len() == 1).then(|| CallFailure {
                kind: FailureKind::Unavailable,
                detail: "not there".to_owned(),
            }),
        }
    };
    (0..).zip(signals()).map(reading).collect()
}

fn config() -> impl Strategy<Value = ControllerConfig> {
    (0_usize..3, any::<bool>(), 0_u8..3, 1_u32..5).prop_map(|(policy, out, mode, streak)| {
        let mut config = ControllerConfig {
            policy: [
                PolicyKind::Classifier,
                PolicyKind::TargetTracking,
                PolicyKind::Forecast,
            ][policy],
            on_missing: if out {
                OnMissing::ScaleOutOnly
            } else {
                OnMissing::Hold
            },
            mode: [Mode::Observe, Mode::ScaleOutOnly, Mode::Enforce][usize::from(mode)],
            ..ControllerConfig::default()
        };
        config.classifier.streak = streak;
        config.classifier.streak_datapoints = 1;
        config.classifier.cooldown_in = Duration::from_secs(30);
        config.target_tracking.in_points = 3;
        if policy > 0 && streak > 1 {
            config.signals.list = signals();
            config.signals.combine = [Combine::Max, Combine::Weighted][usize::from(out)];
        }
        config
    })
}

/// Keeps what the controller has asked and not been answered.
#[derive(Default)]
struct Asked {
    group: Option<CallId>,
    metrics: Option<CallId>,
    history: Option<CallId>,
    prediction: Option<CallId>,
    write: Option<CallId>,
    plans: Vec<Plan>,
}

impl Asked {
    fn note(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::ReadGroup { call } => self.group = Some(*call),
                Effect::ReadMetrics { call, .. } => self.metrics = Some(*call),
                Effect::Predict { call, .. } => self.prediction = Some(*call),
                Effect::SetDesired { call, plan } => {
                    self.write = Some(*call);
                    self.plans.push(*plan);
                }
                Effect::ReadHistory { call, .. } => self.history = Some(*call),
                Effect::Fit { .. }
                | Effect::Record(_)
                | Effect::Save
                | Effect::SaveFirst
                | Effect::Snapshot { .. }
                | Effect::WakeAt(_) => {}
            }
        }
    }

    fn event(&self, draw: &Draw, now: Timestamp) -> Event {
        // A call that was never made must do no harm either.
        let unknown = CallId(u64::MAX);
        match draw {
            Draw::Woke => Event::Woke,
            Draw::Group(group) => Event::GroupRead {
                call: self.group.unwrap_or(unknown),
                group: group.clone(),
            },
            Draw::Points(points) => {
                let points: Vec<_> = points.iter().map(|point| datapoint(point, now)).collect();
                Event::MetricsRead {
                    call: self.metrics.unwrap_or(unknown),
                    signals: signal_readings(&points),
                    points,
                    instance_metrics: 0,
                }
            }
            Draw::Class(class, confidence) => {
                let mut probabilities = [(1.0 - confidence) / 2.0; 3];
                probabilities[*class] = *confidence;
                let prediction = Prediction {
                    class: Class::from_index(*class).unwrap(),
                    probabilities,
                };
                Event::Predicted {
                    call: self.prediction.unwrap_or(unknown),
                    prediction,
                }
            }
            Draw::Past(points) => {
                let points: Vec<_> = points.iter().map(|point| datapoint(point, now)).collect();
                Event::HistoryRead {
                    call: self.history.unwrap_or(unknown),
                    signals: signal_readings(&points),
                    points,
                }
            }
            Draw::Fail => Event::CallFailed {
                asked: foretide_domain::Asked::Group,
                call: self
                    .group
                    .or(self.metrics)
                    .or(self.history)
                    .or(self.prediction)
                    .unwrap_or(unknown),
                failure: failure(FailureKind::Throttled),
            },
            Draw::Write(kind) => {
                let bounds = Bounds::new(1, 2).unwrap();
                let outcome = match kind {
                    0 => WriteOutcome::Moved { bounds, desired: 1 },
                    1 => WriteOutcome::Failed(failure(FailureKind::TimedOut)),
                    2 => WriteOutcome::Failed(failure(FailureKind::Throttled)),
                    3 => WriteOutcome::DryRun,
                    _ => WriteOutcome::Accepted,
                };
                Event::WriteSettled {
                    call: self.write.unwrap_or(unknown),
                    outcome,
                }
            }
        }
    }
}

fn datapoint(
    &(offset, period, cpu, instances): &(i64, u64, Option<f64>, f64),
    now: Timestamp,
) -> Datapoint {
    Datapoint {
        start: Timestamp::from_seconds(now.as_seconds() + offset - 200),
        period: Duration::from_secs(period),
        cpu: cpu.and_then(Percent::new),
        instances,
        network_in: None,
        network_out: None,
        memory: None,
        demand: None,
        unaccounted: None,
    }
}

fn failure(kind: FailureKind) -> CallFailure {
    CallFailure {
        kind,
        detail: "drawn".to_owned(),
    }
}

/// A limit and its window in minutes.
type Drawn = (Option<f64>, Option<u32>, usize);

fn pace() -> impl Strategy<Value = Drawn> {
    (
        prop::option::of(1.0_f64..150.0),
        prop::option::of(1_u32..9),
        1_usize..20,
    )
}

fn limit(&(percent, instances, minutes): &Drawn) -> PaceLimit {
    PaceLimit {
        at_most: AtMost { percent, instances },
        per: Duration::from_secs(60 * minutes as u64),
    }
}

/// Whether a move by `moved` from `reference` keeps the limit.
fn keeps(&(percent, instances, _): &Drawn, reference: u32, moved: u32) -> bool {
    let share = percent.map(|it| f64::from(reference) * it / 100.0);
    let by_share = share.is_some_and(|share| f64::from(moved) < share + 1.0);
    let by_number = instances.is_some_and(|most| moved <= most);
    moved <= 1 || by_share || by_number || (share.is_none() && instances.is_none())
}

/// A group whose launches take no time, whose load is drawn, and that nobody else changes.
struct Paced {
    group: GroupState,
    load: f64,
    accepts: bool,
    now: i64,
    answers: VecDeque<Event>,
    saved: Option<SavedState>,
    /// Plans that the audit refused: the guard rails should have.
    refused: Vec<Record>,
}

impl Outside for Paced {
    fn carry_out(&mut self, effect: Effect, controller: &Controller, _now: Timestamp) {
        match effect {
            Effect::ReadGroup { call } => {
                let group = self.group.clone();
                self.answers.push_back(Event::GroupRead { call, group });
            }
            Effect::ReadMetrics { call, .. } => {
                // Never saturated.
                let instances = f64::from(self.group.counts.in_service);
                let cpu = (self.load / instances.max(1.0)).min(99.0);
                let now = Timestamp::from_seconds(self.now);
                let point = datapoint(&(200 - 2 * MINUTE, 60, Some(cpu), instances), now);
                self.answers.push_back(Event::MetricsRead {
                    call,
                    points: vec![point],
                    instance_metrics: 0,
                    signals: Vec::new(),
                });
            }
            Effect::SetDesired { call, plan } => {
                let outcome = if self.accepts {
                    self.group.desired = plan.desired;
                    self.group.counts.in_service = plan.desired;
                    WriteOutcome::Accepted
                } else {
                    WriteOutcome::Failed(failure(FailureKind::Throttled))
                };
                self.answers
                    .push_back(Event::WriteSettled { call, outcome });
            }
            Effect::Save | Effect::SaveFirst => {
                self.saved = Some(controller.saved_state().clone());
            }
            Effect::Snapshot { snapshot, .. } => self.saved = snapshot.state,
            Effect::Record(record @ Record::Alarm(Alarm::InvariantBroken { .. })) => {
                self.refused.push(record);
            }
            _ => {}
        }
    }

    fn next_event(&mut self, _now: Timestamp) -> Option<Event> {
        self.answers.pop_front()
    }
}

/// Desired capacity after each minute, the first one included.
fn paced(config: &ControllerConfig, loads: &[(f64, usize, u8)]) -> Vec<u32> {
    let mut world = Paced {
        group: GroupState::at_rest(Bounds::new(1, 1000).unwrap(), 10),
        load: 500.0,
        accepts: true,
        now: START,
        answers: VecDeque::new(),
        saved: None,
        refused: Vec::new(),
    };
    let at = Timestamp::from_seconds;
    let mut control = ControlLoop::new(config.clone(), Snapshot::default(), at(START));
    control.run(&mut world, at(START));
    let mut desired = vec![world.group.desired];
    for &(load, minutes, luck) in loads {
        world.load = load;
        for _ in 0..minutes {
            world.now += MINUTE;
            if luck == 0 {
                // The process dies, and its state is read from the store.
                let text = serde_json::to_string(&world.saved).unwrap();
                let snapshot = Snapshot {
                    state: serde_json::from_str(&text).unwrap(),
                    forecast: None,
                };
                control = ControlLoop::new(config.clone(), snapshot, at(world.now));
                let now = at(world.now);
                control.run(&mut world, now);
            }
            world.accepts = luck != 1;
            let now = at(world.now);
            control.tell(Event::Woke, &mut world, now);
            desired.push(world.group.desired);
        }
    }
    assert_eq!(world.refused, []);
    desired
}

fn asks_nothing(effects: &[Effect]) -> bool {
    effects
        .iter()
        .all(|effect| matches!(effect, Effect::WakeAt(_)))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2000)
    })]

    #[test]
    fn no_event_breaks_the_controller(
        config in config(),
        draws in prop::collection::vec((draw(), 0_i64..20), 1..120),
    ) {
        let mut now = Timestamp::from_seconds(START);
        let (mut controller, effects) = Controller::new(config.clone(), now);
        let mut asked = Asked::default();
        asked.note(&effects);
        let mut read: Option<GroupState> = None;
        for (draw, pause) in draws {
            now = Timestamp::from_seconds(now.as_seconds() + pause);
            let event = asked.event(&draw, now);
            if let (Event::GroupRead { call, group }, Some(open)) = (&event, asked.group)
                && *call == open
            {
                read = Some(group.clone());
                asked.group = None;
            }
            asked.plans.clear();
            let effects = controller.handle(event.clone(), now);
            asked.note(&effects);
            for plan in &asked.plans {
                let group = read.as_ref().expect("a plan without a reading");
                prop_assert!(group.bounds.contains(plan.desired), "{plan:?} {group:?}");
                prop_assert!(config.mode != Mode::Observe);
                prop_assert!(config.mode == Mode::Enforce || plan.desired > plan.expected_desired);
            }
            prop_assert!(asked.plans.len() <= 1, "two writes at once");
            // Saying the same again says nothing new.
            let again = controller.handle(event, now);
            prop_assert!(asks_nothing(&again), "{again:?}");
        }
    }

    #[test]
    fn a_saved_state_survives_its_format(
        config in config(),
        draws in prop::collection::vec((draw(), 0_i64..20), 1..60),
    ) {
        let mut now = Timestamp::from_seconds(START);
        let (mut controller, effects) = Controller::new(config, now);
        let mut asked = Asked::default();
        asked.note(&effects);
        for (draw, pause) in draws {
            now = Timestamp::from_seconds(now.as_seconds() + pause);
            let effects = controller.handle(asked.event(&draw, now), now);
            asked.note(&effects);
        }
        let text = serde_json::to_string(controller.saved_state()).unwrap();
        let back: foretide_control::SavedState = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&back, controller.saved_state());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    /// Where nobody else changes the group and CPU is never saturated, a change leads no further
    /// from the capacity at the start of its window than the limit says, whatever the load, failed
    /// writes and restarts.
    #[test]
    fn no_change_leads_further_from_the_start_of_its_window_than_the_pace_limit(
        (scale_out, scale_in) in (pace(), pace()),
        policy in prop::sample::select(vec![PolicyKind::TargetTracking, PolicyKind::Forecast]),
        loads in prop::collection::vec((10.0_f64..9000.0, 4_usize..16, 0_u8..6), 1..8),
    ) {
        let mut config = ControllerConfig {
            policy,
            mode: Mode::Enforce,
            interval: Duration::from_secs(60),
            metric_delay: Duration::from_secs(60),
            ..ControllerConfig::default()
        };
        config.target_tracking.in_points = 3;
        config.pace.scale_out = limit(&scale_out);
        config.pace.scale_in = limit(&scale_in);
        let desired = paced(&config, &loads);
        for (minute, pair) in desired.windows(2).enumerate() {
            let (before, after) = (pair[0], pair[1]);
            let limit = if after > before { scale_out } else { scale_in };
            let start = desired[(minute + 1).saturating_sub(limit.2)];
            let moved = if after > before {
                after.saturating_sub(start)
            } else {
                start.saturating_sub(after)
            };
            let holds = after == before || keeps(&limit, start, moved);
            prop_assert!(holds, "minute {minute}: {start} … {before} → {after}: {limit:?}");
        }
    }
}
