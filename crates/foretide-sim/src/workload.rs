//! Generated load: daily and weekly cycles, noise, flash crowds, and shapes that hurt forecasts.
//!
//! Seeded: the same description gives the same trace, on every machine.

use foretide_domain::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp, StandardNormal};

use crate::trace::{DAY_S, Trace, TraceError};

const STEP_S: u32 = 60;
const MINUTES_A_DAY: u32 = DAY_S / STEP_S;
/// Monday 2024-01-01T00:00:00Z, so that days 6 and 7 of every week are a weekend.
const START: Timestamp = Timestamp::from_seconds(1_704_067_200);
/// Mean demand of every shape before noise, in requests a second.
const LEVEL: f64 = 1000.0;

/// What is generated, in 1-minute cells from a Monday on.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// The shape of the load.
    pub shape: Shape,
    /// Length in days.
    pub days: u32,
    /// Standard deviation of the noise ÷ level.
    pub noise: f64,
    /// Seed of noise and events.
    pub seed: u64,
}

/// Shapes of load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// A web site: a daily cycle with quiet weekends.
    Daily,
    /// As `Daily`, with one flash crowd of several times the load in the middle of the last day.
    FlashCrowd,
    /// A web site as recorded ones are: `Daily` at a level that wanders, with jobs every hour and
    /// every night, and crowds at random.
    WebSite,
    /// Always the same.
    Flat,
    /// Nothing at all.
    Zero,
    /// As `Daily`, at a level that triples after a third and falls back after two thirds.
    LevelShift,
    /// As `Daily`, ten times as high from the middle on.
    LevelOnce,
    /// As `Daily`, with spikes to ten times for 10 minutes at random.
    Spikes {
        /// Spikes a day.
        a_day: f64,
    },
    /// A random walk in the logarithm.
    RandomWalk,
    /// 20 minutes on, 40 minutes off.
    Sawtooth,
    /// On and off for exponentially distributed times.
    OnOff,
    /// As `Daily`, doubling every 4 days.
    Growth,
    /// A cycle of 24 hours that becomes one of 12 in the middle.
    PeriodChange,
    /// The days of another order than they had: a daily cycle of random size.
    ShuffledDays,
}

impl Workload {
    /// The demo's load: a web site for `days` days. What it shows of policy `forecast` against the
    /// fair baseline is what recorded traces show; a test holds it to that.
    pub const fn demo(days: u32, seed: u64) -> Self {
        Self {
            shape: Shape::WebSite,
            days,
            noise: 0.05,
            seed,
        }
    }

    /// Two days with a flash crowd on the second.
    pub const fn flash_crowd(seed: u64) -> Self {
        Self {
            shape: Shape::FlashCrowd,
            days: 2,
            noise: 0.05,
            seed,
        }
    }

    /// The loads that hurt, each with its name: what every policy should survive.
    pub fn hostile(days: u32, seed: u64) -> Vec<(&'static str, Self)> {
        let shapes = [
            ("shuffled-days", Shape::ShuffledDays, 0.05),
            ("level-shift", Shape::LevelShift, 0.05),
            ("level-once", Shape::LevelOnce, 0.05),
            ("spikes-half", Shape::Spikes { a_day: 0.5 }, 0.05),
            ("spikes-two", Shape::Spikes { a_day: 2.0 }, 0.05),
            ("spikes-five", Shape::Spikes { a_day: 5.0 }, 0.05),
            ("flat", Shape::Flat, 0.0),
            ("zero", Shape::Zero, 0.0),
            ("random-walk", Shape::RandomWalk, 0.0),
            ("sawtooth", Shape::Sawtooth, 0.02),
            ("on-off", Shape::OnOff, 0.02),
            ("growth", Shape::Growth, 0.05),
            ("period-change", Shape::PeriodChange, 0.05),
            ("noise", Shape::Daily, 0.25),
        ];
        let named = shapes.into_iter().map(|(name, shape, noise)| {
            let workload = Self {
                shape,
                days,
                noise,
                seed,
            };
            (name, workload)
        });
        named.collect()
    }

