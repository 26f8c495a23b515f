//! Instance-hours and time in violation of one group: the one count that page, report, explanation,
//! metrics and JSON print.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{BANK_TARGETS, Bank, Baseline, Figures, Timestamp, fairest};

/// Data below this are too few to compare with: a day has one daily cycle.
const COMPARABLE: Duration = Duration::from_secs(86_400);

/// Counts of one group since Foretide holds it in its present mode.
///
/// All counts are over the same periods: those whose CPU, load and running instances are known.
/// Periods without data are in none of them. "Running" is in service or pending; terminating and
/// standby instances are left out on every side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hours {
    /// The first cycle in the present mode.
    pub since: Timestamp,
    /// End of the newest period counted; `since` where none is.
    pub until: Timestamp,
    /// Time with data, seconds.
    pub known_s: u64,
    /// What the group ran, instance-seconds.
    pub used_instance_s: u64,
    /// What target tracking at the group's configured target would have run on the same load,
    /// instance-seconds.
    pub baseline_instance_s: u64,
    /// The fewest instances within the bounds that keep the load of every period at the objective,
    /// known in hindsight and started in no time, instance-seconds.
    pub optimum_instance_s: u64,
    /// Time above the objective, seconds.
    pub violation_s: u64,
    /// Time that target tracking at the configured target would have been above it, seconds.
    pub baseline_violation_s: u64,
    /// The same of target tracking at several targets; none in counts of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<Bank>,
}

impl Hours {
    /// A count that begins at `since`.
    pub const fn new(since: Timestamp) -> Self {
        Self {
            since,
            until: since,
            known_s: 0,
            used_instance_s: 0,
            baseline_instance_s: 0,
            optimum_instance_s: 0,
            violation_s: 0,
            baseline_violation_s: 0,
            bank: None,
        }
    }

    /// Whether this is the count of a decision of an earlier version, which had none.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Whether no period is counted yet.
    pub const fn is_empty(&self) -> bool {
        self.known_s == 0
    }

    /// Whether there is less than a day of data: no share and no comparison is made of it.
    pub const fn is_too_early(&self) -> bool {
        self.known_s < COMPARABLE.as_secs()
    }

    /// What came after `earlier`, which is all where the count has begun anew since.
    #[must_use]
    pub fn after(&self, earlier: &Self) -> Self {
        if self.since != earlier.since || self.known_s < earlier.known_s {
            return *self;
        }
        Self {
            since: earlier.until,
            until: self.until,
            known_s: self.known_s - earlier.known_s,
            used_instance_s: self.used_instance_s.saturating_sub(earlier.used_instance_s),
            baseline_instance_s: self
                .baseline_instance_s
                .saturating_sub(earlier.baseline_instance_s),
            optimum_instance_s: self
                .optimum_instance_s
                .saturating_sub(earlier.optimum_instance_s),
            violation_s: self.violation_s.saturating_sub(earlier.violation_s),
            baseline_violation_s: self
                .baseline_violation_s
                .saturating_sub(earlier.baseline_violation_s),
            bank: self.bank.map(|bank| bank.minus(&earlier.bank_or(&bank))),
        }
    }

    /// The bank; without one, that of the configured target for all of the time, with the budget of
    /// `other`.
    fn bank_or(&self, other: &Bank) -> Bank {
        self.bank.unwrap_or(Bank {
            budget: other.budget,
            missing_s: self.known_s,
            instance_s: [self.baseline_instance_s; BANK_TARGETS.len()],
            violation_s: [self.baseline_violation_s; BANK_TARGETS.len()],
        })
    }

    /// Adds the counts of another stretch of time.
    pub fn add(&mut self, other: &Self) {
        // The newer budget holds.
        self.bank = match (self.bank, other.bank) {
            (None, None) => None,
            (Some(bank), None) => Some(bank.plus(&other.bank_or(&bank))),
            (_, Some(bank)) => Some(bank.plus(&self.bank_or(&bank))),
        };
        self.until = self.until.max(other.until);
        self.known_s += other.known_s;
        self.used_instance_s += other.used_instance_s;
        self.baseline_instance_s += other.baseline_instance_s;
        self.optimum_instance_s += other.optimum_instance_s;
        self.violation_s += other.violation_s;
        self.baseline_violation_s += other.baseline_violation_s;
    }

