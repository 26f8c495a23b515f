//! Speed of the simulated group: one policy over two weeks, and a whole comparison on all cores.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, CallFailure, FailureKind, Features, PolicyKind, Prediction};
use foretide_sim::{
    Case, Contender, Driven, Peer, Run, Score, Setup, Shape, Workload, in_parallel, sweep,
};

const ROUNDS: usize = 7;
const POLICIES: usize = 12;
const TARGETS: [f64; 12] = [
    20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0,
];

fn main() -> Result<(), Box<dyn Error>> {
    let fortnight = case(14)?;
    let controller = controller()?;
    let peer = Peer::named("target-tracking").ok_or("no such policy")?;
    let world = fastest(|| {
        let mut run = Run::new(&fortnight, None);
        while run.advance(|_| false).is_some() {}
        run.score()
    });
    let law = fastest(|| peer.run(&fortnight, None));
    let shipping = fastest(|| controller.run(&fortnight, None));
    println!("BENCH\tworlds/14-days-no-policy\t{world:.1}\tms\t<= 30");
    println!("BENCH\tworlds/14-days-target-tracking-law\t{law:.1}\tms\t<= 60");
    println!("BENCH\tworlds/14-days-target-tracking-controller\t{shipping:.1}\tms\t<= 60");

    let days = case(11)?;
    let mut policies: Vec<Box<dyn Contender>> = vec![Box::new(controller)];
    for name in Peer::NAMES.iter().cycle().take(POLICIES - 1) {
        policies.push(Box::new(Peer::named(name).ok_or("no such policy")?));
    }
    let started = now();
    let curves = in_parallel(
        &policies,
        |policy| sweep(&**policy, &days, &TARGETS),
        |_| {},
    );
    let seconds = started.elapsed().as_secs_f64();
    let runs: usize = curves.iter().map(Vec::len).sum();
    println!("BENCH\tworlds/12-policies-{runs}-runs-11-days\t{seconds:.2}\ts\t<= 15");
    Ok(())
}

/// Fastest of some rounds in milliseconds: what the code needs when nothing else runs.
fn fastest(mut work: impl FnMut() -> Score) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let started = now();
        black_box(work());
        started.elapsed().as_secs_f64() * 1e3
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn case(days: u32) -> Result<Case, Box<dyn Error>> {
    let load = Workload {
        shape: Shape::Daily,
        days,
        noise: 0.1,
        seed: 1,
    };
    let setup = Setup::new(Bounds::new(1, 100)?);
    Ok(Case::new(load.generate("daily")?, setup)?)
}

fn controller() -> Result<Driven, Box<dyn Error>> {
    let config = ControllerConfig {
        policy: PolicyKind::TargetTracking,
        ..ControllerConfig::default()
    };
    Ok(Driven::new("controller", config, Arc::new(no_model))?)
}

fn no_model(_: &Features) -> Result<Prediction, CallFailure> {
    Err(CallFailure {
        kind: FailureKind::Unavailable,
        detail: "target tracking asks no model".into(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time; nothing decides by it"
)]
fn now() -> Instant {
    Instant::now()
}