    /// The trace.
    ///
    /// # Errors
    /// Where `days` is 0 or more than a trace may span.
    pub fn generate(&self, name: &str) -> Result<Trace, TraceError> {
        let mut noise = ChaCha8Rng::seed_from_u64(self.seed);
        let mut events = noise.clone();
        events.set_stream(1);
        let minutes = self.days.saturating_mul(MINUTES_A_DAY);
        let mut demand = base(self.shape, minutes, &mut events);
        for value in &mut demand {
            let normal: f64 = StandardNormal.sample(&mut noise);
            *value = (*value * (1.0 + self.noise * normal)).max(0.0);
        }
        Trace::new(name, START, STEP_S, demand)
    }
}

/// Demand a minute before noise.
fn base(shape: Shape, minutes: u32, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let at = |value: &dyn Fn(u32) -> f64| (0..minutes).map(value).collect::<Vec<f64>>();
    let later = |share: f64, minute: u32| f64::from(minute) >= share * f64::from(minutes);
    match shape {
        Shape::Daily => at(&daily),
        Shape::FlashCrowd => {
            let peak = minutes.saturating_sub(MINUTES_A_DAY / 2);
            at(&|minute| daily(minute) * crowd(minute, peak))
        }
        Shape::WebSite => web_site(minutes, rng),
        Shape::Flat => at(&|_| LEVEL),
        Shape::Zero => at(&|_| 0.0),
        Shape::LevelShift => at(&|minute| {
            let high = later(1.0 / 3.0, minute) && !later(2.0 / 3.0, minute);
            daily(minute) * if high { 3.0 } else { 1.0 }
        }),
        Shape::LevelOnce => {
            at(&|minute| daily(minute) * if later(0.5, minute) { 10.0 } else { 1.0 })
        }
        Shape::Growth => {
            at(&|minute| daily(minute) * (f64::from(minute) / f64::from(4 * MINUTES_A_DAY)).exp2())
        }
        Shape::PeriodChange => at(&|minute| {
            let factor = if later(0.5, minute) { 2 } else { 1 };
            cycle(minute.saturating_mul(factor))
        }),
        Shape::Sawtooth => at(&|minute| {
            if minute % 60 < 20 {
                2.0 * LEVEL
            } else {
                0.1 * LEVEL
            }
        }),
        Shape::Spikes { a_day } => spikes(minutes, a_day, rng),
        Shape::RandomWalk => random_walk(minutes, rng),
        Shape::OnOff => on_off(minutes, rng),
        Shape::ShuffledDays => shuffled_days(minutes, rng),
    }
}

/// A cycle of a day: quiet at 4, busiest at 16 o'clock.
fn cycle(minute: u32) -> f64 {
    let phase = f64::from(minute % MINUTES_A_DAY) / f64::from(MINUTES_A_DAY);
    LEVEL * (1.0 + 0.7 * ((phase - 10.0 / 24.0) * std::f64::consts::TAU).sin())
}

/// The cycle of a day, at 60 % on the weekend.
fn daily(minute: u32) -> f64 {
    let weekend = (minute / MINUTES_A_DAY) % 7 >= 5;
    cycle(minute) * if weekend { 0.6 } else { 1.0 }
}

/// A crowd that quintuples the load within five minutes and goes away over an hour.
fn crowd(minute: u32, from: u32) -> f64 {
    let Some(since) = minute.checked_sub(from) else {
        return 1.0;
    };
    let rise = (f64::from(since) / 5.0).min(1.0);
    let fall = (-(f64::from(since) - 20.0).max(0.0) / 20.0).exp();
    1.0 + 4.0 * rise * fall
}

fn spikes(minutes: u32, a_day: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let probability = a_day / f64::from(MINUTES_A_DAY);
    let mut left = 0_u32;
    let spiked = (0..minutes).map(|minute| {
        if left == 0 && rng.random::<f64>() < probability {
            left = 10;
        }
        let factor = if left > 0 { 10.0 } else { 1.0 };
        left = left.saturating_sub(1);
        daily(minute) * factor
    });
    spiked.collect()
}

/// Steps of 1.5 % a minute, drawn back to the level so that a long trace stays finite.
fn random_walk(minutes: u32, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut log = 0.0_f64;
    let walk = (0..minutes).map(|_| {
        let normal: f64 = StandardNormal.sample(rng);
        log = 0.9995 * log + 0.015 * normal;
        LEVEL * log.exp()
    });
    walk.collect()
}

