//! CloudWatch as it shows the group: means over aligned periods, visible late.

use crate::STEP_S;

/// One closed period of the group's metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// Start, in seconds since t = 0: the stamp that CloudWatch gives it.
    pub start_s: i64,
    /// Mean CPU in percent, saturating at 100; none where nothing was in service.
    pub cpu: Option<f64>,
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
    pub(super) cpu: Option<f64>,
    pub(super) in_service: u32,
    pub(super) served: f64,
    pub(super) demand: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    steps: u32,
    cpu: f64,
    cpu_steps: u32,
    in_service: u64,
    served: f64,
    demand: f64,
}

/// All periods so far, and how many of them can be seen.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    period_s: i64,
    delay_s: i64,
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

    /// Makes visible what is due at `now_s`.
    pub(super) fn publish(&mut self, now_s: i64) {
        self.seen_before = self.visible;
        while let Some(next) = self.periods.get(self.visible)
            && now_s >= next.start_s + self.period_s + self.delay_s
        {
            self.visible += 1;
        }
    }

    /// Adds one step; closes the period with its last one.
    pub(super) fn observe(&mut self, at_s: i64, sample: &Sample) {
        let sums = &mut self.sums;
        sums.steps += 1;
        if let Some(cpu) = sample.cpu {
            sums.cpu += cpu;
            sums.cpu_steps += 1;
        }
        sums.in_service += u64::from(sample.in_service);
        sums.served += sample.served;
        sums.demand += sample.demand;
        if (at_s + STEP_S) % self.period_s == 0 {
            let steps = f64::from(sums.steps);
            self.periods.push(Period {
                start_s: at_s + STEP_S - self.period_s,
                cpu: (sums.cpu_steps > 0).then(|| sums.cpu / f64::from(sums.cpu_steps)),
                instances: sums.in_service as f64 / steps,
                served: sums.served / steps,
                demand: sums.demand / steps,
            });
            self.sums = Sums::default();
        }
    }
}
