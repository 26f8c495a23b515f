//! CloudWatch as it shows the group: means over aligned periods, visible late.

use super::instance::SoFar;
use crate::STEP_S;

/// One closed period of the group's metrics.
///
/// CloudWatch aggregates the CPU of a group over every instance that runs, whether it serves or
/// not. `cpu`, `cpu_range` and `reporting` are these raw values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// Start, in seconds since t = 0: the stamp that CloudWatch gives it.
    pub start_s: i64,
    /// Mean CPU of the instances that report, in percent; none where nothing reported.
    pub cpu: Option<f64>,
    /// Lowest and highest mean CPU of an instance that reports, in percent.
    pub cpu_range: Option<(f64, f64)>,
    /// Mean number of instances that report.
    pub reporting: f64,
    /// Mean CPU of the serving instances, in percent, saturating at 100; none where nothing served.
    pub serving_cpu: Option<f64>,
    /// Mean number of serving instances.
    pub serving: f64,
    /// Mean number in service.
    pub instances: f64,
    /// Mean load served by the whole group, in the trace's unit.
    pub served: f64,
    /// Mean demand, in the trace's unit: the request count, not censored.
    pub demand: f64,
}

/// What one step adds to its period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) serving_cpu: Option<f64>,
    pub(super) serving: u32,
    pub(super) reported_cpu: Option<f64>,
    pub(super) reporting: u32,
    pub(super) in_service: u32,
    pub(super) served: f64,
    pub(super) demand: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    steps: u32,
    serving_cpu: f64,
    serving_steps: u32,
    serving: u64,
    reported_cpu: f64,
    reported_steps: u32,
    reporting: u64,
    in_service: u64,
    served: f64,
    demand: f64,
}

/// All periods so far, and how many of them can be seen.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    period_s: i64,
    delay_s: i64,
    /// Start of the period under way.
    start_s: i64,
    sums: Sums,
    periods: Vec<Period>,
    visible: usize,
    seen_before: usize,
}

impl Metrics {
    pub(super) fn new(period_s: u32, delay_s: u32) -> Self {
        Self {
            period_s: i64::from(period_s).max(STEP_S),
            delay_s: i64::from(delay_s),
            start_s: 0,
            sums: Sums::default(),
            periods: Vec::new(),
            visible: 0,
            seen_before: 0,
        }
    }

    pub(super) fn published(&self) -> &[Period] {
        self.periods.get(..self.visible).unwrap_or_default()
    }

    pub(super) fn fresh(&self) -> &[Period] {
        self.published().get(self.seen_before..).unwrap_or_default()
    }

    /// The closed period that starts at `start_s`.
    pub(super) fn closed(&self, start_s: i64) -> Option<&Period> {
        let place = self.periods.partition_point(|one| one.start_s < start_s);
        self.periods.get(place).filter(|one| one.start_s == start_s)
    }

    /// Makes visible what is due at `now_s`.
    pub(super) fn publish(&mut self, now_s: i64) {
        self.seen_before = self.visible;
        while let Some(next) = self.periods.get(self.visible)
            && now_s >= next.start_s + self.period_s + self.delay_s
        {
            self.visible += 1;
        }
    }

    /// Sums of the period under way.
    pub(super) const fn so_far(&self) -> SoFar {
        SoFar {
            start_s: self.start_s,
            cpu: self.sums.serving_cpu,
            steps: self.sums.serving_steps,
        }
    }

    /// Adds one step. Returns whether it is the last one of its period, which is then to be closed.
    pub(super) fn observe(&mut self, at_s: i64, sample: &Sample) -> bool {
        let sums = &mut self.sums;
        sums.steps += 1;
        if let Some(cpu) = sample.serving_cpu {
            sums.serving_cpu += cpu;
            sums.serving_steps += 1;
        }
        if let Some(cpu) = sample.reported_cpu {
            sums.reported_cpu += cpu;
            sums.reported_steps += 1;
        }
        sums.serving += u64::from(sample.serving);
        sums.reporting += u64::from(sample.reporting);
        sums.in_service += u64::from(sample.in_service);
        sums.served += sample.served;
        sums.demand += sample.demand;
        at_s + STEP_S >= self.start_s + self.period_s
    }

    /// Closes the period under way.
    pub(super) fn close(&mut self, cpu_range: Option<(f64, f64)>) {
        let sums = std::mem::take(&mut self.sums);
        let steps = f64::from(sums.steps);
        let mean = |sum: f64, steps: u32| (steps > 0).then(|| sum / f64::from(steps));
        self.periods.push(Period {
            start_s: self.start_s,
            cpu: mean(sums.reported_cpu, sums.reported_steps),
            cpu_range,
            reporting: sums.reporting as f64 / steps,
            serving_cpu: mean(sums.serving_cpu, sums.serving_steps),
            serving: sums.serving as f64 / steps,
            instances: sums.in_service as f64 / steps,
            served: sums.served / steps,
            demand: sums.demand / steps,
        });
        self.start_s += self.period_s;
    }
}
