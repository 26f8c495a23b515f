//! Runs the forecast policy on the ten closed-loop cases and prints the table.
//!
//! `cargo run --release -p foretide-forecast --example lab -- <folder of traces> [--boot 180]
//! [--q99 20] [--monitoring 60] [--cases nasa,elb] [--seed 1] [--start 15] [--first-days]`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a laboratory: prints tables, measures wall time, and counts in whatever is at hand"
)]

mod notes;
mod pilot;
mod trace;
mod world;

use std::path::PathBuf;

use foretide_forecast::law::LawConfig;
use foretide_forecast::{Grid, generic};

struct Options {
    dir: PathBuf,
    boot: u32,
    q99: f64,
    monitoring: u32,
    cases: Vec<String>,
    seed: u64,
    start: f64,
    first_days: bool,
    record: Option<PathBuf>,
    replay: Option<PathBuf>,
    set: Vec<(String, f64)>,
    coverage: bool,
}

fn options() -> Result<Options, String> {
    let mut o = Options {
        dir: PathBuf::new(),
        boot: 180,
        q99: 20.0,
        monitoring: 60,
        cases: Vec::new(),
        seed: 1,
        start: 15.0,
        first_days: false,
        record: None,
        replay: None,
        set: Vec::new(),
        coverage: false,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        let number = |v: String| v.parse::<f64>().map_err(|e| format!("{v}: {e}"));
        match arg.as_str() {
            "--boot" => o.boot = number(value()?)? as u32,
            "--q99" => o.q99 = number(value()?)?,
            "--monitoring" => o.monitoring = number(value()?)? as u32,
            "--seed" => o.seed = number(value()?)? as u64,
            "--start" => o.start = number(value()?)?,
            "--cases" => o.cases = value()?.split(',').map(str::to_owned).collect(),
            "--record" => o.record = Some(value()?.into()),
            "--replay" => o.replay = Some(value()?.into()),
            "--coverage" => o.coverage = true,
            "--set" => {
                let pair = value()?;
                let (key, v) = pair.split_once('=').ok_or("--set key=value")?;
                o.set.push((key.to_owned(), number(v.to_owned())?));
            }
            "--first-days" => o.first_days = true,
            _ => o.dir = PathBuf::from(&arg),
        }
    }
    Ok(o)
}

fn main() -> Result<(), String> {
    let o = options()?;
    println!(
        "{:<30} ratio  viol%  actions  own/peer  act/ref   fit s  step us",
        "case"
    );
    let (mut logs, mut violations, mut actions, mut within, mut count) = (0.0, 0.0, 0.0, 0, 0.0);
    let mut pooled = notes::Coverage::default();
    for case in &trace::CASES {
        if !o.cases.is_empty() && !o.cases.iter().any(|c| case.name.contains(c.as_str())) {
            continue;
        }
        let trace = trace::read(&o.dir, case)?;
        let per = (case.step_s / 60) as usize;
        let mut demand: Vec<f64> = trace.demand.iter().flat_map(|d| vec![*d; per]).collect();
        let unit = world::quantile(&trace.demand, 0.99) / (o.q99 * 0.6);
        if o.first_days {
            demand.truncate(2 * 1440);
        }
        let setup = world::Setup {
            boot: i64::from(o.boot.div_ceil(60)),
            step: i64::from(o.monitoring / 60),
            unit,
            min: 1,
            max: (5.0 * o.q99) as u32,
        };
        let score_from = if o.first_days {
            0
        } else {
            case.warmup as i64 * 1440
        };
        let grid =
            Grid::for_boot(o.monitoring / 60, setup.boot as u32).map_err(|e| e.to_string())?;
        let shipped = generic(grid).map_err(|e| e.to_string())?;
        let mut config = LawConfig::new(grid, setup.boot as u32);
        config.budget.start = o.start;
        for (key, value) in &o.set {
            *constant(&mut config, key)? = *value;
        }
        let file = |dir: &PathBuf| dir.join(format!("{}.{}", case.name, o.seed));
        let replayed = o
            .replay
            .as_ref()
            .map(|d| notes::read(&file(d)))
            .transpose()?;
        let offset = trace.epoch_minute.div_euclid(setup.step);
        let mut pilot = pilot::Pilot::new(config, offset, o.seed, shipped, replayed);
        let score = world::run(&demand, &setup, score_from, &mut pilot);
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
        if let Some(dir) = &o.record {
            notes::write(&file(dir), &pilot.noted)?;
        }
        if o.coverage {
            let load: Vec<f64> = demand
                .chunks_exact(setup.step as usize)
                .map(|d| 100.0 * d.iter().sum::<f64>() / d.len() as f64 / unit)
                .collect();
            let mut coverage = notes::Coverage::default();
            let from = score_from / setup.step;
            coverage.add(
                &pilot.noted,
                &load,
                grid.lead_steps() as usize,
                from as usize,
            );
            coverage.print(case.name);
            pooled.merge(&coverage);
        }
        logs += ratio.ln();
        violations += violation;
        actions += score.actions;
        within += i32::from(violation <= 0.55);
        count += 1.0;
    }
    if o.coverage {
        pooled.print("pooled");
    }
    println!(
        "geometric mean {:.4}  mean violation {:.3} %  actions {actions}  within budget {within} of {count}",
        f64::exp(logs / count),
        violations / count
    );
    Ok(())
}

/// A constant of the law by its name on the command line.
fn constant<'a>(config: &'a mut LawConfig, key: &str) -> Result<&'a mut f64, String> {
    Ok(match key {
        "gain" => &mut config.budget.gain,
        "max" => &mut config.budget.max,
        "max_demoted" => &mut config.budget.max_demoted,
        "share" => &mut config.budget_share,
        "widening" => &mut config.widening,
        "surplus" => &mut config.surplus,
        other => return Err(format!("no constant {other}")),
    })
}
