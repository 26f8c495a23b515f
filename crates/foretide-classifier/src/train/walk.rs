//! Rows from a demand series: a fleet walks along it, and at every step shows nine features and
//! gets a label from hindsight.
//!
//! The fleet mostly follows the demand, late, as a reactive scaler does. Were that all, a model
//! would learn from almost no fleet that is far too large or too small; so at random it stays for
//! a while at half to twice the right size. All randomness comes from the original given.

use foretide_domain::Bounds;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use super::LabelledRow;
use super::label::{Hindsight, label};
use crate::classify::Group;
use crate::derive::{RawMetrics, derive};

/// Share of the stretches in which the fleet is deliberately of another size.
const EXPLORING: f64 = 0.6;
/// Longest stretch, steps.
const LONGEST_STRETCH: u32 = 40;

/// What memory does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MemoryUse {
    /// It is not measured: the features estimate it from CPU.
    Unmeasured,
    /// It is measured: so much when idle, and so much more per CPU percent, at most 100.
    Measured {
        /// Percent in use at 0 % CPU.
        idle_percent: f64,
        /// Percent more for each percent of CPU.
        per_cpu_percent: f64,
    },
}

/// How a demand series becomes rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Walk {
    /// The load that one instance serves at 100 % CPU, in the series' own unit.
    pub unit: f64,
    /// Bounds of the fleet.
    pub bounds: Bounds,
    /// What the labels look at.
    pub hindsight: Hindsight,
    /// Bytes per second, received and sent, that one instance moves at 100 % CPU.
    pub network_bytes_per_second: f64,
    /// Memory.
    pub memory: MemoryUse,
    /// A row is taken at every so many steps.
    pub stride: usize,
    /// Seed of the walk.
    pub seed: u64,
}

/// Why there are no rows.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum WalkError {
    /// A quantity that must be finite and positive.
    #[error("{name} is {value}, expected a finite number above 0")]
    NotPositive {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A demand that is negative or not finite.
    #[error("the demand at step {step} is {value}, expected a finite number of at least 0")]
    Demand {
        /// Where.
        step: usize,
        /// Its value.
        value: f64,
    },
    /// A series that ends before the first label could be known.
    #[error("{steps} steps of demand, expected more than the {ahead} that a label looks ahead")]
    TooShort {
        /// Steps given.
        steps: usize,
        /// Steps a label looks ahead.
        ahead: usize,
    },
    /// A fleet that may not have a single instance shows no features.
    #[error("the maximum capacity is 0, expected at least 1")]
    NoCapacity,
}

/// The rows of a demand series in its own unit, one value a step, in order of time. Equal
/// arguments give equal rows.
pub fn rows_from_demand(demand: &[f64], walk: &Walk) -> Result<Vec<LabelledRow>, WalkError> {
    check(demand, walk)?;
    let load: Vec<f64> = demand
        .iter()
        .map(|value| value / walk.unit * 100.0)
        .collect();
    let mut fleet = Fleet::new(walk);
    let mut rows = Vec::with_capacity(load.len() / walk.stride.max(1) + 1);
    for at in 0..load.len() {
        let capacity = fleet.capacity_at(&load, at);
        if at % walk.stride.max(1) != 0 {
            continue;
        }
        if let Some(class) = label(&load, at, capacity, &walk.hindsight) {
            let features = observe(load[at], capacity, walk);
            rows.push(LabelledRow { features, class });
        }
    }
    Ok(rows)
}

fn check(demand: &[f64], walk: &Walk) -> Result<(), WalkError> {
    let positive = [
        ("the unit", walk.unit),
        ("the target", walk.hindsight.target_percent),
    ];
    for (name, value) in positive {
        if !(value.is_finite() && value > 0.0) {
            return Err(WalkError::NotPositive { name, value });
        }
    }
    if walk.bounds.max() == 0 {
        return Err(WalkError::NoCapacity);
    }
    let bad = demand
        .iter()
        .position(|value| !(value.is_finite() && *value >= 0.0));
    if let Some(step) = bad {
        return Err(WalkError::Demand {
            step,
            value: demand[step],
        });
    }
    let ahead = walk.hindsight.lead_steps.max(walk.hindsight.hold_steps);
    if demand.len() <= ahead {
        return Err(WalkError::TooShort {
            steps: demand.len(),
            ahead,
        });
    }
    Ok(())
}

