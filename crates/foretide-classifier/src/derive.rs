//! From raw metrics to the nine features: step 5 of the original.
//!
//! [`derive`] is the formula over bare numbers. [`derive_from_datapoint`] is what the product
//! calls: it refuses a period without CPU or network instead of reading it as an idle fleet.

use foretide_domain::{Bounds, Datapoint, Features, Memory, Percent};
use thiserror::Error;

use crate::classify::{Group, task_priority, task_type};
use crate::rounding::{numpy_round, python_round};

const BYTES_PER_MIB: f64 = 1024.0 * 1024.0;
/// Idle draw the original assumes for a t3.small, watts.
const BASE_WATTS: f64 = 20.0;
/// Draw added at 100 % CPU, as a share of the idle draw.
const DYNAMIC_SHARE: f64 = 0.6;
/// Clock the original assumes, MHz.
const CPU_MHZ: f64 = 2400.0;
/// Instructions per cycle the original assumes.
const INSTRUCTIONS_PER_CYCLE: f64 = 2.5;
/// Memory per CPU percent where memory is not measured.
const MEMORY_PER_CPU: f64 = 1.2;
/// The estimate never exceeds this percentage; a measurement may.
const MEMORY_ESTIMATE_CAP: f64 = 95.0;

/// Metrics as means over the instances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawMetrics {
    /// CPU utilisation, percent.
    pub cpu: f64,
    /// Received by one instance, bytes per second.
    pub network_in: f64,
    /// Sent by one instance, bytes per second.
    pub network_out: f64,
    /// Memory in use, percent; `None` where it is not measured.
    pub memory: Option<f64>,
}

/// The features and whether memory was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derived {
    /// The nine features.
    pub features: Features,
    /// `memory_usage` is an estimate from CPU.
    pub memory_estimated: bool,
}

impl Derived {
    /// Memory as the model is told it, with its source.
    pub fn memory(&self) -> Option<Memory> {
        let percent = Percent::new(self.features.memory_usage)?;
        Some(if self.memory_estimated {
            Memory::Estimated(percent)
        } else {
            Memory::Measured(percent)
        })
    }
}

/// What a period lacks to be turned into features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Missing {
    /// No CPU utilisation was published.
    #[error("the period has no CPU utilisation")]
    Cpu,
    /// Received or sent bytes were not published.
    #[error("the period has no network traffic")]
    Network,
    /// The values stand for no instance.
    #[error("no instance was in service in the period")]
    Instances,
}

/// The original's formulas. `memory_noise` is added to the estimate of memory (the original drew it
/// at random; Foretide passes 0, so that equal inputs give equal decisions). The estimate is kept
/// within 0 to 95 percent.
pub fn derive(raw: &RawMetrics, group: &Group, memory_noise: f64) -> Derived {
    formulas(raw, group, memory_noise, numpy_round)
}

/// What the original makes of no metrics at all: an idle fleet. Here to show the formula whole; the
/// product holds instead. Nothing has passed through numpy then, so rounding is Python's.
pub fn derive_from_nothing(group: &Group) -> Derived {
    let nothing = RawMetrics {
        cpu: 0.0,
        network_in: 0.0,
        network_out: 0.0,
        memory: None,
    };
    formulas(&nothing, group, 0.0, python_round)
}

fn formulas(
    raw: &RawMetrics,
    group: &Group,
    memory_noise: f64,
    round: fn(f64, i32) -> f64,
) -> Derived {
    let instances = f64::from(group.instance_count);
    let cpu_usage = round(raw.cpu, 1);
    let estimate = raw.cpu * MEMORY_PER_CPU + memory_noise;
    let memory = raw
        .memory
        .unwrap_or_else(|| estimate.clamp(0.0, MEMORY_ESTIMATE_CAP));
    let memory_usage = round(memory, 1);
    let network_traffic = round(
        (raw.network_in + raw.network_out) * instances / BYTES_PER_MIB,
        1,
    );

    let utilisation = cpu_usage / 100.0;
    let dynamic_watts = BASE_WATTS * DYNAMIC_SHARE * utilisation;
    let power_consumption = round(instances * (BASE_WATTS + dynamic_watts), 1);
    let instructions = instances * utilisation * CPU_MHZ * 1e6 * INSTRUCTIONS_PER_CYCLE;
    let complexity = (cpu_usage + memory_usage + (network_traffic * 10.0).min(50.0)) / 3.0;
    let seconds = (0.3 + complexity / 100.0 * 2.0) / (instances * 0.8).max(1.0);
    let performance = f64::midpoint(cpu_usage, memory_usage) * instances;
    Derived {
        features: Features {
            cpu_usage,
            memory_usage,
            network_traffic,
            power_consumption,
            num_executed_instructions: instructions.trunc(),
            execution_time: round(seconds, 2),
            energy_efficiency: round(performance / power_consumption.max(1.0), 4),
            task_type: task_type(cpu_usage, memory_usage, network_traffic),
            task_priority: task_priority(cpu_usage, memory_usage, network_traffic, group),
        },
        memory_estimated: raw.memory.is_none(),
    }
}

