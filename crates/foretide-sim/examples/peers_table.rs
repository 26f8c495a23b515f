//! Compares the simulated world with the independent one: cost ratio at 0.5 % violation of every
//! comparison policy on the closed-loop traces, and target tracking at one fixed target.
//!
//! `cargo run --release -p foretide-sim --example peers_table -- TRACES_DIR` fails where a figure
//! is more than 1 % off.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

use foretide_domain::Bounds;
use foretide_sim::{
    BUDGET, Case, Contender, Peer, ReadOptions, SWEEP, Setup, at_budget, in_parallel, read_csv,
    sweep,
};

const POLICIES: [&str; 6] = [
    "static",
    "target-tracking",
    "hpa",
    "original",
    "aws-predictive",
    "holt-winters",
];

/// How far a figure may be off, percent.
const MOST_OFF: f64 = 1.0;

/// Trace, days, warm-up days, expected cost ratios in the order of `POLICIES`, then target, cost
/// ratio and violation share of target tracking.
type Expected = (&'static str, u32, u32, [f64; 6], [f64; 3]);

const EXPECTED: [Expected; 10] = [
    (
        "nasa_http_1995",
        21,
        7,
        [6.19, 1.97, 2.12, 1.82, 1.65, 1.73],
        [55.0, 1.4460, 0.02123],
    ),
    (
        "ms_db_app_rps_01",
        11,
        7,
        [2.30, 1.42, 1.35, 1.47, 1.20, 1.10],
        [60.0, 1.3574, 0.00608],
    ),
    (
        "ms_db_app_rps_04",
        11,
        7,
        [2.81, 2.81, 2.51, 2.27, 2.81, 2.44],
        [60.0, 1.3529, 0.01892],
    ),
    (
        "ms_ingress_04",
        11,
        7,
        [2.47, 1.21, 1.22, 1.29, 1.24, 1.12],
        [60.0, 1.3529, 0.00052],
    ),
    (
        "ms_ingress_02",
        11,
        3,
        [4.63, 1.12, 1.12, 1.16, 1.12, 1.13],
        [60.0, 1.2742, 0.00174],
    ),
    (
        "twitter_stream_2021",
        21,
        7,
        [3.88, 3.88, 3.88, 3.40, 3.88, 3.47],
        [30.0, 2.7659, 0.03562],
    ),
    (
        "nab_tweets_AMZN",
        28,
        14,
        [7.06, 2.24, 2.04, 2.17, 2.01, 1.94],
        [55.0, 1.5675, 0.02813],
    ),
    (
        "nab_elb_request_count_8c0756",
        14,
        7,
        [8.25, 8.25, 8.25, 4.29, 8.25, 8.25],
        [30.0, 3.2437, 0.07560],
    ),
    (
        "azure_v2_vms_2019",
        28,
        14,
        [1.23, 1.09, 1.07, 1.09, 1.09, 1.08],
        [60.0, 1.3634, 0.0],
    ),
    (
        "bitbrains_vm411",
        28,
        14,
        [2.67, 1.88, 1.76, 2.22, 1.59, 1.25],
        [60.0, 1.3810, 0.02034],
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args()
        .nth(1)
        .ok_or("name the directory of the traces")?;
    let mut largest = 0.0_f64;
    for expected in &EXPECTED {
        let (line, off) = line(Path::new(&directory), expected)?;
        println!("{line}");
        largest = largest.max(off);
    }
    println!("largest difference {largest:.2} %");
    if largest > MOST_OFF {
        return Err(format!("a figure is more than {MOST_OFF} % off").into());
    }
    Ok(())
}

/// The line of a trace, and by how much the figure that agrees least is off, percent.
fn line(directory: &Path, expected: &Expected) -> Result<(String, f64), Box<dyn Error>> {
    let &(name, days, warmup_days, expected, [target, cost, violation]) = expected;
    let file = directory.join(format!("{name}.csv"));
    let trace = read_csv(name, File::open(file)?, &ReadOptions::default())?;
    let setup = Setup {
        warmup_days,
        ..Setup::new(Bounds::new(1, 100)?)
    };
    let case = Case::new(trace.cut(0, Some(days))?, setup)?;
    let static_peak = Peer::named("static")
        .ok_or("no such policy")?
        .run(&case, None);
    let costs = in_parallel(
        &POLICIES,
        |name| {
            let points =
                Peer::named(name).map_or_else(Vec::new, |peer| sweep(&peer, &case, &SWEEP));
            at_budget(&points, BUDGET, static_peak.cost_ratio)
        },
        |_| {},
    );
    let mut text = format!("{name:<29}");
    let mut largest = 0.0_f64;
    for (cost, expected) in costs.into_iter().zip(expected) {
        let mark = if cost.is_static { "s" } else { " " };
        let cost = cost.cost_ratio;
        let off = 100.0 * (cost / expected - 1.0);
        largest = largest.max(off.abs());
        write!(text, " {cost:6.3}{mark}/{expected:4.2} {off:+5.1}% |")?;
    }
    let tracking = Peer::named("target-tracking")
        .and_then(|peer| peer.with_target(target))
        .ok_or("no such policy")?
        .run(&case, None);
    largest = largest.max(100.0 * (tracking.cost_ratio / cost - 1.0).abs());
    write!(
        text,
        " {:.4}/{cost:.4} {:.5}/{violation:.5}",
        tracking.cost_ratio, tracking.violation_share
    )?;
    Ok((text, largest))
}
