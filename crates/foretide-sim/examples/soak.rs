//! Any number of group-days under every fault: prints what happened, or the first broken rule.
//!
//! `cargo run --release -p foretide-sim --example soak -- 10000 [--policy forecast,classifier]
//! [--first SEED]`
//!
//! Without `--policy` those that are rules alone. A thousand group-days of policy `forecast` take
//! seven minutes on two busy cores, most of it for the daily fits.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use foretide_domain::PolicyKind;
use foretide_sim::{Soaked, in_parallel, soak};

/// Days of one group: long enough for streaks, breakers and gaps to play out.
const DAYS: u32 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut days: Option<u64> = None;
    let mut first = 0_u64;
    let mut policies = vec![PolicyKind::Classifier, PolicyKind::TargetTracking];
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--policy" => {
                let names = value()?;
                policies = names.split(',').map(policy).collect::<Result<_, _>>()?;
            }
            "--first" => first = value()?.parse()?,
            _ => days = Some(arg.parse()?),
        }
    }
    let groups = days
        .ok_or("say how many group-days")?
        .div_ceil(u64::from(DAYS));
    let seeds: Vec<u64> = (first..first + groups).collect();
    let run = |&seed: &u64| soak(seed, DAYS, &policies, &mut |_, _| {});
    let mut sum = Soaked::default();
    for result in in_parallel(&seeds, run, |_| {}) {
        sum = sum.plus(result?);
    }
    println!("{sum:?}");
    Ok(())
}

fn policy(name: &str) -> Result<PolicyKind, String> {
    let all = [
        PolicyKind::Classifier,
        PolicyKind::TargetTracking,
        PolicyKind::Forecast,
    ];
    let named = all.into_iter().find(|kind| kind.to_string() == name);
    named.ok_or(format!("no policy `{name}`"))
}