    /// Instance-hours that the group ran; none where no period is counted.
    pub fn used(&self) -> Option<f64> {
        self.instance_hours(self.used_instance_s)
    }

    /// The fair baseline of this span: of [`BANK_TARGETS`] the cheapest that kept the violation
    /// budget, or else the one with the fewest violations. The configured target below a day of
    /// data, and where all of the count is of an earlier version.
    pub fn baseline(&self) -> Baseline {
        let Some(bank) = self.bank.filter(|_| !self.is_too_early()) else {
            return self.configured();
        };
        let mut figures = [Figures {
            instance_hours: 0.0,
            violation_share: 0.0,
        }; BANK_TARGETS.len()];
        let counts = bank.instance_s.iter().zip(bank.violation_s);
        for (figures, (instance_s, violation_s)) in figures.iter_mut().zip(counts) {
            figures.instance_hours = *instance_s as f64 / 3600.0;
            figures.violation_share = violation_s as f64 / self.known_s as f64;
        }
        let chosen = fairest(&figures, bank.budget).filter(|_| bank.missing_s < self.known_s);
        chosen.map_or_else(
            || self.configured(),
            |fair| Baseline {
                budget: Some((bank.budget, fair.kept)),
                ..self.at(BANK_TARGETS.get(fair.index).copied())
            },
        )
    }

    /// Target tracking at the configured target.
    fn configured(&self) -> Baseline {
        Baseline {
            target: None,
            instance_s: self.baseline_instance_s,
            violation_s: self.baseline_violation_s,
            missing_s: 0,
            budget: None,
        }
    }

    /// Target tracking at `target`, percent: one of [`BANK_TARGETS`]. The configured target where
    /// there is none, and where the count is of an earlier version.
    pub fn at(&self, target: Option<u32>) -> Baseline {
        let index = BANK_TARGETS.iter().position(|known| target == Some(*known));
        let (Some(bank), Some(index)) = (self.bank, index) else {
            return self.configured();
        };
        let of = |counts: &[u64]| counts.get(index).copied().unwrap_or_default();
        Baseline {
            target,
            instance_s: of(&bank.instance_s),
            violation_s: of(&bank.violation_s),
            missing_s: bank.missing_s,
            budget: None,
        }
    }

    /// Instance-hours of a baseline of this span; none where no period is counted.
    pub fn of_baseline(&self, baseline: &Baseline) -> Option<f64> {
        self.instance_hours(baseline.instance_s)
    }

    /// Instance-hours of the hindsight optimum.
    pub fn optimum(&self) -> Option<f64> {
        self.instance_hours(self.optimum_instance_s)
    }

    fn instance_hours(&self, instance_s: u64) -> Option<f64> {
        (!self.is_empty()).then(|| instance_s as f64 / 3600.0)
    }

    /// Used ÷ fair baseline, below 1 where hours were saved; none below a day of data.
    pub fn against_baseline(&self) -> Option<f64> {
        self.ratio(self.used_instance_s, self.baseline().instance_s)
    }

    /// Used ÷ optimum; none below a day of data.
    pub fn against_optimum(&self) -> Option<f64> {
        self.ratio(self.used_instance_s, self.optimum_instance_s)
    }

    /// Share of the time with data that the group was in violation, 0 to 1; none below a day of
    /// data.
    pub fn violation_share(&self) -> Option<f64> {
        self.ratio(self.violation_s, self.known_s)
    }

    /// The same of the fair baseline.
    pub fn baseline_violation_share(&self) -> Option<f64> {
        self.ratio(self.baseline().violation_s, self.known_s)
    }

