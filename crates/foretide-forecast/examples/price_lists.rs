//! What the price list of days 1 to 7 says, against what days 8 to 14 then cost, on the ten cases.
//!
//! `cargo run --release -p foretide-forecast --example price_lists -- <folder of traces> [share]`
//!
//! Costs are over those of target tracking at 50 % on the same days. `share` is the violation
//! budget, 0.005 if not given. The last two columns are days 8 to 14 at the price that the list of
//! days 1 to 7 has for the budget. Traces of eleven days end there.
#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a laboratory: prints tables and counts in whatever is at hand"
)]

use std::path::PathBuf;

use foretide_forecast::sizing::{PriceList, PricePoint, SizingConfig};
use foretide_forecast::{FitParams, Grid, History, LoadPoint, price_list_from};

#[path = "lab/trace.rs"]
#[expect(
    dead_code,
    clippy::cast_possible_wrap,
    reason = "the laboratory reads the other fields; days are few"
)]
mod trace;

/// Minutes of a boot.
const BOOT: u32 = 3;
/// Instances that the 99 % quantile of demand needs at 60 %.
const INSTANCES: f64 = 20.0;
const BOUNDS: (u32, u32) = (1, 100);
const DAY_MINUTES: i64 = 1440;

fn main() -> Result<(), String> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().ok_or("a folder of traces")?);
    let share: f64 = args
        .next()
        .map_or(Ok(0.005), |it| it.parse())
        .map_err(|_| "a share")?;
    println!(
        "{:<30} days  said  then  at that price  viol%",
        "cost / target tracking at 50 %"
    );
    for case in &trace::CASES {
        let trace = trace::read(&folder, case)?;
        let minutes = (case.step_s / 60) as u32;
        let grid = Grid::for_boot(minutes, BOOT).map_err(|e| e.to_string())?;
        let config = SizingConfig::new(grid, BOOT);
        let day = DAY_MINUTES / i64::from(minutes);
        let first = trace.epoch_minute / i64::from(minutes);
        let mut sorted = trace.demand.clone();
        sorted.sort_by(f64::total_cmp);
        let q99 = sorted[(0.99 * (sorted.len() - 1) as f64) as usize];
        let points = (first..)
            .zip(&trace.demand)
            .map(|(period, demand)| LoadPoint {
                period,
                load: 100.0 * demand * 0.6 * INSTANCES / q99,
                saturated: false,
            });
        let points: Vec<LoadPoint> = points.take(14 * day as usize).collect();
        let list = |to: i64, from: i64| -> Result<Option<PriceList>, String> {
            let mut history = History::new(grid);
            for point in points.iter().take_while(|it| it.period < first + to * day) {
                history.push(*point);
            }
            let (params, from) = (FitParams::default(), first + from * day);
            price_list_from(&history, from, &config, BOUNDS, &params, 1).map_err(|e| e.to_string())
        };
        let (Some(said), Some(then)) = (list(7, 2)?, list(14, 7)?) else {
            return Err(format!("{}: too short", case.name));
        };
        let over = |list: &PriceList, point: Option<PricePoint>| {
            point.map_or("none".to_owned(), |it| {
                format!("{:.2}", it.instances / list.baseline.instances)
            })
        };
        let promised = said.for_share(share);
        let kept = promised.and_then(|it| at_price(&then, it.price_step?));
        println!(
            "{:<30} {:>4.0}  {:>4}  {:>4}  {:>13}  {:.2}",
            case.name,
            then.minutes / DAY_MINUTES as f64,
            over(&said, promised),
            over(&then, then.for_share(share)),
            over(&then, kept),
            100.0 * kept.map_or(f64::NAN, |it| it.violation_share),
        );
    }
    Ok(())
}

/// What `step` did, between the steps that were tried.
fn at_price(list: &PriceList, step: f64) -> Option<PricePoint> {
    let points = list.points();
    let after = points.iter().position(|it| it.price_step >= Some(step))?;
    let (a, b) = (points[after.saturating_sub(1)], points[after]);
    let span = b.price_step? - a.price_step?;
    let way = if span > 0.0 {
        (step - a.price_step?) / span
    } else {
        0.0
    };
    let between = |a: f64, b: f64| a + way * (b - a);
    Some(PricePoint {
        price_step: Some(step),
        instances: between(a.instances, b.instances),
        violation_share: between(a.violation_share, b.violation_share),
    })
}
