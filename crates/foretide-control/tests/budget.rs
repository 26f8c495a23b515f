//! The bill of metrics is kept: whatever CloudWatch does, a group's metrics are read no more often
//! than one reading in [`METRICS_EVERY`], of which the bill is printed before a run begins.

#![expect(clippy::unwrap_used, reason = "the settings are valid")]

use std::collections::VecDeque;
use std::time::Duration;

use foretide_control::{
    ControlLoop, Controller, ControllerConfig, Effect, Event, METRICS_EVERY, Outside, SavedState,
    Snapshot,
};
use foretide_domain::{
    Asked, Bounds, CallFailure, CallId, Class, Datapoint, FailureKind, GroupState, MetricsQuery,
    Percent, PolicyKind, Prediction, Timestamp, WriteOutcome,
};
use proptest::prelude::*;

const START_S: i64 = 1_700_000_040;
/// A month as AWS bills it.
const MONTH_S: i64 = 730 * 3600;
/// One reading at the start and one in reserve: what a run may spend beyond the mean, once.
const BEYOND: u64 = 2;
/// Readings whose answer a restart lost, and that are made again at once.
const LOST: u64 = 10;

/// CloudWatch and the machine that asks it.
#[derive(Clone, Copy, Debug)]
struct World {
    /// Length of a period, in seconds.
    period: i64,
    /// Shortest and longest time from a period's end until it is shown, in seconds.
    delay: (i64, i64),
    /// Of so many periods one is never shown; 0: all are shown.
    missing: i64,
    /// Of so many readings one fails; 0: none does.
    failing: u64,
    /// Seconds after which the process is killed within a look and starts again; 0: never.
    killed_after: i64,
}

const CALM: World = World {
    period: 60,
    delay: (60, 60),
    missing: 0,
    failing: 0,
    killed_after: 0,
};

impl World {
    fn shows(&self, end: i64, at: i64) -> bool {
        let (least, most) = self.delay;
        let index = end / self.period;
        let delay = least + (index * 7919).rem_euclid(most - least + 1);
        let lost = self.missing > 0 && (index * 104_729).rem_euclid(self.missing) == 0;
        !lost && end + delay <= at
    }

    fn points(&self, query: MetricsQuery, at: i64) -> Vec<Datapoint> {
        let newest = at.div_euclid(self.period) * self.period;
        let ends = (0..).map(|n| newest - n * self.period);
        ends.take_while(|end| Timestamp::from_seconds(end - self.period) >= query.from)
            .filter(|end| self.shows(*end, at))
            .map(|end| Datapoint {
                start: Timestamp::from_seconds(end - self.period),
                period: Duration::from_secs(self.period.unsigned_abs()),
                cpu: Percent::new(45.0),
                instances: 2.0,
                network_in: None,
                network_out: None,
                memory: None,
                demand: None,
                unaccounted: None,
            })
            .collect()
    }
}

/// A process under way.
struct Run {
    world: World,
    config: ControllerConfig,
    saved: Option<SavedState>,
    now: i64,
    due: i64,
    readings: u64,
    /// Metrics of single instances that were asked for.
    single: u64,
    /// Whether calls are answered.
    answers: bool,
    events: VecDeque<Event>,
}

impl Run {
    /// Runs for `span_s` seconds; how often metrics were read.
    fn of(world: World, config: ControllerConfig, span_s: i64) -> u64 {
        Self::over(world, config, span_s).readings
    }

    fn over(world: World, config: ControllerConfig, span_s: i64) -> Self {
        let mut control = ControlLoop::new(config.clone(), Snapshot::default(), at(START_S));
        let mut run = Self {
            world,
            config,
            saved: None,
            now: START_S,
            due: START_S,
            readings: 0,
            single: 0,
            answers: true,
            events: VecDeque::new(),
        };
        control.run(&mut run, at(START_S));
        let mut killed = START_S;
        loop {
            let dies = world.killed_after > 0 && run.due - killed >= world.killed_after;
            run.now = if dies {
                killed + world.killed_after
            } else {
                run.due
            };
            let now = at(run.now);
            if run.now >= START_S + span_s {
                return run;
            }
            if dies {
                killed = run.now;
                control = run.killed();
            } else {
                control.tell(Event::Woke, &mut run, now);
            }
        }
    }

    /// It dies while it looks, starts again, and dies once more before anything is answered.
    fn killed(&mut self) -> ControlLoop {
        self.restarted(false);
        self.restarted(true)
    }

    fn restarted(&mut self, answers: bool) -> ControlLoop {
        self.answers = answers;
        let snapshot = Snapshot {
            state: self.saved.clone(),
            forecast: None,
        };
        let mut control = ControlLoop::new(self.config.clone(), snapshot, at(self.now));
        control.run(self, at(self.now));
        control
    }

    fn metrics(&self, call: CallId, query: MetricsQuery) -> Event {
        let failing = self.world.failing;
        if failing > 0 && self.readings.is_multiple_of(failing) {
            return Event::CallFailed {
                call,
                asked: Asked::Metrics,
                failure: CallFailure {
                    kind: FailureKind::Throttled,
                    detail: "rate exceeded".to_owned(),
                },
            };
        }
        Event::MetricsRead {
            call,
            points: self.world.points(query, self.now),
            instance_metrics: query.instance_metrics,
            signals: Vec::new(),
        }
    }
}

