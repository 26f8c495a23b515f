//! What a run is judged by.

use crate::STEP_S;
use crate::world::Step;

/// Figures of one run over its scored part.
///
/// `theta_u` to `jitter` are the elasticity metrics of SPEC RG (SPEC-RG-2016-01, arXiv 1604.03470),
/// with need as demand (at least 1) and serving instances as supply, every 10 s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Billed instance-hours.
    pub instance_hours: f64,
    /// Fewest instance-hours possible without violation.
    pub optimum_hours: f64,
    /// Instance-hours ÷ optimum; infinite where the optimum is 0 and the hours are not.
    pub cost_ratio: f64,
    /// Share (0 to 1) of steps with utilisation above the objective.
    pub violation_share: f64,
    /// Instance-hours that were missing to keep the objective.
    pub missing_hours: f64,
    /// Share (0 to 1) of demand that was not served.
    pub unserved_share: f64,
    /// Changes of desired capacity.
    pub actions: u64,
    /// Under-provisioning accuracy: mean missing instances per needed one, percent.
    pub theta_u: f64,
    /// Over-provisioning accuracy: mean surplus instances per needed one, percent.
    pub theta_o: f64,
    /// Time under-provisioned, percent.
    pub tau_u: f64,
    /// Time over-provisioned, percent.
    pub tau_o: f64,
    /// Time in which supply and demand moved differently, percent.
    pub instability: f64,
    /// Changes of supply minus changes of demand, per hour.
    pub jitter: f64,
    /// Scored steps.
    pub steps: u64,
}

impl Score {
    /// Cost of the instance-hours at `price` a hour, in the price's currency.
    pub fn cost(&self, price_per_hour: f64) -> f64 {
        self.instance_hours * price_per_hour
    }

    /// Cost in instance-hours where an instance that is missing costs `ratio` times one that is
    /// there, as stated prices say.
    pub fn cost_with_missing(&self, ratio: f64) -> f64 {
        self.instance_hours + ratio * self.missing_hours
    }
}

/// Adds up scored steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scorer {
    capacity_at_slo: f64,
    steps: u64,
    violations: u64,
    missing: u64,
    unserved: f64,
    demand: f64,
    actions: u64,
    under: f64,
    over: f64,
    under_steps: u64,
    over_steps: u64,
    before: Option<(u32, u32)>,
    unlike: u64,
    supply_changes: u64,
    need_changes: u64,
}

impl Scorer {
    /// A scorer for a group that should be loaded to `slo_utilisation` of its capacity at most.
    pub(crate) fn new(slo_utilisation: f64) -> Self {
        Self {
            capacity_at_slo: slo_utilisation,
            ..Self::default()
        }
    }

    /// Counts one change of desired capacity.
    pub(crate) const fn acted(&mut self) {
        self.actions += 1;
    }

    /// Adds a step in which `need` instances were needed.
    pub(crate) fn observe(&mut self, step: &Step, need: u32) {
        let capacity = step.capacity;
        self.steps += 1;
        self.violations += u64::from(step.demand > self.capacity_at_slo * capacity);
        self.missing += u64::from(need.saturating_sub(step.serving));
        self.unserved += (step.demand - capacity).max(0.0);
        self.demand += step.demand;
        self.elasticity(step.serving, need.max(1));
    }

    fn elasticity(&mut self, supply: u32, need: u32) {
        self.under += f64::from(need.saturating_sub(supply)) / f64::from(need);
        self.over += f64::from(supply.saturating_sub(need)) / f64::from(need);
        self.under_steps += u64::from(supply < need);
        self.over_steps += u64::from(supply > need);
        if let Some((supply_before, need_before)) = self.before {
            self.unlike += u64::from(supply.cmp(&supply_before) != need.cmp(&need_before));
            self.supply_changes += u64::from(supply != supply_before);
            self.need_changes += u64::from(need != need_before);
        }
        self.before = Some((supply, need));
    }

    /// The figures, given what was billed and what had to be.
    pub(crate) fn finish(&self, instance_hours: f64, optimum_hours: f64) -> Score {
        let steps = self.steps as f64;
        let share = |count: f64| if steps > 0.0 { count / steps } else { 0.0 };
        let moves = self.steps.saturating_sub(1) as f64;
        let hours = steps * STEP_S as f64 / 3600.0;
        let jitter = self.supply_changes as f64 - self.need_changes as f64;
        Score {
            instance_hours,
            optimum_hours,
            cost_ratio: ratio(instance_hours, optimum_hours),
            violation_share: share(self.violations as f64),
            missing_hours: self.missing as f64 * STEP_S as f64 / 3600.0,
            unserved_share: ratio(self.unserved, self.demand),
            actions: self.actions,
            theta_u: 100.0 * share(self.under),
            theta_o: 100.0 * share(self.over),
            tau_u: 100.0 * share(self.under_steps as f64),
            tau_o: 100.0 * share(self.over_steps as f64),
            instability: 100.0 * ratio(self.unlike as f64, moves),
            jitter: ratio(jitter, hours),
            steps: self.steps,
        }
    }
}

/// Nothing of nothing is nothing.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        part / whole
    } else if part > 0.0 {
        f64::INFINITY
    } else {
        0.0
    }
}
