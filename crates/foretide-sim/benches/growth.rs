//! How a backtest grows: memory of a year of minutes, time with length and with number of policies.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use foretide_domain::Bounds;
use foretide_sim::{Case, Contender, Peer, Setup, Shape, Timeline, Workload, in_parallel};

const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let peers: Vec<Peer> = Peer::NAMES.into_iter().filter_map(Peer::named).collect();
    let (short, long) = (case(14)?, case(56)?);
    let [of_short, of_long] = [&short, &long].map(|case| fastest(&peers, case));
    let length = of_long / of_short;
    println!("BENCH\tgrowth/time-of-4-times-the-days\t{length:.2}\tx\t<= 4.8");
    let twice = [peers.clone(), peers.clone()].concat();
    let number = fastest(&twice, &short) / of_short;
    println!("BENCH\tgrowth/time-of-2-times-the-policies\t{number:.2}\tx\t<= 2.4");

    // Last, since the system tells the largest memory of the process up to now.
    let year = case(365)?;
    let runs = in_parallel(
        &peers,
        |peer| {
            let mut timeline = Timeline::default();
            let score = peer.run(&year, Some(&mut timeline));
            (score, timeline.rows().len())
        },
        |_| {},
    );
    black_box(runs);
    let peak = peak_mib()?;
    println!("BENCH\tgrowth/peak-memory-of-7-policies-on-a-year\t{peak:.0}\tMiB\t<= 200");
    Ok(())
}

/// Fastest of some rounds, in seconds, on one core.
fn fastest(peers: &[Peer], case: &Case) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let started = now();
        for peer in peers {
            black_box(peer.run(case, None));
        }
        started.elapsed().as_secs_f64()
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn case(days: u32) -> Result<Case, Box<dyn Error>> {
    let load = Workload {
        shape: Shape::Daily,
        days,
        noise: 0.1,
        seed: 1,
    };
    let setup = Setup::new(Bounds::new(1, 100)?);
    Ok(Case::new(load.generate("daily")?, setup)?)
}

/// The largest resident memory that this process has had, as Linux tells it.
fn peak_mib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib
        .ok_or("no VmHWM in /proc/self/status")?
        .trim()
        .parse::<f64>()?
        / 1024.0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time; nothing decides by it"
)]
fn now() -> Instant {
    Instant::now()
}