impl Outside for Run {
    fn carry_out(&mut self, effect: Effect, controller: &Controller, _now: Timestamp) {
        let event = match effect {
            Effect::WakeAt(at) => {
                self.due = at.as_seconds();
                return;
            }
            Effect::Save | Effect::SaveFirst | Effect::Snapshot { .. } => {
                self.saved = Some(controller.saved_state().clone());
                return;
            }
            Effect::ReadGroup { call } => Event::GroupRead {
                call,
                group: group(),
            },
            Effect::ReadMetrics { call, query } => {
                self.readings += 1;
                self.single += u64::from(query.instance_metrics);
                self.metrics(call, query)
            }
            Effect::Predict { call, .. } => Event::Predicted {
                call,
                prediction: Prediction {
                    class: Class::Hold,
                    probabilities: [0.0, 0.0, 1.0],
                },
            },
            Effect::SetDesired { call, .. } => Event::WriteSettled {
                call,
                outcome: WriteOutcome::DryRun,
            },
            Effect::ReadHistory { .. } | Effect::Fit { .. } | Effect::Record(_) => return,
        };
        if self.answers {
            self.events.push_back(event);
        }
    }

    fn next_event(&mut self, _now: Timestamp) -> Option<Event> {
        self.events.pop_front()
    }
}

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn group() -> GroupState {
    GroupState::at_rest(Bounds::new(1, 5).unwrap(), 2)
}

fn config(metric_delay: u64, interval: u64) -> ControllerConfig {
    ControllerConfig {
        policy: PolicyKind::TargetTracking,
        metric_delay: Duration::from_secs(metric_delay),
        interval: Duration::from_secs(interval),
        ..ControllerConfig::default()
    }
}

/// Readings that were printed for `span_s` seconds.
fn printed(span_s: i64) -> u64 {
    span_s.unsigned_abs() / METRICS_EVERY.as_secs()
}

/// What a run in `world` may spend beyond what was printed.
const fn beyond(world: World) -> u64 {
    if world.killed_after > 0 {
        BEYOND + LOST
    } else {
        BEYOND
    }
}

#[track_caller]
fn costs_no_more_than_printed(name: &str, world: World, metric_delay: u64, span_s: i64) {
    let readings = Run::of(world, config(metric_delay, 10), span_s);
    let printed = printed(span_s);
    assert!(
        readings <= printed + beyond(world),
        "{name}: {readings} readings, {printed} were printed"
    );
    assert!(readings >= printed / 6, "{name}: {readings}");
}

#[test]
fn a_month_costs_no_more_than_was_printed() {
    let late = World {
        delay: (60, 130),
        ..CALM
    };
    let basic = World {
        period: 300,
        ..CALM
    };
    let gaps = World { missing: 3, ..late };
    let silence = World { missing: 1, ..CALM };
    let failing = |failing| World { failing, ..late };
    for (name, world, metric_delay) in [
        ("as configured", CALM, 60),
        ("metric_delay = 0s", CALM, 0),
        ("late data", late, 60),
        ("late data, metric_delay = 0s", late, 0),
        ("basic monitoring", basic, 0),
        ("missing data", gaps, 0),
        ("no data at all", silence, 0),
        ("failing calls", failing(2), 0),
        ("nothing but failing calls", failing(1), 60),
    ] {
        costs_no_more_than_printed(name, world, metric_delay, MONTH_S);
    }
}

/// What was paid is saved before the reading is asked for: dying after that saves nothing.
#[test]
fn restarts_cost_no_more_than_was_printed() {
    for killed_after in [2, 47, 600] {
        let world = World {
            killed_after,
            ..CALM
        };
        costs_no_more_than_printed("restarts", world, 0, 2 * 86_400);
    }
}

/// Every reading takes all that it may of single instances, whether it is answered, fails or is
/// lost.
#[test]
fn restarts_read_no_more_of_single_instances_than_the_allowance() {
    let allowed = 1000;
    let mut config = config(0, 10);
    config.instance_allowance.per_month = allowed;
    for (killed_after, failing) in [(0, 0), (2, 0), (47, 0), (600, 3)] {
        let world = World {
            failing,
            killed_after,
            ..CALM
        };
        let run = Run::over(world, config.clone(), 2 * 86_400);
        // Readings that fail are throttled ones, which AWS does not bill.
        let refused = run.readings.checked_div(failing).unwrap_or_default() * 20;
        assert!(
            (allowed..=allowed + refused).contains(&run.single),
            "{killed_after}: {}",
            run.single
        );
    }
}

/// Looks a second apart asked up to ten times a minute before: 13.80 USD a month instead of 1.31.
#[test]
fn looks_every_second_cost_the_same() {
    let day = 86_400;
    for delay in [(60, 60), (30, 180)] {
        let readings = Run::of(World { delay, ..CALM }, config(0, 1), day);
        assert!(readings <= printed(day) + BEYOND, "{delay:?}: {readings}");
    }
}

#[test]
fn data_in_time_is_read_once_a_period_and_no_less() {
    let day = 86_400;
    assert_eq!(Run::of(CALM, config(60, 10), day), printed(day));
    let basic = World {
        period: 300,
        ..CALM
    };
    let readings = Run::of(basic, config(60, 10), day);
    assert!((day / 300..=day / 300 + 4).contains(&i64::try_from(readings).unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(64)
    })]

    #[test]
    fn no_world_spends_more_than_was_printed(
        period in prop::sample::select(vec![10_i64, 60, 300]),
        least in 0_i64..200,
        spread in 0_i64..200,
        missing in 0_i64..4,
        failing in 0_u64..4,
        killed_after in prop::sample::select(vec![0_i64, 3, 61, 400]),
        metric_delay in 0_u64..200,
        interval in prop::sample::select(vec![1_u64, 10, 90]),
        hours in 1_i64..4,
    ) {
        let delay = (least, least + spread);
        let world = World { period, delay, missing, failing, killed_after };
        let span = hours * 3600;
        let readings = Run::of(world, config(metric_delay, interval), span);
        prop_assert!(readings <= printed(span) + beyond(world), "{readings} of {}", printed(span));
    }
}
