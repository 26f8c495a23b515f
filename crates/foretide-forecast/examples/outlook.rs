//! The outlook against the day before, on the ten closed-loop cases: pinball loss, coverage.
//!
//! `cargo run --release -p foretide-forecast --example outlook -- <folder of traces> [24]`
#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a laboratory: prints tables and counts in whatever is at hand"
)]

use std::path::PathBuf;

use foretide_forecast::{Grid, LoadPoint, outlook_accuracy};

#[path = "lab/trace.rs"]
#[expect(
    dead_code,
    clippy::cast_possible_wrap,
    reason = "the laboratory reads the other fields; days are few"
)]
mod trace;

fn main() -> Result<(), String> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().ok_or("a folder of traces")?);
    let hours: u32 = args
        .next()
        .map_or(Ok(24), |it| it.parse())
        .map_err(|_| "hours")?;
    println!("{:<30} loss/naive by level          coverage", "case");
    let mut better = 0;
    for case in &trace::CASES {
        let trace = trace::read(&folder, case)?;
        let step = (case.step_s / 60) as u32;
        let grid = Grid::new(step, 5.max(step) / step).map_err(|e| e.to_string())?;
        let offset = trace.epoch_minute / i64::from(step);
        let top = trace.demand.iter().copied().fold(0.0, f64::max);
        let point = |(at, demand): (i64, &f64)| LoadPoint {
            period: offset + at,
            load: 1200.0 * demand / top,
            saturated: false,
        };
        let points: Vec<LoadPoint> = (0..).zip(&trace.demand).map(point).collect();
        let Some(accuracy) = outlook_accuracy(&points, grid, hours) else {
            continue;
        };
        let of = |k: usize| accuracy.pinball[k] / accuracy.pinball_naive[k];
        let ratio = [of(0), of(1), of(2)];
        let all = accuracy.against_naive().unwrap_or(1.0);
        better += i32::from(all < 1.0);
        println!(
            "{:<30} {ratio:.3?} {all:.3}  {:.3?}",
            case.name, accuracy.coverage
        );
    }
    println!("better than the day before: {better} of 10");
    Ok(())
}
