//! One trace with the group that it is replayed on.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{Bounds, Timestamp};
use thiserror::Error;

use super::signal::CaseSignal;
use crate::STEP_S;
use crate::optimum::{need, optimum_s};
use crate::trace::{DAY_S, Trace};
use crate::world::{Boot, Life, WorldConfig};

/// The group that a trace is replayed on.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Bounds of desired capacity.
    pub bounds: Bounds,
    /// Load that one instance serves at 100 % CPU, in the trace's unit; where none is given, such
    /// that the 99th percentile of demand takes 20 instances at 60 %.
    pub unit: Option<f64>,
    /// Time from launch to service.
    pub boot: Boot,
    /// Probability that a launch fails, from 0 to 1.
    pub launch_failure: f64,
    /// Seconds from the end of a period to its being visible.
    pub delay_s: u32,
    /// Length of a CloudWatch period: 60 s, or 300 s with basic monitoring.
    pub period_s: u32,
    /// Days at the start that are run and not scored.
    pub warmup_days: u32,
    /// Utilisation (0 to 1) above which a step counts as violation.
    pub slo_utilisation: f64,
    /// Seed of boot times, failures and faults.
    pub seed: u64,
    /// Instances in service at t = 0.
    pub initial: u32,
    /// Whether the request count is published beside CPU, for policies that read it.
    pub request_count: bool,
    /// How instances live.
    pub life: Life,
}

impl Setup {
    /// The defaults of the simulated world.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            unit: None,
            boot: Boot::Constant { seconds: 180 },
            launch_failure: 0.0,
            delay_s: 60,
            period_s: 60,
            warmup_days: 0,
            slo_utilisation: 0.8,
            seed: 0,
            initial: 2,
            request_count: false,
            life: Life::default(),
        }
    }
}

/// Why a trace cannot be replayed.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CaseError {
    /// The default unit would be 0.
    #[error(
        "{trace}: the 99th percentile of demand is 0, which does not tell what load one instance \
         serves"
    )]
    NoUnit {
        /// The trace.
        trace: String,
    },
    /// A setting that makes no sense.
    #[error("{setting} is {value}; expected {expected}")]
    BadSetting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A further load is of other times than the trace.
    #[error("{trace}: column `{name}` has other times than the first column")]
    OtherTimes {
        /// The trace.
        trace: String,
        /// The further load.
        name: String,
    },
    /// Nothing is left to score.
    #[error(
        "{trace}: not enough data: the history has {}, and more than {} h are needed, because the \
         first {} h are warm-up and not scored",
        span(*.span_s), 24 * u64::from(*.warmup_days), 24 * u64::from(*.warmup_days)
    )]
    NothingScored {
        /// The trace.
        trace: String,
        /// Warm-up days.
        warmup_days: u32,
        /// Length of the trace in seconds.
        span_s: i64,
    },
}

/// A length of time in words.
fn span(seconds: i64) -> String {
    if seconds < 7200 {
        format!("{} min", seconds / 60)
    } else {
        format!("{:.1} h", seconds as f64 / 3600.0)
    }
}

/// A trace on a group: everything that does not depend on the policy, computed once.
#[derive(Clone, Debug)]
pub struct Case {
    trace: Trace,
    setup: Setup,
    unit: f64,
    scoring_from_s: i64,
    needs: Vec<u32>,
    signals: Vec<CaseSignal>,
    peak: u32,
    optimum_hours: f64,
}

impl Case {
    /// Prepares `trace` (already cut) for replay.
    ///
    /// # Errors
    /// Where a setting makes no sense, no unit is known, or nothing is left to score.
    pub fn new(trace: Trace, setup: Setup) -> Result<Self, CaseError> {
        check(&setup)?;
        let unit = match setup.unit {
            Some(unit) => unit,
            None => default_unit(&trace)?,
        };
        let scoring_from_s = i64::from(setup.warmup_days) * i64::from(DAY_S);
        if scoring_from_s >= trace.span_s() {
            return Err(CaseError::NothingScored {
                trace: trace.name().into(),
                warmup_days: setup.warmup_days,
                span_s: trace.span_s(),
            });
        }
        let demand = trace.demand().iter();
        let needs: Vec<u32> = demand
            .map(|&demand| need(demand, unit, setup.slo_utilisation, setup.bounds))
            .collect();
        let mut case = Self {
            unit,
            scoring_from_s,
            peak: 0,
            optimum_hours: 0.0,
            needs,
            signals: Vec::new(),
            trace,
            setup,
        };
        case.measure();
        Ok(case)
    }

    /// The case with further loads, each with its name. They begin with the trace and are as long.
    /// One instance serves so much of each that its 99th percentile takes 20 instances at 60 %.
    ///
    /// # Errors
    /// Where a load is of another time than the trace, or tells nothing of what an instance serves.
    pub fn with_signals(mut self, loads: Vec<(String, Trace)>) -> Result<Self, CaseError> {
        for (name, load) in loads {
            let like = |trace: &Trace| (trace.start(), trace.step_s(), trace.demand().len());
            if like(&load) != like(&self.trace) {
                let trace = self.trace.name().to_owned();
                return Err(CaseError::OtherTimes { trace, name });
            }
            let unit = default_unit(&load)?;
            let trace = Arc::new(load);
            self.signals.push(CaseSignal { name, trace, unit });
        }
        let (slo, bounds) = (self.setup.slo_utilisation, self.setup.bounds);
        for signal in &self.signals {
            let needs = self.needs.iter_mut().zip(signal.needs(slo, bounds));
            needs.for_each(|(need, of_signal)| *need = (*need).max(of_signal));
        }
        self.measure();
        Ok(self)
    }