/// The features of a closed period of a group. The period's network rates are the fleet's; its
/// mean number of instances is taken to the nearest whole one.
pub fn derive_from_datapoint(point: &Datapoint, bounds: Bounds) -> Result<Derived, Missing> {
    let cpu = point.cpu.ok_or(Missing::Cpu)?.get();
    let fleet_in = point.network_in.ok_or(Missing::Network)?.get();
    let fleet_out = point.network_out.ok_or(Missing::Network)?.get();
    let instance_count = whole(point.instances).ok_or(Missing::Instances)?;
    let instances = f64::from(instance_count);
    let raw = RawMetrics {
        cpu,
        network_in: fleet_in / instances,
        network_out: fleet_out / instances,
        memory: point.memory.map(Percent::get),
    };
    let group = Group {
        instance_count,
        min_capacity: bounds.min(),
        max_capacity: bounds.max(),
    };
    Ok(derive(&raw, &group, 0.0))
}

/// The nearest whole number of instances, at least one, where there were any.
fn whole(instances: f64) -> Option<u32> {
    if !(instances.is_finite() && instances > 0.0) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and `as` saturates"
    )]
    let nearest = instances.round().max(1.0) as u32;
    Some(nearest)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use foretide_domain::{BytesPerSecond, Timestamp};

    use super::*;

    fn point() -> Datapoint {
        Datapoint {
            start: Timestamp::from_seconds(0),
            period: Duration::from_secs(60),
            cpu: Percent::new(40.0),
            instances: 3.0,
            network_in: BytesPerSecond::new(3.0 * BYTES_PER_MIB),
            network_out: BytesPerSecond::new(1.5 * BYTES_PER_MIB),
            memory: None,
            demand: None,
            unaccounted: None,
        }
    }

    fn bounds() -> Bounds {
        Bounds::new(1, 5).unwrap()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "rounded to one digit")]
    fn network_of_a_period_is_the_fleets_once() {
        let derived = derive_from_datapoint(&point(), bounds()).unwrap();
        assert_eq!(derived.features.network_traffic, 4.5);
        assert_eq!(derived.memory(), Percent::new(48.0).map(Memory::Estimated));
    }

    #[test]
    fn measured_memory_is_marked_so() {
        let point = Datapoint {
            memory: Percent::new(71.04),
            ..point()
        };
        let derived = derive_from_datapoint(&point, bounds()).unwrap();
        assert_eq!(derived.memory(), Percent::new(71.0).map(Memory::Measured));
    }

    /// The original read a gap as an idle fleet, and drained it.
    #[test]
    fn a_period_that_lacks_something_has_no_features() {
        let lacking = |point: Datapoint| derive_from_datapoint(&point, bounds()).unwrap_err();
        assert_eq!(
            lacking(Datapoint {
                cpu: None,
                ..point()
            }),
            Missing::Cpu
        );
        assert_eq!(
            lacking(Datapoint {
                network_in: None,
                ..point()
            }),
            Missing::Network
        );
        assert_eq!(
            lacking(Datapoint {
                network_out: None,
                ..point()
            }),
            Missing::Network
        );
        for instances in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                lacking(Datapoint {
                    instances,
                    ..point()
                }),
                Missing::Instances
            );
        }
    }

    #[test]
    fn the_estimate_of_memory_stays_a_percentage() {
        let group = Group {
            instance_count: 1,
            min_capacity: 1,
            max_capacity: 5,
        };
        let memory = |cpu, noise| {
            let raw = RawMetrics {
                cpu,
                network_in: 0.0,
                network_out: 0.0,
                memory: None,
            };
            derive(&raw, &group, noise).features.memory_usage
        };
        assert!(memory(0.0, -8.0) >= 0.0);
        assert!(memory(100.0, 8.0) <= 95.0);
    }
}
