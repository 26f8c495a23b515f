//! The shipping controller in the simulated world: it is the independent law, and does not look
//! ahead.

#![expect(clippy::unwrap_used, reason = "the settings are valid")]

use std::sync::Arc;

use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, CallFailure, Class, FailureKind, Features, PolicyKind, Prediction};
use foretide_sim::{Case, Contender, Driven, Peer, Score, Setup, Timeline, Trace, Workload};
use proptest::prelude::*;

fn no_model(_: &Features) -> Result<Prediction, CallFailure> {
    Err(CallFailure {
        kind: FailureKind::Unavailable,
        detail: "target tracking asks no model".into(),
    })
}

fn controller(target: f64) -> Box<dyn Contender> {
    let config = ControllerConfig {
        policy: PolicyKind::TargetTracking,
        ..ControllerConfig::default()
    };
    let driven = Driven::new("target-tracking", config, Arc::new(no_model)).unwrap();
    driven.with_target(target).unwrap()
}

fn case(trace: Trace, period_s: u32) -> Case {
    let setup = Setup {
        unit: Some(100.0),
        period_s,
        ..Setup::new(Bounds::new(1, 60).unwrap())
    };
    Case::new(trace, setup).unwrap()
}

fn run(contender: &dyn Contender, case: &Case) -> (Score, Timeline) {
    let mut timeline = Timeline::default();
    let score = contender.run(case, Some(&mut timeline));
    (score, timeline)
}

/// Two implementations that share no code agree on every step, on every load that hurts, with
/// detailed and with basic monitoring.
#[test]
fn the_controllers_target_tracking_is_the_independent_law() {
    let law = Peer::named("target-tracking").unwrap();
    for (name, load) in Workload::hostile(3, 11) {
        for period_s in [60, 300] {
            let case = case(load.generate(name).unwrap(), period_s);
            let law = run(&*Contender::with_target(&law, 60.0).unwrap(), &case);
            let controller = run(&*controller(60.0), &case);
            assert_eq!(controller, law, "{name}, periods of {period_s} s");
        }
    }
}

/// A model that asks for what a person would at that CPU.
#[expect(clippy::unnecessary_wraps, reason = "a model may fail")]
fn by_cpu(features: &Features) -> Result<Prediction, CallFailure> {
    let (class, probabilities) = match features.cpu_usage {
        cpu if cpu > 60.0 => (Class::ScaleOut, [0.9, 0.05, 0.05]),
        cpu if cpu < 40.0 => (Class::ScaleIn, [0.05, 0.9, 0.05]),
        _ => (Class::Hold, [0.05, 0.05, 0.9]),
    };
    Ok(Prediction {
        class,
        probabilities,
    })
}

fn shipping(policy: PolicyKind) -> Driven {
    let config = ControllerConfig {
        policy,
        ..ControllerConfig::default()
    };
    Driven::new("shipping", config, Arc::new(by_cpu)).unwrap()
}

proptest! {
    // Two days, so that the forecast is also fitted on the group's own load.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_controller_does_not_look_ahead(seed in 0_u64..1000, cut in 1_usize..2880) {
        let load = Workload { noise: 0.2, ..Workload::flash_crowd(seed) };
        let whole = load.generate("demo").unwrap();
        let demand = whole.demand()[..cut].to_vec();
        let short = Trace::new("cut", whole.start(), whole.step_s(), demand).unwrap();
        let end_s = short.span_s();
        let (short, whole) = (case(short, 60), case(whole, 60));
        for policy in [PolicyKind::TargetTracking, PolicyKind::Classifier, PolicyKind::Forecast] {
            let contender = shipping(policy);
            let (_, short) = run(&contender, &short);
            let (_, long) = run(&contender, &whole);
            let before = long.rows().iter().take_while(|row| row.at_s < end_s);
            prop_assert!(before.eq(short.rows().iter()), "{policy}");
        }
    }

    /// The test above would pass for policies that never act.
    #[test]
    fn every_policy_acts_on_such_a_load(seed in 0_u64..1000) {
        let load = Workload { noise: 0.2, ..Workload::flash_crowd(seed) }.generate("demo").unwrap();
        let case = case(load, 60);
        for policy in [PolicyKind::Classifier, PolicyKind::Forecast] {
            let (score, _) = run(&shipping(policy), &case);
            prop_assert!(score.actions > 10, "{policy}: {}", score.actions);
        }
    }
}