    /// Peak and optimum of what is needed.
    fn measure(&mut self) {
        // A cell that warm-up ends within counts as scored: only steps that do not divide a day.
        let step_s = self.trace.step_s();
        let first = usize::try_from(self.scoring_from_s / i64::from(step_s)).unwrap_or(0);
        let scored = self.needs.get(first..).unwrap_or_default();
        self.peak = scored.iter().copied().max().unwrap_or(0);
        let optimum = optimum_s(scored, step_s, self.setup.boot.typical_s());
        self.optimum_hours = optimum as f64 / 3600.0;
    }

    /// The further loads.
    pub fn signals(&self) -> &[CaseSignal] {
        &self.signals
    }

    /// The load that the group feels at `at_s` seconds since t = 0, in the trace's unit: that of
    /// the load or signal that needs most.
    pub(crate) fn felt(&self, at_s: i64) -> f64 {
        let busy = |signal: &CaseSignal| signal.at(at_s) / signal.unit * self.unit;
        let own = self.at(at_s).0;
        self.signals.iter().map(busy).fold(own, f64::max)
    }

    /// The trace.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The setup as given.
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Load that one instance serves at 100 % CPU.
    pub const fn unit(&self) -> f64 {
        self.unit
    }

    /// Largest need of the scored part, within the bounds.
    pub const fn peak(&self) -> u32 {
        self.peak
    }

    /// Fewest instance-hours without violation.
    pub const fn optimum_hours(&self) -> f64 {
        self.optimum_hours
    }

    /// When scoring starts, in seconds since t = 0.
    pub const fn scoring_from_s(&self) -> i64 {
        self.scoring_from_s
    }

    /// Start of the scored part.
    pub fn scored_from(&self) -> Timestamp {
        let warm_up = u64::try_from(self.scoring_from_s).unwrap_or(0);
        self.trace.start().plus(Duration::from_secs(warm_up))
    }

    /// Length of the scored part, in seconds.
    pub fn scored_s(&self) -> i64 {
        self.trace.span_s() - self.scoring_from_s
    }

    /// Number of steps that the world takes over the trace.
    pub fn steps(&self) -> i64 {
        self.trace.span_s() / STEP_S
    }

    /// Demand and need at `at_s` seconds since t = 0; the last cell's beyond the end.
    pub fn at(&self, at_s: i64) -> (f64, u32) {
        let cell = usize::try_from(at_s / i64::from(self.trace.step_s())).unwrap_or(0);
        let cell = cell.min(self.needs.len().saturating_sub(1));
        let demand = self.trace.demand().get(cell).copied().unwrap_or(0.0);
        (demand, self.needs.get(cell).copied().unwrap_or(0))
    }

    /// The world at t = 0, with `initial` instances instead of the setup's where given.
    pub fn world(&self, initial: Option<u32>) -> WorldConfig {
        WorldConfig {
            bounds: self.setup.bounds,
            unit: self.unit,
            boot: self.setup.boot,
            launch_failure: self.setup.launch_failure,
            delay_s: self.setup.delay_s,
            period_s: self.setup.period_s,
            seed: self.setup.seed,
            scoring_from_s: self.scoring_from_s,
            initial: initial.unwrap_or(self.setup.initial),
            life: self.setup.life,
        }
    }
}

fn check(setup: &Setup) -> Result<(), CaseError> {
    let bad = |setting, value: String, expected| {
        Err(CaseError::BadSetting {
            setting,
            value,
            expected,
        })
    };
    if let Some(unit) = setup.unit.filter(|unit| !(unit.is_finite() && *unit > 0.0)) {
        return bad("unit", unit.to_string(), "a finite number above 0");
    }
    let slo = setup.slo_utilisation;
    if !(slo > 0.0 && slo <= 1.0) {
        return bad("slo_utilisation", slo.to_string(), "above 0, at most 1");
    }
    if !(0.0..=1.0).contains(&setup.launch_failure) {
        return bad("launch_failure", setup.launch_failure.to_string(), "0 to 1");
    }
    if setup.period_s == 0 || !setup.period_s.is_multiple_of(10) {
        return bad("period_s", setup.period_s.to_string(), "a multiple of 10 s");
    }
    if setup.bounds.max() == 0 {
        return bad("max", "0".into(), "at least 1");
    }
    if let Err(what) = setup.life.check() {
        return bad("life", what.into(), "a value within its range");
    }
    Ok(())
}

/// `q99 / (20 × 0.6)`: the 99th percentile, linear between order statistics, takes 20 instances at
/// 60 % CPU.
fn default_unit(trace: &Trace) -> Result<f64, CaseError> {
    let mut sorted = trace.demand().to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let unit = quantile(&sorted, 0.99) / (20.0 * 0.6);
    if unit > 0.0 {
        Ok(unit)
    } else {
        Err(CaseError::NoUnit {
            trace: trace.name().into(),
        })
    }
}

/// The `share` quantile of sorted values, linear between order statistics; 0 for no values.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place within the slice"
    )]
    let below = place.floor() as usize;
    let Some(&low) = sorted.get(below) else {
        return 0.0;
    };
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    low + (high - low) * (place - below as f64)
}
