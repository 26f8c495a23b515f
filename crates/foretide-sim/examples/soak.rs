//! Any number of group-days under every fault: prints what happened, or the first broken rule.
//!
//! `cargo run --release -p foretide-sim --example soak -- 10000 [FIRST_SEED]`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use foretide_sim::{Soaked, in_parallel, soak};

/// Days of one group: long enough for streaks, breakers and gaps to play out.
const DAYS: u32 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let days: u64 = args.next().ok_or("say how many group-days")?.parse()?;
    let first: u64 = args.next().map_or(Ok(0), |seed| seed.parse())?;
    let groups = days.div_ceil(u64::from(DAYS));
    let seeds: Vec<u64> = (first..first + groups).collect();
    let results = in_parallel(&seeds, |&seed| soak(seed, DAYS, &mut |_, _| {}), |_| {});
    let mut sum = Soaked::default();
    for result in results {
        sum = sum.plus(result?);
    }
    println!("{sum:?}");
    Ok(())
}
