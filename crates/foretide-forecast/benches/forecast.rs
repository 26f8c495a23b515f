//! What the forecast of one group costs on one core: a datapoint, a refit of 14 days, memory.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::error::Error;
use std::time::Instant;

use foretide_forecast::sizing::{CapacityOptimiser, SizingConfig, SizingInputs};
use foretide_forecast::{FitParams, Forecaster, Grid, LoadPoint, fit, generated_load, generic};

const ROUNDS: usize = 3;
const DAY: usize = 1440;

/// A group that follows its optimiser, without boot: the bench measures the decision alone.
struct Group {
    forecaster: Forecaster,
    optimiser: CapacityOptimiser,
    desired: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let grid = Grid::for_boot(1, 3)?;
    let mut group = Group {
        forecaster: Forecaster::new(grid, generic(grid)?),
        optimiser: CapacityOptimiser::new(SizingConfig::new(grid, 3)),
        desired: 20,
    };
    let load = generated_load(1, (14 + ROUNDS) * DAY);
    let mut minutes = (0..).zip(load);
    for (minute, load) in minutes.by_ref().take(14 * DAY) {
        group.step(minute, load);
    }
    let (mut refit_s, mut datapoint_us) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        let began = now();
        let fitted = fit(group.forecaster.history(), &FitParams::default(), 1)?;
        refit_s = began.elapsed().as_secs_f64().min(refit_s);
        group.forecaster.install(fitted);

        let began = now();
        for (minute, load) in minutes.by_ref().take(DAY) {
            group.step(minute, load);
        }
        datapoint_us = (began.elapsed().as_secs_f64() * 1e6 / DAY as f64).min(datapoint_us);
    }
    let mib = group.forecaster.approximate_bytes() as f64 / f64::from(1 << 20);
    println!("BENCH\tforecast/datapoint\t{datapoint_us:.1}\tus\t<= 50");
    println!("BENCH\tforecast/refit-of-14-days\t{refit_s:.2}\ts\t<= 2");
    println!("BENCH\tforecast/state-of-a-group\t{mib:.2}\tMiB\t<= 1");
    Ok(())
}

impl Group {
    fn step(&mut self, period: i64, load: f64) {
        let instances = f64::from(self.desired);
        let cpu = (load / instances).min(100.0);
        self.forecaster.observe(LoadPoint {
            period,
            load: cpu * instances,
            saturated: cpu >= 99.5,
        });
        let output = self.optimiser.step(&SizingInputs {
            missed: 0,
            cpu,
            instances,
            log_demand: self.forecaster.log_demand(),
            desired: self.desired,
            bounds: (1, 100),
            governs: true,
            pending: false,
            forecast: self.forecaster.forecast(),
            uplift: 1.0,
        });
        self.desired = output.desired.unwrap_or(self.desired).clamp(1, 100);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time; nothing decides by it"
)]
fn now() -> Instant {
    Instant::now()
}
