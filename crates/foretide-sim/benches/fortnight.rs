//! A backtest of two weeks by the shipping controller under policy `forecast`, fitted every day.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, CallFailure, FailureKind, Features, PolicyKind, Prediction};
use foretide_sim::{Case, Setup, Shape, Simulation, Workload};

const DAYS: u32 = 14;

fn main() -> Result<(), Box<dyn Error>> {
    let load = Workload {
        shape: Shape::Daily,
        days: DAYS,
        noise: 0.1,
        seed: 1,
    };
    let case = Case::new(load.generate("daily")?, Setup::new(Bounds::new(1, 100)?))?;
    let config = ControllerConfig {
        policy: PolicyKind::Forecast,
        ..ControllerConfig::default()
    };
    let started = now();
    let mut simulation = Simulation::new(&case, config, &no_model, None)?;
    while simulation.advance(&mut |_, _| {}).is_some() {}
    black_box(simulation.score());
    let seconds = started.elapsed().as_secs_f64();
    println!("BENCH\tfortnight/{DAYS}-days-forecast-daily-refits\t{seconds:.1}\ts\t<= 20");
    Ok(())
}

fn no_model(_: &Features) -> Result<Prediction, CallFailure> {
    Err(CallFailure {
        kind: FailureKind::Unavailable,
        detail: "the forecast asks no classifier".into(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time; nothing decides by it"
)]
fn now() -> Instant {
    Instant::now()
}
