//! The fair baseline: of target tracking at several targets, the one that a group is compared with.
//!
//! A target far below the objective makes every other policy look cheap, and a target near the
//! objective violates it. So the comparison takes the cheapest target that kept the violation
//! budget over the same span, chosen in hindsight.

use serde::{Deserialize, Serialize};

/// Number of targets that are simulated side by side.
pub const BANK: usize = 11;

/// The targets that are simulated side by side, CPU utilisation in percent.
pub const BANK_TARGETS: [u32; BANK] = [30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80];

/// What one setting cost over a span, and how it served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Instance-hours, or any other measure of cost that is the same for all settings.
    pub instance_hours: f64,
    /// Share of the span in violation, 0 to 1.
    pub violation_share: f64,
}

/// The setting to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fairest {
    /// Its place among the figures.
    pub index: usize,
    /// Whether it kept the violation budget. If not, no setting did.
    pub kept: bool,
}

/// The fair one of `figures` for a violation `budget`, 0 to 1; none of no figures.
///
/// Among the settings with a violation share of at most `budget`, the one with the fewest
/// instance-hours. Where there is none, the one with the least violation share. Of two equal ones,
/// the one with the lower other figure; of two that are wholly equal, the first.
pub fn fairest(figures: &[Figures], budget: f64) -> Option<Fairest> {
    let better = |kept: bool, one: &Figures, other: &Figures| {
        let cost = one.instance_hours.total_cmp(&other.instance_hours);
        let share = one.violation_share.total_cmp(&other.violation_share);
        if kept {
            cost.then(share)
        } else {
            share.then(cost)
        }
    };
    let least = |kept: bool| {
        let all = figures.iter().enumerate();
        let all = all.filter(|(_, it)| !kept || it.violation_share <= budget);
        // Of equal ones `min_by` takes the first.
        let (index, _) = all.min_by(|(_, one), (_, other)| better(kept, one, other))?;
        Some(Fairest { index, kept })
    };
    least(true).or_else(|| least(false))
}

/// What target tracking at each of [`BANK_TARGETS`] would have run on the observed load, and how
/// long it would have been in violation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bank {
    /// The violation budget of the group, 0 to 1: the fair target is chosen for it.
    pub budget: f64,
    /// Time of the count in which only the configured target was simulated, seconds: that of
    /// earlier versions. Every target has the figures of the configured one for this time.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missing_s: u64,
    /// Instance-seconds of each target.
    pub instance_s: [u64; BANK],
    /// Time in violation of each target, seconds.
    pub violation_s: [u64; BANK],
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(seconds: &u64) -> bool {
    *seconds == 0
}

impl Bank {
    /// The sums of both. The budget is that of `self`.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    /// What is in `self` and not in `earlier`.
    pub(crate) fn minus(&self, earlier: &Self) -> Self {
        self.with(earlier, u64::saturating_sub)
    }

    fn with(&self, other: &Self, of: fn(u64, u64) -> u64) -> Self {
        let each = |one: &[u64; BANK], other: &[u64; BANK]| {
            let mut pairs = one.iter().zip(other).map(|(one, other)| of(*one, *other));
            [(); BANK].map(|()| pairs.next().unwrap_or_default())
        };
        Self {
            budget: self.budget,
            missing_s: of(self.missing_s, other.missing_s),
            instance_s: each(&self.instance_s, &other.instance_s),
            violation_s: each(&self.violation_s, &other.violation_s),
        }
    }
}

/// What the baseline runs now, at each target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredNow")]
pub struct BaselineNow {
    /// Instances at the configured target.
    pub configured: u32,
    /// Instances at each of [`BANK_TARGETS`]; none in decisions of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank: Option<[u16; BANK]>,
}

impl BaselineNow {
    /// Instances at the target of `baseline`; at the configured one where that is meant, or where
    /// an earlier version decided.
    pub fn running(&self, baseline: &Baseline) -> u32 {
        let index = baseline
            .target
            .and_then(|target| BANK_TARGETS.iter().position(|known| *known == target));
        let bank = self.bank.as_ref();
        bank.zip(index)
            .and_then(|(bank, index)| bank.get(index).copied())
            .map_or(self.configured, u32::from)
    }
}

