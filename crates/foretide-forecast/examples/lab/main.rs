//! Runs the forecast policy on the ten closed-loop cases, or on hostile load, and prints the table.
//!
//! `cargo run --release -p foretide-forecast --example lab -- <folder of traces> [--boot 180]
//! [--q99 20] [--monitoring 60] [--cases nasa,elb] [--seed 1] [--first-days] [--hostile]
//! [--coverage] [--weeks] [--lists] [--record <folder>] [--replay <folder>] [--set gain=0.4]`
//!
//! `--weeks` holds every rolling week against target tracking at 50 %; `--lists` makes price lists.
//! `--record` keeps the forecasts of a run, `--replay` tries other constants on them in a second.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a laboratory: prints tables, measures wall time, and counts in whatever is at hand"
)]

mod hostile;
mod notes;
mod options;
mod pilot;
mod reactive;
mod trace;
mod weeks;
mod world;

use foretide_forecast::sizing::SizingConfig;
use foretide_forecast::{Accuracy, Grid, Scores, generic};

use options::Options;
use pilot::Pilot;
use world::{Score, Setup};

/// A run: demand by the minute, what it is called, and from when it counts.
pub(crate) struct Run<'a> {
    pub(crate) name: &'a str,
    pub(crate) demand: &'a [f64],
    pub(crate) epoch_minute: i64,
    pub(crate) score_from: i64,
    pub(crate) unit: f64,
}

fn main() -> Result<(), String> {
    let o = Options::parse()?;
    if o.hostile {
        return hostile::table(&o);
    }
    println!(
        "{:<30} ratio  viol%  actions  own/peer  act/ref   fit s  step us",
        "case"
    );
    let (mut logs, mut hard, mut violations) = (0.0, 0.0, 0.0);
    let (mut actions, mut within, mut count, mut count_hard) = (0.0, 0, 0.0, 0.0);
    let mut pooled = [Scores::default(), Scores::default()];
    for case in trace::CASES.iter().filter(|c| o.wants(c.name)) {
        let trace = trace::read(&o.dir, case)?;
        let per = (case.step_s / 60) as usize;
        let mut demand: Vec<f64> = trace.demand.iter().flat_map(|d| vec![*d; per]).collect();
        let mut score_from = case.warmup as i64 * 1440;
        if o.first_days {
            demand.truncate(2 * 1440);
            score_from = 0;
        }
        let run = Run {
            name: case.name,
            demand: &demand,
            epoch_minute: trace.epoch_minute,
            score_from,
            unit: world::quantile(&trace.demand, 0.99) / (o.q99 * 0.6),
        };
        let (score, pilot) = fly(&o, &run, &mut pooled)?;
        let (ratio, violation) = (score.cost_ratio(), 100.0 * score.violation);
        println!(
            "{:<30} {ratio:.3}  {violation:.3}  {:7}  {:.3}  {:.3}  {:.2}  {:.1}",
            case.name,
            score.actions,
            ratio / case.best_peer,
            score.actions / case.actions,
            pilot.fit_time.as_secs_f64() / f64::from(pilot.fits.max(1)),
            pilot.step_time.as_secs_f64() * 1e6 / pilot.outputs.len() as f64,
        );
        if o.weeks {
            let mut tracking = reactive::TargetTracking::new(50.0);
            let tracked = world::run(&demand, &setup(&o, run.unit), score_from, &mut tracking);
            weeks::Weeks::of(&score.minutes, &tracked.minutes, 0.0055).print(case.name);
        }
        logs += ratio.ln();
        if !["ms_ingress_04", "azure_v2_vms_2019"].contains(&case.name) {
            hard += ratio.ln();
            count_hard += 1.0;
        }
        violations += violation;
        actions += score.actions;
        within += i32::from(violation <= 0.55);
        count += 1.0;
    }
    if o.coverage {
        print_coverage("pooled", &pooled);
    }
    println!(
        "geometric mean {:.4}  without ms_ingress_04 and azure {:.4}  mean violation {:.3} %  \
         actions {actions}  within budget {within} of {count}",
        f64::exp(logs / count),
        f64::exp(hard / count_hard),
        violations / count
    );
    Ok(())
}

/// One closed loop under the forecast policy.
pub(crate) fn fly(
    o: &Options,
    run: &Run<'_>,
    pooled: &mut [Scores; 2],
) -> Result<(Score, Pilot), String> {
    let setup = setup(o, run.unit);
    let grid = Grid::for_boot(o.monitoring / 60, setup.boot as u32).map_err(|e| e.to_string())?;
    let shipped = generic(grid).map_err(|e| e.to_string())?;
    let mut config = SizingConfig::new(grid, setup.boot as u32);
    o.apply(&mut config)?;
    let file = |dir: &std::path::PathBuf| dir.join(format!("{}.{}", run.name, o.seed));
    let replayed = o
        .replay
        .as_ref()
        .map(|d| notes::read(&file(d)))
        .transpose()?;
    let offset = run.epoch_minute.div_euclid(setup.step);
    let mut pilot = Pilot::new(config, offset, o.seed, shipped, replayed);
    pilot.lists = o.lists;
    pilot.max = setup.max;
    let score = world::run(run.demand, &setup, run.score_from, &mut pilot);
    if let Some(dir) = &o.record {
        notes::write(&file(dir), &pilot.noted)?;
    }
    if o.coverage {
        let scores = notes::scores(run, &setup, grid, &pilot);
        print_coverage(run.name, &scores);
        for (all, one) in pooled.iter_mut().zip(&scores) {
            all.merge(one);
        }
    }
    Ok((score, pilot))
}

pub(crate) fn setup(o: &Options, unit: f64) -> Setup {
    Setup {
        boot: i64::from(o.boot.div_ceil(60)),
        step: i64::from(o.monitoring / 60),
        unit,
        min: 1,
        max: (5.0 * o.q99) as u32,
    }
}

fn print_coverage(name: &str, scores: &[Scores; 2]) {
    for (kind, scores) in ["trees", "curve"].iter().zip(scores) {
        let Some(Accuracy {
            forecasts,
            coverage,
            coverage_rising,
            mase,
            wape,
            wape_seasonal_naive,
            ..
        }) = scores.report()
        else {
            continue;
        };
        println!(
            "  {name} {kind}: coverage {coverage:.4?} rising {:.4?} of {forecasts} \
             mase {mase:.3?} wape {wape:.4?} naive {wape_seasonal_naive:.4?}",
            coverage_rising.unwrap_or_default()
        );
    }
}
