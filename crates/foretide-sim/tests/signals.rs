//! Several loads on one group: the shipping controller on CPU and a signal, in the simulator.

#![expect(clippy::unwrap_used, reason = "the inputs are fixed")]

use std::sync::Arc;

use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, PolicyKind, Timestamp};
use foretide_sim::{Case, CaseError, Contender, Driven, Setup, Trace};

const MINUTES: usize = 3 * 1440;

fn trace(name: &str, load: impl Fn(usize) -> f64) -> Trace {
    let cells = (0..MINUTES).map(load).collect();
    Trace::new(name, Timestamp::from_seconds(0), 60, cells).unwrap()
}

/// A wave of a day that is highest at `peak` o'clock.
fn wave(peak: f64) -> impl Fn(usize) -> f64 {
    move |minute| {
        let hours = (minute % 1440) as f64 / 60.0;
        let turn = (hours - peak) / 24.0 * std::f64::consts::TAU;
        100.0 * (1.2 + turn.cos())
    }
}

fn case(signal: Option<Trace>) -> Case {
    let setup = Setup {
        warmup_days: 1,
        initial: 15,
        ..Setup::new(Bounds::new(1, 60).unwrap())
    };
    let case = Case::new(trace("web", wave(12.0)), setup).unwrap();
    let signals = signal.map(|it| vec![("memory".to_owned(), it)]);
    case.with_signals(signals.unwrap_or_default()).unwrap()
}

fn driven(policy: PolicyKind) -> Driven {
    let config = ControllerConfig {
        policy,
        ..ControllerConfig::default()
    };
    let predict = |_: &_| unreachable!("no policy here asks a model");
    Driven::new("own", config, Arc::new(predict)).unwrap()
}

/// The signal peaks at midnight and CPU at noon, so that each binds for half of the day.
#[test]
fn a_controller_that_sees_both_loads_keeps_the_objective_of_both() {
    for policy in [PolicyKind::TargetTracking, PolicyKind::Forecast] {
        let own = driven(policy);
        let both = case(Some(trace("web", wave(0.0))));
        let seen = own.run(&both, None);
        assert!(seen.violation_share < 0.02, "{policy:?}: {seen:?}");
        let alone = own.run(&case(None), None);
        assert!(
            seen.instance_hours > 1.2 * alone.instance_hours,
            "{policy:?}: the night is paid for"
        );
        let optimum = both.optimum_hours();
        assert!(optimum > 1.2 * case(None).optimum_hours(), "{optimum}");
    }
}

#[test]
fn a_signal_that_asks_for_nothing_changes_no_score() {
    for policy in [PolicyKind::TargetTracking, PolicyKind::Forecast] {
        // The same load in another unit asks for the same.
        let twice = trace("web", |minute| 2.0 * wave(12.0)(minute));
        let (with, without) = (case(Some(twice)), case(None));
        let (with, without) = (
            driven(policy).run(&with, None),
            driven(policy).run(&without, None),
        );
        let ratio = with.instance_hours / without.instance_hours;
        assert!((0.95..1.05).contains(&ratio), "{policy:?}: {ratio}");
    }
}

#[test]
fn a_load_of_other_times_is_refused_by_name() {
    let cells = vec![1.0; MINUTES - 1];
    let shorter = Trace::new("web", Timestamp::from_seconds(0), 60, cells).unwrap();
    let refused = case(None).with_signals(vec![("memory".to_owned(), shorter)]);
    let Err(CaseError::OtherTimes { name, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(name, "memory");
}