/// As stored: earlier versions wrote the instances at the configured target alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredNow {
    Configured(u32),
    Bank {
        configured: u32,
        #[serde(default)]
        bank: Option<[u16; BANK]>,
    },
}

impl From<StoredNow> for BaselineNow {
    fn from(stored: StoredNow) -> Self {
        let (configured, bank) = match stored {
            StoredNow::Configured(configured) => (configured, None),
            StoredNow::Bank { configured, bank } => (configured, bank),
        };
        Self { configured, bank }
    }
}

/// The baseline of one span: target tracking at one target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// The target in percent; none is the group's configured one.
    pub target: Option<u32>,
    /// Instance-seconds.
    pub instance_s: u64,
    /// Time in violation, seconds.
    pub violation_s: u64,
    /// Time of the span that has the figures of the configured target, seconds.
    pub missing_s: u64,
    /// The violation budget that the target was chosen for, 0 to 1, and whether it kept that
    /// budget. None for the configured target, which was not chosen.
    pub budget: Option<(f64, bool)>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(figures: &[(f64, f64)]) -> Vec<Figures> {
        let of = |(instance_hours, violation_share): &(f64, f64)| Figures {
            instance_hours: *instance_hours,
            violation_share: *violation_share,
        };
        figures.iter().map(of).collect()
    }

    fn chosen(figures: &[(f64, f64)]) -> (usize, bool) {
        let found = fairest(&of(figures), 0.005).unwrap();
        (found.index, found.kept)
    }

    #[test]
    fn the_cheapest_that_kept_the_budget_is_fair() {
        let figures = [(30.0, 0.0), (20.0, 0.005), (10.0, 0.0051), (25.0, 0.001)];
        assert_eq!(chosen(&figures), (1, true), "exactly the budget keeps it");
    }

    #[test]
    fn where_none_kept_it_the_one_with_the_fewest_violations_is_fair() {
        assert_eq!(chosen(&[(9.0, 0.02), (30.0, 0.01), (5.0, 0.3)]), (1, false));
        assert_eq!(fairest(&[], 0.005), None);
    }

    #[test]
    fn of_equal_ones_the_other_figure_decides_and_then_the_order() {
        assert_eq!(chosen(&[(9.0, 0.004), (9.0, 0.001)]), (1, true));
        assert_eq!(chosen(&[(9.0, 0.02), (8.0, 0.02)]), (1, false));
        assert_eq!(chosen(&[(9.0, 0.0), (9.0, 0.0)]), (0, true));
    }

    proptest! {
        /// Nobody can name a target that kept the budget and cost less than the one shown.
        #[test]
        fn no_other_that_kept_the_budget_is_cheaper(
            figures in prop::collection::vec((0.0..100.0_f64, 0.0..0.01_f64), 1..12),
            budget in 0.0..0.01_f64,
        ) {
            let figures = of(&figures);
            let found = fairest(&figures, budget).unwrap();
            let shown = figures[found.index];
            let mut kept = figures.iter().filter(|it| it.violation_share <= budget);
            prop_assert!(kept.all(|it| shown.instance_hours <= it.instance_hours));
            prop_assert_eq!(found.kept, shown.violation_share <= budget);
            let violations = figures.iter().map(|it| it.violation_share);
            prop_assert!(found.kept || violations.fold(1.0, f64::min) >= shown.violation_share);
        }
    }

    #[test]
    fn what_a_baseline_of_an_earlier_version_ran_reads_and_stands_for_every_target() {
        let at = |target| Baseline {
            target,
            instance_s: 0,
            violation_s: 0,
            missing_s: 0,
            budget: None,
        };
        let old: BaselineNow = serde_json::from_str("7").unwrap();
        assert_eq!(old.running(&at(Some(65))), 7);
        let bank = Some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        let now = BaselineNow {
            configured: 20,
            bank,
        };
        assert_eq!(
            (now.running(&at(Some(65))), now.running(&at(None))),
            (8, 20)
        );
        let text = serde_json::to_string(&now).unwrap();
        assert_eq!(serde_json::from_str::<BaselineNow>(&text).unwrap(), now);
    }
}
