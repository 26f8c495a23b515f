//! Shapes of reported incidents, on a simulated group that behaves like EC2's: each with a control
//! beside it, in which instances live plain lives.

#![expect(clippy::unwrap_used, reason = "the settings are valid")]

use std::time::Duration;

use foretide_control::ControllerConfig;
use foretide_domain::{
    Bounds, CallFailure, FailureKind, Features, Mode, PolicyKind, Prediction, Record, Timestamp,
};
use foretide_sim::{Boot, Case, Crash, Life, Setup, Simulation, Step, Trace, World};

const POLICIES: [PolicyKind; 2] = [PolicyKind::TargetTracking, PolicyKind::Forecast];

fn no_model(_: &Features) -> Result<Prediction, CallFailure> {
    Err(CallFailure {
        kind: FailureKind::Unavailable,
        detail: "no policy here asks a model".into(),
    })
}

/// Demand in instance-percent, each for so many minutes.
fn demand(parts: &[(usize, f64)]) -> Trace {
    let minutes = parts
        .iter()
        .flat_map(|&(minutes, value)| std::iter::repeat_n(value, minutes));
    let start = Timestamp::from_seconds(1_795_435_200);
    Trace::new("incident", start, 60, minutes.collect()).unwrap()
}

fn setup(initial: u32, life: Life) -> Setup {
    Setup {
        unit: Some(100.0),
        initial,
        life,
        boot: Boot::Constant { seconds: 60 },
        ..Setup::new(Bounds::new(1, 60).unwrap())
    }
}

fn settings(policy: PolicyKind) -> ControllerConfig {
    ControllerConfig {
        policy,
        mode: Mode::Enforce,
        ..ControllerConfig::default()
    }
}

/// What became of the group: each step, and everything that the controller said.
struct Run {
    steps: Vec<Step>,
    said: Vec<(Timestamp, Record)>,
}

impl Run {
    fn of(
        config: ControllerConfig,
        setup: Setup,
        trace: Trace,
        disturb: &dyn Fn(&mut World),
    ) -> Self {
        let case = Case::new(trace, setup).unwrap();
        let mut simulation = Simulation::new(&case, config, &no_model, None).unwrap();
        let (mut steps, mut said) = (Vec::new(), Vec::new());
        while let Some(step) = simulation.advance(&mut |at, record| said.push((at, record))) {
            steps.push(step);
            disturb(simulation.world_mut());
        }
        Self { steps, said }
    }

    fn most(&self) -> u32 {
        self.steps.iter().map(|step| step.desired).max().unwrap()
    }

    /// Desired capacity `minutes` after the start.
    fn desired(&self, minutes: usize) -> u32 {
        self.steps[minutes * 6].desired
    }

    fn lead_time(&self) -> Option<Duration> {
        self.said.iter().rev().find_map(|(_, record)| match record {
            Record::Decided(decision) => {
                let figures = decision.explanation.inputs.forecast?;
                Some(figures.lead_time)
            }
            _ => None,
        })
    }
}

/// A group of five instances serves 225 and then 300 instance-percent. An instance that boots
/// reports 100 % CPU for five minutes after it entered service, and serves nothing. Before, its CPU
/// was counted as load, and the group grew from 5 to 34 instances.
#[test]
fn instances_that_boot_busy_do_not_feed_growth() {
    let boots_busy = Life {
        warm_up_s: 300,
        warm_up_cpu: 100.0,
        ..Life::default()
    };
    for policy in POLICIES {
        let run = |life| {
            let trace = demand(&[(60, 225.0), (120, 300.0)]);
            Run::of(settings(policy), setup(5, life), trace, &|_| {}).most()
        };
        let (busy, plain) = (run(boots_busy), run(Life::default()));
        assert!(busy <= 8, "{policy}: {busy} instances, six would do");
        assert!(busy <= plain + 1, "{policy}: {busy} and {plain} without");
    }
}

