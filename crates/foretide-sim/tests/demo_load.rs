//! The demo shows what recorded traces show.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails where something is missing"
)]

use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, CallFailure, FailureKind, Features, Mode, Prediction};
use foretide_sim::{Case, Peer, Setup, Simulation, TargetTracking, Workload, fair_run};

/// Policy `forecast` asks no model.
fn no_model(_: &Features) -> Result<Prediction, CallFailure> {
    Err(CallFailure {
        kind: FailureKind::Rejected,
        detail: "no model".into(),
    })
}

/// The logarithm of the instance-hours of policy `forecast` ÷ those of the fair baseline, and the
/// violation shares of both, over a week after a week of history.
fn shown(seed: u64) -> (f64, f64, f64) {
    let setup = Setup {
        warmup_days: 7,
        ..Setup::new(Bounds::new(1, 100).unwrap())
    };
    let load = Workload::demo(14, seed).generate("demo").unwrap();
    let case = Case::new(load, setup).unwrap();
    let config = ControllerConfig {
        mode: Mode::Enforce,
        ..ControllerConfig::default()
    };
    let budget = config.forecast.budget;
    let tracking = Peer::TargetTracking(TargetTracking::default());
    let mut simulation = Simulation::after(&tracking, &case, config, &no_model).unwrap();
    while simulation.advance(&mut |_, _| {}).is_some() {}
    let (own, fair) = (
        simulation.score(),
        fair_run(&tracking, &case, budget).unwrap(),
    );
    assert!(fair.kept, "seed {seed}: no target kept the budget");
    let ratio = own.instance_hours / fair.score.instance_hours;
    (ratio.ln(), own.violation_share, fair.score.violation_share)
}

/// On the seven of ten recorded traces on which a target kept the budget, `forecast` used 0.787
/// times the instance-hours of the fair baseline, in violation 0.43 % of the time against 0.29 %. A
/// demo that shows more than that promises too much; one that shows nothing is none.
#[test]
fn the_demo_shows_what_recorded_traces_show() {
    let seeds = 1..=4;
    let count = seeds.clone().count() as f64;
    let (mut logs, mut own, mut fair) = (0.0, 0.0, 0.0);
    for seed in seeds {
        let (log, share, of_fair) = shown(seed);
        logs += log / count;
        own += share / count;
        fair += of_fair / count;
    }
    let ratio = logs.exp();
    assert!((0.75..0.87).contains(&ratio), "ratio {ratio}");
    assert!((0.003..=0.005).contains(&own), "in violation {own}");
    assert!(
        (0.002..=0.005).contains(&fair),
        "baseline in violation {fair}"
    );
}
