//! Load made to break forecasts: 14 days each, against target tracking at 50.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::options::Options;
use crate::reactive::TargetTracking;
use crate::{Run, fly, setup, trace, world};

const MINUTES: usize = 14 * 1440;

pub(crate) fn table(o: &Options) -> Result<(), String> {
    println!(
        "{:<22} ratio  viol%  actions | tt50 ratio  viol%  | ratio/tt50  holds",
        "load"
    );
    for (name, demand) in loads(o)? {
        if !o.wants(name) {
            continue;
        }
        let q99 = world::quantile(&demand, 0.99);
        let run = Run {
            name,
            demand: &demand,
            epoch_minute: 25_000_000 - 25_000_000 % 1440,
            score_from: 0,
            unit: if q99 > 0.0 { q99 } else { 1.0 } / (o.q99 * 0.6),
        };
        let (own, _) = fly(o, &run, &mut Default::default())?;
        let mut tracking = TargetTracking::new(50.0);
        let tt = world::run(&demand, &setup(o, run.unit), 0, &mut tracking);
        let (ratio, base) = (own.cost_ratio(), tt.cost_ratio());
        let holds = ratio <= o.max_cost() * base;
        println!(
            "{name:<22} {ratio:.3}  {:.3}  {:7} | {base:.3}  {:.3} | {:.3}  {}",
            100.0 * own.violation,
            own.actions,
            100.0 * tt.violation,
            ratio / base,
            if holds { "yes" } else { "NO" },
        );
    }
    Ok(())
}

fn loads(o: &Options) -> Result<Vec<(&'static str, Vec<f64>)>, String> {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(o.seed));
    let day = |t: usize| 1.0 + 0.6 * (std::f64::consts::TAU * t as f64 / 1440.0).sin();
    let with = |f: &mut dyn FnMut(usize) -> f64| (0..MINUTES).map(f).collect::<Vec<f64>>();
    let rough = |dice: &mut Dice| 1.0 + 0.03 * dice.normal();
    Ok(vec![
        ("shuffled days", shuffled_nasa(o, &mut dice)?),
        ("level x3 up and down", {
            let mut level = 1.0;
            with(&mut |t| {
                if t % 2880 == 2000 {
                    level = 4.0 - level;
                }
                level * rough(&mut dice)
            })
        }),
        ("spikes 10x 2 a day", spiky(&mut dice, 2.0)),
        ("spikes 10x .5 a day", spiky(&mut dice, 0.5)),
        ("spikes 10x 5 a day", spiky(&mut dice, 5.0)),
        ("flat", vec![1.0; MINUTES]),
        ("all zero", vec![0.0; MINUTES]),
        ("random walk", {
            let mut x = 0.0;
            with(&mut |_| {
                x += 0.01 * dice.normal() - 0.00005 * x;
                f64::exp(x)
            })
        }),
        (
            "sawtooth 20 on 40 off",
            with(&mut |t| if t % 60 < 20 { 1.0 } else { 0.05 }),
        ),
        ("growth x2 per 4 days", {
            with(&mut |t| f64::exp2(t as f64 / 5760.0) * day(t) * rough(&mut dice))
        }),
        ("period 24 to 12 h", {
            with(&mut |t| day(if t < MINUTES / 2 { t } else { 2 * t }) * rough(&mut dice))
        }),
        ("30 % missing", {
            let mut held = 1.0;
            with(&mut |t| {
                if !dice.chance(0.3) {
                    held = day(t) * rough(&mut dice);
                }
                held
            })
        }),
        ("on-off exponential", {
            let mut on = false;
            with(&mut |_| {
                on ^= dice.chance(1.0 / 45.0);
                if on { 1.0 } else { 0.05 }
            })
        }),
        ("level x10 once", {
            let level = |t| if t > 6 * 1440 + 500 { 10.0 } else { 1.0 };
            with(&mut |t| level(t) * rough(&mut dice))
        }),
        (
            "noise sd 25 %",
            with(&mut |_| (1.0 + 0.25 * dice.normal()).max(0.0)),
        ),
        ("isolated spikes 10 %", isolated(&mut dice, 0.1)),
        ("isolated spikes 40 %", isolated(&mut dice, 0.4)),
    ])
}

/// Fourteen days of a real trace in random order.
fn shuffled_nasa(o: &Options, dice: &mut Dice) -> Result<Vec<f64>, String> {
    let trace = trace::read(&o.dir, &trace::CASES[0])?;
    let mut order: Vec<usize> = (0..14).collect();
    for k in (1..order.len()).rev() {
        order.swap(k, dice.0.next_u32() as usize % (k + 1));
    }
    Ok(order
        .into_iter()
        .flat_map(|d| trace.demand[d * 1440..(d + 1) * 1440].to_vec())
        .collect())
}

fn spiky(dice: &mut Dice, per_day: f64) -> Vec<f64> {
    let mut left = 0;
    (0..MINUTES)
        .map(|t| {
            if left == 0 && dice.chance(per_day / 1440.0) {
                left = 10;
            }
            let spike = if left > 0 { 10.0 } else { 1.0 };
            left -= i32::from(left > 0);
            let day = 1.0 + 0.4 * (std::f64::consts::TAU * t as f64 / 1440.0).sin();
            spike * day * (1.0 + 0.03 * dice.normal())
        })
        .collect()
}

/// Minutes of thirty times the level between, at `chance` in every minute from 9 to 17 o'clock on
/// working days: when one comes cannot be foreseen, only that some do.
fn isolated(dice: &mut Dice, chance: f64) -> Vec<f64> {
    let of = |t: usize| {
        let (day, hour) = (t / 1440 % 7, t / 60 % 24);
        let working = day < 5 && (9..17).contains(&hour);
        if working && dice.chance(chance) {
            30.0
        } else {
            1.0
        }
    };
    (0..MINUTES).map(of).collect()
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn uniform(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