/// The features that a fleet shows under a load in instance-percent.
fn observe(load: f64, capacity: u32, walk: &Walk) -> foretide_domain::Features {
    let cpu = (load / f64::from(capacity)).min(100.0);
    // A third comes in and two thirds go out, as requests are smaller than their answers.
    let network = walk.network_bytes_per_second * cpu / 100.0;
    let memory = match walk.memory {
        MemoryUse::Unmeasured => None,
        MemoryUse::Measured {
            idle_percent,
            per_cpu_percent,
        } => Some((idle_percent + per_cpu_percent * cpu).clamp(0.0, 100.0)),
    };
    let raw = RawMetrics {
        cpu,
        network_in: network / 3.0,
        network_out: network * 2.0 / 3.0,
        memory,
    };
    let group = Group {
        instance_count: capacity,
        min_capacity: walk.bounds.min(),
        max_capacity: walk.bounds.max(),
    };
    derive(&raw, &group, 0.0).features
}

/// The fleet's size along the way.
struct Fleet<'a> {
    walk: &'a Walk,
    random: ChaCha8Rng,
    steps_left: u32,
    /// Size as a multiple of the right one for the whole stretch; `None` while following.
    exploring: Option<f64>,
    capacity: u32,
}

impl<'a> Fleet<'a> {
    fn new(walk: &'a Walk) -> Self {
        let random = ChaCha8Rng::seed_from_u64(walk.seed);
        Self {
            walk,
            random,
            steps_left: 0,
            exploring: None,
            capacity: 1,
        }
    }

    fn capacity_at(&mut self, load: &[f64], at: usize) -> u32 {
        let begins = self.steps_left == 0;
        if begins {
            self.steps_left = self.random.random_range(1..=LONGEST_STRETCH);
            let exploring = self.random.random_bool(EXPLORING);
            let exponent: f64 = self.random.random_range(-1.0..=1.0);
            self.exploring = exploring.then(|| exponent.exp2());
        }
        self.steps_left -= 1;
        match self.exploring {
            Some(factor) if begins => self.capacity = self.right_size(load[at] * factor),
            Some(_) => {}
            None => {
                let seen = at.saturating_sub(self.walk.hindsight.lead_steps);
                self.capacity = self.right_size(load[seen]);
            }
        }
        self.capacity
    }

    /// Instances for a load at the target, within the bounds, and at least one: an empty fleet
    /// shows nothing to learn from.
    fn right_size(&self, load: f64) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and the bounds follow"
        )]
        let needed = (load / self.walk.hindsight.target_percent).ceil() as u32;
        self.walk.bounds.clamp(needed).max(1)
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::Class;

    use super::*;

    fn walk() -> Walk {
        Walk {
            unit: 100.0,
            bounds: Bounds::new(1, 50).unwrap(),
            hindsight: Hindsight {
                target_percent: 50.0,
                lead_steps: 5,
                hold_steps: 15,
            },
            network_bytes_per_second: 5e6,
            memory: MemoryUse::Unmeasured,
            stride: 1,
            seed: 7,
        }
    }

    fn wave(steps: usize) -> Vec<f64> {
        (0..steps)
            .map(|step| 600.0 + 400.0 * (step as f64 / 40.0).sin())
            .collect()
    }

    #[test]
    fn every_class_occurs_at_low_and_at_high_cpu() {
        let rows = rows_from_demand(&wave(3000), &walk()).unwrap();
        assert_eq!(rows.len(), 3000 - 15);
        for class in Class::ALL {
            let share = rows.iter().filter(|row| row.class == class).count() * 100 / rows.len();
            assert!(share >= 10, "{class}: {share} %");
        }
    }

    #[test]
    fn the_unit_of_the_series_cancels_out() {
        let thousandfold: Vec<f64> = wave(500).iter().map(|value| value * 1024.0).collect();
        let scaled = Walk {
            unit: 100.0 * 1024.0,
            ..walk()
        };
        assert_eq!(
            rows_from_demand(&thousandfold, &scaled).unwrap(),
            rows_from_demand(&wave(500), &walk()).unwrap()
        );
    }

    #[test]
    fn what_cannot_be_walked_is_refused() {
        let nan = rows_from_demand(&[1.0, f64::NAN], &walk()).unwrap_err();
        assert!(nan.to_string().contains("at step 1"), "{nan}");
        let short = rows_from_demand(&[1.0; 15], &walk()).unwrap_err();
        assert_eq!(
            short,
            WalkError::TooShort {
                steps: 15,
                ahead: 15
            }
        );
        let no_unit = Walk {
            unit: 0.0,
            ..walk()
        };
        assert!(rows_from_demand(&[1.0; 99], &no_unit).is_err());
        let empty = Walk {
            bounds: Bounds::new(0, 0).unwrap(),
            ..walk()
        };
        assert_eq!(
            rows_from_demand(&[1.0; 99], &empty),
            Err(WalkError::NoCapacity)
        );
    }
}
