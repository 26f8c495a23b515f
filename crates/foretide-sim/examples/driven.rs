//! The shipping controller under target tracking beside the independent law, with run times.
//!
//! `cargo run --release -p foretide-sim --example driven -- TRACE.csv DAYS WARMUP_DAYS`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example that measures"
)]

use std::error::Error;
use std::fs::File;
use std::sync::Arc;
use std::time::Instant;

use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, CallFailure, FailureKind, PolicyKind};
use foretide_sim::{Case, Contender, Driven, Peer, ReadOptions, Setup, read_csv};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("name a trace")?;
    let days: u32 = args.next().ok_or("say how many days")?.parse()?;
    let warmup_days: u32 = args.next().ok_or("say how many warm-up days")?.parse()?;
    let trace = read_csv(&file, File::open(&file)?, &ReadOptions::default())?;
    let setup = Setup {
        warmup_days,
        ..Setup::new(Bounds::new(1, 100)?)
    };
    let case = Case::new(trace.cut(0, Some(days))?, setup)?;
    let config = ControllerConfig {
        policy: PolicyKind::TargetTracking,
        ..ControllerConfig::default()
    };
    let no_model = Arc::new(|_: &_| {
        Err(CallFailure {
            kind: FailureKind::Unavailable,
            detail: "no model".into(),
        })
    });
    let driven = Driven::new("target-tracking", config, no_model)?;
    let peer = Peer::named("target-tracking").ok_or("no such policy")?;
    for target in [50.0, 55.0, 60.0] {
        for contender in [&driven as &dyn Contender, &peer] {
            let contender = contender.with_target(target).ok_or("no such knob")?;
            let started = Instant::now();
            let score = contender.run(&case, None);
            println!(
                "T {target} hours {:.4} ratio {:.5} violation {:.6} actions {} in {:.1} ms",
                score.instance_hours,
                score.cost_ratio,
                score.violation_share,
                score.actions,
                started.elapsed().as_secs_f64() * 1e3
            );
        }
    }
    Ok(())
}