/// Nine of twelve instances drain for an hour at no CPU while three serve, and demand returns to
/// 900. Before, the mean of the twelve hid that the three were saturated, for 45 minutes.
#[test]
fn instances_that_drain_do_not_hide_that_the_others_are_saturated() {
    let drains = Life {
        drain_s: 3600,
        ..Life::default()
    };
    for policy in POLICIES {
        let run = |life| {
            let trace = demand(&[(40, 150.0), (60, 900.0)]);
            Run::of(settings(policy), setup(12, life), trace, &|_| {})
        };
        let (draining, plain) = (run(drains), run(Life::default()));
        for run in [&draining, &plain] {
            assert!(run.desired(39) <= 4, "{policy}: {}", run.desired(39));
            assert!(run.desired(52) >= 9, "{policy}: {}", run.desired(52));
        }
        assert_eq!(draining.desired(52), plain.desired(52), "{policy}");
    }
}

/// One launch hangs for hours while three of ten instances would do. Before, it held scale-in back
/// for ever.
#[test]
fn a_launch_that_hangs_holds_scale_in_back_for_three_lead_times_only() {
    for policy in POLICIES {
        let run = |hang: f64| {
            let trace = demand(&[(10, 490.0), (10, 545.0), (100, 130.0)]);
            let disturb = move |world: &mut World| world.set_hang(hang);
            let mut setup = setup(10, Life::default());
            setup.boot = Boot::Constant { seconds: 180 };
            Run::of(settings(policy), setup, trace, &disturb)
        };
        let (hanging, plain) = (run(1.0), run(0.0));
        let last = hanging.steps.last().unwrap();
        assert!(plain.most() > 10, "{policy}: something was launched");
        assert!(last.desired <= 4, "{policy}: {}", last.desired);
        assert!(last.serving >= 2, "{policy}: those that serve are kept");
    }
}

/// Instances die four minutes after entering service and every launch succeeds. Those that serve
/// are not taken away meanwhile, and the breaker says so.
#[test]
fn instances_that_die_young_open_the_breaker_and_take_nothing_away() {
    let dies = Life {
        crash: Some(Crash {
            share: 1.0,
            after_s: 240,
        }),
        ..Life::default()
    };
    for policy in POLICIES {
        let run = |life| {
            let trace = demand(&[(20, 200.0), (40, 420.0)]);
            Run::of(settings(policy), setup(4, life), trace, &|_| {})
        };
        let alarms = |run: &Run| {
            let said = run.said.iter().map(|(_, record)| record.to_string());
            said.filter(|text| text.contains("new instances left service"))
                .count()
        };
        let (dying, plain) = (run(dies), run(Life::default()));
        assert!(alarms(&dying) > 0, "{policy}");
        assert_eq!(alarms(&plain), 0, "{policy}");
        let fewest = dying.steps.iter().map(|step| step.serving).min();
        assert_eq!(fewest, Some(4), "{policy}: the old four serve throughout");
    }
}

/// A launch is in service after 30 s and serves ten minutes later. Before, the lead time was 30 s.
#[test]
fn lead_time_ends_when_an_instance_serves() {
    let slow = Life {
        warm_up_s: 570,
        warm_up_cpu: 5.0,
        ..Life::default()
    };
    let run = |life, floor: u64| {
        let mut setup = setup(4, life);
        setup.boot = Boot::Constant { seconds: 30 };
        let config = ControllerConfig {
            lead_time_min: Duration::from_secs(floor),
            ..settings(PolicyKind::Forecast)
        };
        let trace = demand(&[(60, 200.0), (60, 700.0), (60, 200.0)]);
        Run::of(config, setup, trace, &|_| {}).lead_time().unwrap()
    };
    assert_eq!(run(slow, 0), Duration::from_secs(600));
    assert_eq!(run(Life::default(), 0), Duration::from_secs(30));
    assert_eq!(run(Life::default(), 600), Duration::from_secs(600));
}
