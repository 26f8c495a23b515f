//! Prints what the forecast costs on one core: a datapoint, a refit of 14 days, memory.
//!
//! `cargo run --release -p foretide-forecast --example speed`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark: prints figures and measures wall time"
)]

use std::time::Instant;

use foretide_forecast::law::{LawConfig, LawInputs, LawState};
use foretide_forecast::{FitParams, Forecaster, Grid, LoadPoint, fit, generated_load, generic};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grid = Grid::for_boot(1, 3)?;
    let mut forecaster = Forecaster::new(grid, generic(grid)?);
    let mut law = LawState::new(LawConfig::new(grid, 3));
    let load = generated_load(1, 15 * 1440);
    let mut desired = 20;
    let mut step = |forecaster: &mut Forecaster, period: i64, load: f64| {
        let instances = f64::from(desired);
        let cpu = (load / instances).min(100.0);
        forecaster.observe(LoadPoint {
            period,
            load: cpu * instances,
            saturated: cpu >= 99.5,
        });
        let output = law.step(&LawInputs {
            missed: 0,
            cpu,
            instances,
            log_demand: forecaster.log_demand(),
            desired,
            pending: false,
            forecast: forecaster.forecast(),
            uplift: 1.0,
        });
        desired = output.desired.unwrap_or(desired).clamp(1, 100);
    };
    for (period, load) in (0..).zip(&load[..14 * 1440]) {
        step(&mut forecaster, period, *load);
    }
    for _ in 0..3 {
        let began = Instant::now();
        let fitted = fit(forecaster.history(), &FitParams::default(), 1)?;
        println!(
            "refit of 14 days at 1 minute ({} rows × 5 quantiles): {:.3} s",
            fitted.rows(),
            began.elapsed().as_secs_f64()
        );
        forecaster.install(fitted);
    }
    let began = Instant::now();
    for (period, load) in (14 * 1440..).zip(&load[14 * 1440..]) {
        step(&mut forecaster, period, *load);
    }
    println!(
        "one datapoint (features, forecast, law): {:.1} us",
        began.elapsed().as_secs_f64() * 1e6 / 1440.0
    );
    println!(
        "state of a group: {} KiB",
        forecaster.approximate_bytes() / 1024
    );
    Ok(())
}