    fn ratio(&self, part: u64, whole: u64) -> Option<f64> {
        (!self.is_too_early() && whole > 0).then(|| part as f64 / whole as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(known_s: u64, used: u64, baseline: u64) -> Hours {
        Hours {
            until: Timestamp::from_seconds(1000).plus(Duration::from_secs(known_s)),
            known_s,
            used_instance_s: used,
            baseline_instance_s: baseline,
            violation_s: 60,
            ..Hours::new(Timestamp::from_seconds(1000))
        }
    }

    #[test]
    fn below_a_day_of_data_nothing_is_compared() {
        let early = hours(86_399, 100, 200);
        assert!(early.is_too_early() && early.used().is_some());
        assert_eq!(early.against_baseline(), None);
        assert_eq!(early.violation_share(), None);
        let enough = hours(86_400, 100, 200);
        assert_eq!(enough.against_baseline(), Some(0.5));
        assert_eq!(enough.violation_share(), Some(60.0 / 86_400.0));
    }

    #[test]
    fn a_stretch_is_the_difference_and_all_of_a_count_begun_anew() {
        let (first, second) = (hours(600, 10, 20), hours(900, 16, 29));
        let stretch = second.after(&first);
        assert_eq!((stretch.since, stretch.known_s), (first.until, 300));
        assert_eq!(
            (stretch.used_instance_s, stretch.baseline_instance_s),
            (6, 9)
        );
        let anew = Hours {
            since: Timestamp::from_seconds(5000),
            ..hours(60, 3, 4)
        };
        assert_eq!(anew.after(&second), anew);
    }

    /// A count with a bank: the target of 65 % is the cheapest within the budget.
    fn with_bank(known_s: u64) -> Hours {
        let mut bank = Bank {
            budget: 0.005,
            ..Bank::default()
        };
        for (index, (instances, violation)) in bank
            .instance_s
            .iter_mut()
            .zip(&mut bank.violation_s)
            .enumerate()
        {
            *instances = known_s * (20 - index as u64);
            *violation = if index > 7 {
                known_s / 50
            } else {
                known_s / 500
            };
        }
        Hours {
            bank: Some(bank),
            ..hours(known_s, 9 * known_s, 16 * known_s)
        }
    }

    #[test]
    fn the_baseline_is_the_cheapest_target_that_kept_the_budget() {
        let baseline = with_bank(86_400).baseline();
        assert_eq!(baseline.target, Some(65));
        assert_eq!(baseline.budget, Some((0.005, true)));
        assert_eq!(baseline.instance_s, 13 * 86_400);
        assert_eq!(with_bank(86_400).against_baseline(), Some(9.0 / 13.0));
        let early = with_bank(86_399).baseline();
        assert_eq!((early.target, early.instance_s), (None, 16 * 86_399));
    }

    #[test]
    fn where_no_target_kept_the_budget_the_fewest_violations_count_and_it_is_said() {
        let mut hours = with_bank(86_400);
        if let Some(bank) = &mut hours.bank {
            bank.budget = 0.0001;
        }
        let baseline = hours.baseline();
        assert_eq!(
            (baseline.target, baseline.budget),
            (Some(65), Some((0.0001, false)))
        );
    }

    #[test]
    fn time_of_an_earlier_version_has_the_figures_of_the_configured_target() {
        let old = hours(86_400, 9 * 86_400, 16 * 86_400);
        assert_eq!(old.baseline().target, None);
        let mut both = old;
        both.add(&with_bank(86_400));
        let baseline = both.baseline();
        assert_eq!((baseline.target, baseline.missing_s), (Some(65), 86_400));
        assert_eq!(baseline.instance_s, (16 + 13) * 86_400);
        let newer = both.after(&old);
        assert_eq!(
            newer.bank,
            with_bank(86_400).bank,
            "what came since has all targets"
        );
        assert_eq!(newer.baseline().missing_s, 0);
    }

    #[test]
    fn nothing_counted_is_missing_and_not_zero() {
        let none = Hours::new(Timestamp::from_seconds(5));
        assert!(none.is_empty());
        assert_eq!((none.used(), none.against_optimum()), (None, None));
    }
}
