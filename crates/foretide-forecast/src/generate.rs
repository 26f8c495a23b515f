//! Load that never was: seeded days of made-up groups, on which the shipped model is trained.
//!
//! Each group draws which habits it has (daily shape, roughness, scheduled bursts, spikes, level
//! shifts, outages, on/off work, a launch after idleness) and how strong they are. Ranges are wide
//! on purpose: the model serves groups of which nothing is known yet.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const DAY: f64 = 1440.0;

/// Demand of one made-up group by the minute, in instance-percent.
pub fn generated_load(seed: u64, minutes: usize) -> Vec<f64> {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let mut log = daily_shape(&mut dice, minutes);
    add_noise(&mut dice, &mut log);
    if dice.chance(0.25) {
        add_schedule(&mut dice, &mut log);
    }
    if dice.chance(0.5) {
        add_spikes(&mut dice, &mut log);
    }
    if dice.chance(0.3) {
        add_shifts(&mut dice, &mut log);
    }
    if dice.chance(0.15) {
        add_outages(&mut dice, &mut log);
    }
    let on_off = if dice.chance(0.1) {
        Some(dice.log_between(10.0, 120.0))
    } else {
        None
    };
    if let Some(mean) = on_off {
        switch_on_and_off(&mut dice, &mut log, mean);
    }
    let scale = dice.log_between(80.0, 8000.0);
    let mut load: Vec<f64> = log.iter().map(|l| scale * l.min(5.0).exp()).collect();
    if dice.chance(0.1) {
        launch(&mut dice, &mut load);
    }
    if dice.chance(0.35) {
        hold_five_minutes(&mut load);
    }
    load
}

/// Two harmonics of the day, sometimes sharpened.
fn daily_shape(dice: &mut Dice, minutes: usize) -> Vec<f64> {
    let amplitude = dice.between(0.0, 1.0);
    let second = amplitude * dice.between(0.0, 0.6);
    let (phase, phase2) = (dice.between(0.0, DAY), dice.between(0.0, DAY));
    let sharp = dice.between(0.0, 1.5);
    (0..minutes)
        .map(|t| {
            let angle = |phase: f64, k: f64| k * std::f64::consts::TAU * (t as f64 - phase) / DAY;
            let wave = angle(phase, 1.0).cos();
            let peak = sharp * amplitude * wave.max(0.0).powi(8);
            amplitude * wave + second * angle(phase2, 2.0).cos() + peak
        })
        .collect()
}

/// White noise and two autoregressive walks.
fn add_noise(dice: &mut Dice, log: &mut [f64]) {
    let white = dice.log_between(0.005, 0.35);
    for (sd, minutes) in [
        (dice.log_between(0.01, 0.3), dice.log_between(3.0, 30.0)),
        (dice.log_between(0.01, 0.4), dice.log_between(30.0, 400.0)),
    ] {
        let keep = f64::exp(-1.0 / minutes);
        let step = sd * (1.0 - keep * keep).sqrt();
        let mut walk = sd * dice.normal();
        for l in log.iter_mut() {
            walk = keep * walk + step * dice.normal();
            *l += walk;
        }
    }
    for l in log.iter_mut() {
        *l += white * dice.normal();
    }
}

/// Bursts at the same minutes of every period of the clock.
fn add_schedule(dice: &mut Dice, log: &mut [f64]) {
    let period = [15, 30, 60, 120, 360][dice.below(5)];
    let offset = dice.below(period);
    let length = 1 + dice.below(12);
    let height = dice.log_between(0.2, 1.5);
    let kept = dice.between(0.5, 1.0);
    let mut now = 0.0;
    for (t, l) in log.iter_mut().enumerate() {
        let into = (t + period - offset) % period;
        if into == 0 {
            now = if dice.chance(kept) {
                height * dice.between(0.6, 1.2)
            } else {
                0.0
            };
        }
        if into < length {
            *l += now;
        }
    }
}

/// Spikes at random times: a rise at once or over minutes, a fall at once or by decay.
fn add_spikes(dice: &mut Dice, log: &mut [f64]) {
    let per_minute = dice.log_between(0.3, 40.0) / DAY;
    let typical = dice.log_between(0.3, 2.0);
    let mut t = 0;
    while t < log.len() {
        if !dice.chance(per_minute) {
            t += 1;
            continue;
        }
        let height = (typical * dice.between(0.5, 1.8)).min(3.5);
        let rise = if dice.chance(0.5) {
            1
        } else {
            1 + dice.below(15)
        };
        let length = 1 + dice.below(30);
        let decays = dice.chance(0.5);
        for k in 0..rise + length {
            let Some(l) = log.get_mut(t + k) else { break };
            let up = ((k + 1) as f64 / rise as f64).min(1.0);
            let left = if decays {
                f64::exp(-3.0 * k.saturating_sub(rise) as f64 / length as f64)
            } else {
                1.0
            };
            *l += height * up * left;
        }
        t += rise + length;
    }
}

/// Lasting changes of the level.
fn add_shifts(dice: &mut Dice, log: &mut [f64]) {
    let per_minute = dice.between(0.2, 2.0) / DAY;
    let mut level = 0.0;
    for l in log.iter_mut() {
        if dice.chance(per_minute) {
            level += dice.between(-1.0, 1.0);
        }
        *l += level;
    }
}

/// Load that is all but gone for a while and comes back at once.
fn add_outages(dice: &mut Dice, log: &mut [f64]) {
    let per_minute = dice.between(0.3, 3.0) / DAY;
    let mut left = 0;
    for l in log.iter_mut() {
        if left == 0 && dice.chance(per_minute) {
            left = 2 + dice.below(60);
        }
        if left > 0 {
            left -= 1;
            *l -= 2.5;
        }
    }
}

/// Batch work: on and off for exponential times.
fn switch_on_and_off(dice: &mut Dice, log: &mut [f64], mean_minutes: f64) {
    let depth = dice.between(1.0, 4.0);
    let mut on = dice.chance(0.5);
    for l in log.iter_mut() {
        if dice.chance(1.0 / mean_minutes) {
            on = !on;
        }
        if !on {
            *l -= depth;
        }
    }
}

/// Nothing until a launch, then a ramp.
fn launch(dice: &mut Dice, load: &mut [f64]) {
    let at = dice.below(load.len().max(1));
    let ramp = dice.log_between(5.0, 600.0);
    for (t, l) in load.iter_mut().enumerate() {
        *l *= if t < at {
            0.0
        } else {
            ((t - at) as f64 / ramp).min(1.0)
        };
    }
}

/// The demand of a source that is measured every five minutes.
fn hold_five_minutes(load: &mut [f64]) {
    for five in load.chunks_mut(5) {
        let mean = five.iter().sum::<f64>() / five.len() as f64;
        five.fill(mean);
    }
}

/// Draws from one seeded stream.
struct Dice(ChaCha8Rng);

impl Dice {
    /// Uniform in `[0, 1)`.
    fn uniform(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    fn log_between(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    fn below(&mut self, count: usize) -> usize {
        self.0.next_u32() as usize % count.max(1)
    }

    /// A standard normal variate by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_finite_never_negative_and_the_same_for_the_same_seed() {
        for seed in 0..200 {
            let load = generated_load(seed, 2_000);
            assert!(load.iter().all(|l| l.is_finite() && *l >= 0.0), "{seed}");
            let again = generated_load(seed, 2_000);
            assert!(
                load.iter()
                    .zip(&again)
                    .all(|(a, b)| a.to_bits() == b.to_bits())
            );
        }
    }
}