/// On for 30 and off for 60 minutes on average.
fn on_off(minutes: u32, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut on = false;
    let mut left = 0.0_f64;
    let switched = (0..minutes).map(|_| {
        if left <= 0.0 {
            on = !on;
            let mean = if on { 30.0 } else { 60.0 };
            left += Exp::new(1.0 / mean).map_or(mean, |lasting| lasting.sample(rng));
        }
        left -= 1.0;
        if on { 2.0 * LEVEL } else { 0.05 * LEVEL }
    });
    switched.collect()
}

/// A level that wanders by 10 % within hours, a job of six minutes every hour that adds a quarter,
/// one of half an hour every night that adds 60 %, and on average a crowd a day.
fn web_site(minutes: u32, rng: &mut ChaCha8Rng) -> Vec<f64> {
    const WANDER: f64 = 0.1;
    /// Minutes after which the level has forgotten two thirds of where it was.
    const FORGETS: f64 = 180.0;
    let stays = (-1.0 / FORGETS).exp();
    let moves = WANDER * (1.0 - stays * stays).sqrt();
    let mut log = 0.0;
    let mut demand: Vec<f64> = (0..minutes)
        .map(|minute| {
            let normal: f64 = StandardNormal.sample(rng);
            log = stays * log + moves * normal;
            let hourly = if minute % 60 < 6 { 1.25 } else { 1.0 };
            let nightly = if (120..150).contains(&(minute % MINUTES_A_DAY)) {
                1.6
            } else {
                1.0
            };
            daily(minute) * log.exp() * hourly * nightly
        })
        .collect();
    let mut at = 0.0;
    while let Some(from) = next_crowd(&mut at, minutes, rng) {
        visit(&mut demand, from, rng);
    }
    demand
}

/// Minute at which the next crowd comes; none within `minutes`.
fn next_crowd(at: &mut f64, minutes: u32, rng: &mut ChaCha8Rng) -> Option<u32> {
    let mean = f64::from(MINUTES_A_DAY);
    *at += Exp::new(1.0 / mean).map_or(mean, |waiting| waiting.sample(rng));
    let within = *at < f64::from(minutes);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 0, and below a number of minutes"
    )]
    within.then_some(*at as u32)
}

/// A crowd that multiplies demand by 1.3 to 3, rises in 2 to 15 minutes, stays for 5 to 30 and goes
/// away over some ten minutes to an hour.
fn visit(demand: &mut [f64], from: u32, rng: &mut ChaCha8Rng) {
    let size = rng.random_range(1.3_f64.ln()..3.0_f64.ln()).exp();
    let (rises, stays) = (rng.random_range(2.0..15.0), rng.random_range(5.0..30.0));
    let goes = rng.random_range(10.0..40.0);
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    for (since, value) in (0_u32..).zip(demand.iter_mut().skip(from)) {
        let since = f64::from(since);
        let rise = (since / rises).min(1.0);
        let fall = (-(since - rises - stays).max(0.0) / goes).exp();
        *value *= 1.0 + (size - 1.0) * rise * fall;
    }
}

fn shuffled_days(minutes: u32, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut size = 1.0;
    let days = (0..minutes).map(|minute| {
        if minute.is_multiple_of(MINUTES_A_DAY) {
            size = 0.4 + 1.2 * rng.random::<f64>();
        }
        cycle(minute) * size
    });
    days.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_trace_and_another_seed_another() {
        let trace = |seed| Workload::flash_crowd(seed).generate("demo").unwrap();
        assert_eq!(trace(1), trace(1));
        assert_ne!(trace(1), trace(2));
    }

    #[test]
    fn every_hostile_load_can_be_generated_and_is_finite() {
        for (name, workload) in Workload::hostile(3, 5) {
            let trace = workload.generate(name).unwrap();
            assert_eq!(trace.demand().len(), 3 * 1440, "{name}");
            assert!(
                trace.demand().iter().all(|value| value.is_finite()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_flash_crowd_comes_at_noon_of_the_last_day() {
        let quiet = Workload {
            noise: 0.0,
            ..Workload::flash_crowd(1)
        };
        let trace = quiet.generate("demo").unwrap();
        let at = |minute: usize| trace.demand()[minute];
        assert!(at(1440 + 730) > 4.0 * at(730));
    }
}
