//! Target tracking at several targets, simulated side by side on the observed load. The fair
//! baseline is chosen among them.

use foretide_domain::{BANK, BANK_TARGETS, TargetTracking};
use serde::{Deserialize, Serialize};

use super::Baseline;

/// A simulated group for each of [`BANK_TARGETS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineBank(Box<[Baseline; BANK]>);

/// What one period brought each target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankStep {
    /// Instances in service or launching while the period ran.
    pub running: [u32; BANK],
    /// Whether utilisation exceeded the objective.
    pub violates: [bool; BANK],
}

impl BaselineBank {
    /// Groups of `desired` instances in service.
    pub fn new(rule: TargetTracking, desired: u32) -> Self {
        let group = |target| Baseline::new(f64::from(target), rule, desired);
        Self(Box::new(BANK_TARGETS.map(group)))
    }

    /// Instances in service or launching, at each target.
    pub fn running(&self) -> [u32; BANK] {
        self.0.each_ref().map(Baseline::running)
    }

    /// Periods without data: launches under way arrive, nothing is decided.
    pub fn pass_over(&mut self, missed: u32) {
        for baseline in self.0.iter_mut() {
            baseline.pass_over(missed);
        }
    }

    /// Goes by other settings of the rule from now on.
    pub fn follow(&mut self, rule: TargetTracking) {
        for (baseline, target) in self.0.iter_mut().zip(BANK_TARGETS) {
            baseline.aim_at(f64::from(target), rule);
        }
    }

    /// One period at `load`, in instance-percent. A launch serves `lead` periods later; `objective`
    /// is in percent; `bounds` are those of the group.
    pub fn step(&mut self, load: f64, objective: f64, lead: u64, bounds: (u32, u32)) -> BankStep {
        let running = self.running();
        let violates = self
            .0
            .each_mut()
            .map(|baseline| baseline.step(load, objective, lead, bounds).1);
        BankStep { running, violates }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day of a sine between 1 and 9 busy instances, a minute a period.
    fn load(minute: u32) -> f64 {
        500.0 + 400.0 * (f64::from(minute) / 1440.0 * std::f64::consts::TAU).sin()
    }

    #[test]
    fn each_target_runs_as_it_would_alone() {
        let rule = TargetTracking::default();
        let mut bank = BaselineBank::new(rule, 4);
        let mut alone = Baseline::new(65.0, rule, 4);
        let index = BANK_TARGETS.iter().position(|it| *it == 65).unwrap();
        for minute in 0..1440 {
            let before = alone.running();
            let (_, violates) = alone.step(load(minute), 80.0, 4, (1, 100));
            let step = bank.step(load(minute), 80.0, 4, (1, 100));
            assert_eq!(step.running[index], before, "minute {minute}");
            assert_eq!(step.violates[index], violates, "minute {minute}");
        }
    }

    #[test]
    fn a_lower_target_costs_more_on_a_steady_load() {
        let mut bank = BaselineBank::new(TargetTracking::default(), 4);
        for _ in 0..60 {
            bank.step(600.0, 80.0, 4, (1, 100));
        }
        let running = bank.running();
        assert_eq!((running[0], running[10]), (20, 8));
        assert!(running.is_sorted_by(|one, next| one >= next), "{running:?}");
    }
}
