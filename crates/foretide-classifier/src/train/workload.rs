//! Generated workloads for the default model: daily and weekly cycles, noise, flash crowds and
//! steps, on fleets of one to a hundred instances. They are made up; what the model learns from
//! them is how utilisation, size and a typical rise relate, not any one site's habits.

use std::f64::consts::TAU;

use foretide_domain::Bounds;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::walk::MemoryUse;

/// Steps of one minute in a day.
const DAY: usize = 1440;
const WEEK: usize = 7 * DAY;
/// Mean demands in instances at the target; together they cover small and large fleets.
const SIZES: [f64; 12] = [
    0.7, 1.5, 2.5, 4.0, 6.0, 9.0, 13.0, 18.0, 25.0, 35.0, 48.0, 60.0,
];

/// One series with the group it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// A week of demand in instance-percent, one value a minute.
    pub demand: Vec<f64>,
    /// Bounds of the group.
    pub bounds: Bounds,
    /// Bytes per second that one instance moves at 100 % CPU.
    pub network_bytes_per_second: f64,
    /// Memory.
    pub memory: MemoryUse,
}

/// Twelve workloads of a week each. Equal seeds give equal workloads.
pub fn training_workloads(seed: u64) -> Vec<Workload> {
    SIZES
        .iter()
        .enumerate()
        .filter_map(|(index, &size)| {
            // A generator of its own, so that changing one workload leaves the others as they are.
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(index as u64);
            workload(&mut random, index, size)
        })
        .collect()
}

fn workload(random: &mut ChaCha8Rng, index: usize, size: f64) -> Option<Workload> {
    let mean = size * 50.0;
    let amplitude = random.random_range(0.2..0.7);
    let phase = random.random_range(0.0..TAU);
    let weekend = random.random_range(0.5..1.0);
    let noise = random.random_range(0.01..0.06);
    let crowds = flash_crowds(random);
    let steps = steps(random);
    let mut drift = 0.0;
    let demand = (0..WEEK)
        .map(|step| {
            let angle = TAU * (step % DAY) as f64 / DAY as f64 + phase;
            let cycle = 1.0 + amplitude * (0.8 * angle.sin() + 0.2 * (2.0 * angle).sin());
            let week = if step / DAY >= 5 { weekend } else { 1.0 };
            drift = 0.97 * drift + noise * 0.25 * gaussian(random);
            let jitter = 1.0 + drift + noise * gaussian(random);
            let value = mean * cycle * week * steps[step] * crowds[step] * jitter;
            // Nine digits: libraries of mathematics may differ in the last ones.
            (value.max(0.0) * 1e6).round() / 1e6
        })
        .collect();
    // From 50 kB/s to 50 MB/s per busy instance, so that every dominant resource occurs.
    let network_bytes_per_second = 10f64.powf(random.random_range(4.7..7.7));
    let memory = match index % 3 {
        0 | 1 => MemoryUse::Unmeasured,
        _ => MemoryUse::Measured {
            idle_percent: random.random_range(5.0..35.0),
            per_cpu_percent: random.random_range(0.1..0.8),
        },
    };
    let bounds = Bounds::new(1, if index.is_multiple_of(2) { 100 } else { 150 }).ok()?;
    Some(Workload {
        demand,
        bounds,
        network_bytes_per_second,
        memory,
    })
}

/// Factors of about one crowd a day: up within minutes, down within an hour or two.
fn flash_crowds(random: &mut ChaCha8Rng) -> Vec<f64> {
    let mut factors = vec![1.0; WEEK];
    for _ in 0..7 {
        let start = random.random_range(0..WEEK);
        let height = random.random_range(0.5..3.0);
        let rise = random.random_range(3.0..20.0);
        let decay = random.random_range(15.0..60.0);
        for (since, factor) in factors[start..].iter_mut().take(360).enumerate() {
            let since = since as f64;
            *factor += height * (1.0 - (-since / rise).exp()) * (-since / decay).exp();
        }
    }
    factors
}

/// Factors of a level that jumps every day or so: deployments, batch jobs, failovers.
fn steps(random: &mut ChaCha8Rng) -> Vec<f64> {
    let mut level = 1.0;
    (0..WEEK)
        .map(|_| {
            if random.random_bool(1.0 / DAY as f64) {
                level = random.random_range(0.6..1.6);
            }
            level
        })
        .collect()
}

/// A standard normal number (Box and Muller).
fn gaussian(random: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (TAU * random.random::<f64>()).cos()
}
