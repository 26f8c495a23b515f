//! The life of an instance from launch to termination, beyond boot and service.
//!
//! With the default, an instance serves as soon as it is in service and ends at once.

use serde::{Deserialize, Serialize};

/// How instances live. The default is the plain group of the benchmark's model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Life {
    /// Seconds for which an instance in service warms up: it reports CPU and serves nothing.
    pub warm_up_s: u32,
    /// CPU of an instance that warms up, in percent.
    pub warm_up_cpu: f64,
    /// CPU of a pending instance, in percent; none if a pending instance does not report.
    pub pending_cpu: Option<f64>,
    /// Seconds from a surplus of instances, as after a lowered desired capacity, until the group
    /// ends them. Until then they serve.
    pub scale_in_s: u32,
    /// Seconds for which a terminating instance drains: it reports CPU and serves nothing.
    pub drain_s: u32,
    /// CPU of an instance that drains, in percent.
    pub drain_cpu: f64,
    /// Share of launches that hang, 0 to 1: they stay pending until somebody ends them.
    pub hang: f64,
    /// Instances that die some time after they came into service.
    pub crash: Option<Crash>,
    /// Seconds of saturation after which an instance fails its health check; none for never.
    pub health_kill_s: Option<u32>,
    /// CPU credits of each instance; none if the CPU is always fully available.
    pub credits: Option<Credits>,
    /// Whether instances are protected from scale-in once they are in service.
    pub protected: bool,
    /// Capacity units of one instance. The group runs `ceil(desired / weight)` instances.
    pub weight: u32,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            warm_up_s: 0,
            warm_up_cpu: 100.0,
            pending_cpu: None,
            scale_in_s: 0,
            drain_s: 0,
            drain_cpu: 0.0,
            hang: 0.0,
            crash: None,
            health_kill_s: None,
            credits: None,
            protected: false,
            weight: 1,
        }
    }
}

/// Instances that die: the launch succeeds, and the group replaces the instance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// Share of launched instances that die, 0 to 1.
    pub share: f64,
    /// Seconds in service after which they die.
    pub after_s: u32,
}

/// CPU credits as on EC2's T family. One CPU-minute is a minute at 100 % CPU.
///
/// A running instance earns at the baseline and spends its CPU. With nothing left, its CPU is
/// limited to the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credits {
    /// CPU that the earnings sustain, in percent.
    pub baseline: f64,
    /// CPU-minutes of a new instance.
    pub initial_minutes: f64,
    /// Largest number of CPU-minutes that an instance can hold.
    pub maximum_minutes: f64,
}

/// Longest time of a [`Life`], in seconds: a day.
const LONGEST_S: u32 = 86_400;
/// Most CPU-minutes of an instance: two days at 100 % CPU, above those of every T type.
const MOST_MINUTES: f64 = 2.0 * 1440.0;
/// Largest weight, as in EC2 Auto Scaling.
const HEAVIEST: u32 = 999;

impl Life {
    /// Checks that every value is in its range.
    ///
    /// # Errors
    /// Name and range of the first value that is not.
    pub fn check(&self) -> Result<(), &'static str> {
        let percent = |value: f64| (0.0..=100.0).contains(&value);
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let crash = self.crash.unwrap_or(Crash {
            share: 0.0,
            after_s: 0,
        });
        let minutes = |credits: Credits| {
            (0.0..=credits.maximum_minutes).contains(&credits.initial_minutes)
                && credits.maximum_minutes <= MOST_MINUTES
        };
        let rules = [
            (self.warm_up_s <= LONGEST_S, "warm_up_s is more than a day"),
            (
                percent(self.warm_up_cpu),
                "warm_up_cpu is not within 0 to 100",
            ),
            (
                self.pending_cpu.is_none_or(percent),
                "pending_cpu is not within 0 to 100",
            ),
            (
                self.scale_in_s <= LONGEST_S,
                "scale_in_s is more than a day",
            ),
            (self.drain_s <= LONGEST_S, "drain_s is more than a day"),
            (percent(self.drain_cpu), "drain_cpu is not within 0 to 100"),
            (share(self.hang), "hang is not within 0 to 1"),
            (share(crash.share), "crash.share is not within 0 to 1"),
            (
                crash.after_s <= LONGEST_S,
                "crash.after_s is more than a day",
            ),
            (
                self.health_kill_s
                    .is_none_or(|after| (10..=LONGEST_S).contains(&after)),
                "health_kill_s is not within 10 to 86400",
            ),
            (
                self.credits.is_none_or(|one| percent(one.baseline)),
                "credits.baseline is not within 0 to 100",
            ),
            (
                self.credits.is_none_or(minutes),
                "credits are not 0 <= initial_minutes <= maximum_minutes <= 2880",
            ),
            (
                (1..=HEAVIEST).contains(&self.weight),
                "weight is not within 1 to 999",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, what)) => Err(what),
        }
    }
}

impl Credits {
    /// Highest CPU, in percent, that `minutes` allow for a step of `step_s` seconds.
    pub(super) fn cap(&self, minutes: f64, step_s: f64) -> f64 {
        (self.baseline + 100.0 * minutes * 60.0 / step_s).min(100.0)
    }

    /// The CPU-minutes left of `minutes` after `step_s` seconds at `cpu` percent.
    pub(super) fn after(&self, minutes: f64, cpu: f64, step_s: f64) -> f64 {
        let earned = (self.baseline - cpu) / 100.0 * step_s / 60.0;
        (minutes + earned).clamp(0.0, self.maximum_minutes)
    }
}
