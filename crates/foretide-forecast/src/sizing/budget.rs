//! The price step that follows the violation budget, and its bound while the optimiser costs more
//! than baseline target tracking without fewer violations.

use foretide_domain::Counterfactual;
use serde::{Deserialize, Serialize};

/// Constants of the price step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetConfig {
    /// The price step at the start. 15 costs 2 % more in the first two days, 12 spends the whole
    /// allowance of 1 % violation there; after a week none can be told from another.
    pub start: f64,
    /// Steps per minute of violation. Below 0.4 some traces overspend, above it cost rises.
    pub gain: f64,
    /// Highest price step. Beyond it more capacity has not bought fewer violations.
    pub max: f64,
    /// Highest price step while demoted.
    pub max_demoted: f64,
    /// Demoted where capacity exceeds that of target tracking by this factor …
    pub demote_cost_ratio: f64,
    /// … until it no longer does so by this one: at a single bound it would be told every minute.
    pub restore_cost_ratio: f64,
    /// … although the baseline would have been in violation no more than this share of time.
    #[serde(rename = "demote_shadow_share")]
    pub demote_baseline_share: f64,
    /// Highest price step where, besides, the baseline would have been in violation less than twice
    /// as often: the optimiser costs more for no better service.
    pub max_harmful: f64,
    /// Highest price step where that is so although the baseline would often be in violation: such
    /// load cannot be foreseen, and no price buys enough capacity for it.
    #[serde(default = "max_futile")]
    pub max_futile: f64,
}

/// Ten-fold spikes five times a day, on eight seeds: at 11 two cost over 1.15 of target tracking,
/// at 9 none; unbounded seven do, up to 1.75.
const fn max_futile() -> f64 {
    9.0
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self {
            start: 14.0,
            gain: 0.4,
            max: 22.0,
            max_demoted: 18.0,
            demote_cost_ratio: 1.15,
            restore_cost_ratio: 1.12,
            demote_baseline_share: 0.03,
            max_harmful: 15.0,
            max_futile: max_futile(),
        }
    }
}

/// Minutes of the running means that demotion looks at: three days.
const DEMOTION_MINUTES: f64 = 4320.0;
/// Minutes before which a burst or two say nothing of what can be foreseen: the two days in which a
/// group's own model is new.
const SETTLED_MINUTES: f64 = 2880.0;
/// Violations at most this share of target tracking's are worth paying for.
const HALF: f64 = 0.5;

/// The price step and the means that bound it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Budget {
    /// The price step, 0 to its bound. Fractions add up between whole steps.
    #[serde(rename = "position")]
    price_step: f64,
    /// Minutes compared so far.
    minutes: f64,
    /// Own capacity and the baseline's, over about three days.
    means: Counterfactual,
    /// Whether and how far the price step is bounded.
    standing: Standing,
}

/// How far the price is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The optimiser earns its cost.
    Free,
    /// It costs more than the baseline, which would rarely have been in violation.
    Demoted,
    /// Besides, its service is less than twice as good.
    Harmful,
    /// It costs more, both are often in violation, and its service is less than twice as good.
    Futile,
}

impl Standing {
    /// Whether the risk price is bounded.
    pub fn is_bounded(self) -> bool {
        self != Self::Free
    }
}

impl Budget {
    pub(crate) fn new(config: &BudgetConfig) -> Self {
        Self {
            price_step: config.start,
            minutes: 0.0,
            means: Counterfactual::default(),
            standing: Standing::Free,
        }
    }

    /// Notes `minutes` of own and baseline capacity, each with its share of time in violation.
    pub(crate) fn compare(
        &mut self,
        minutes: f64,
        own: (f64, f64),
        baseline: (f64, f64),
        config: &BudgetConfig,
    ) {
        self.minutes += minutes;
        let share = (minutes / self.minutes).max(minutes / DEMOTION_MINUTES);
        let means = &mut self.means;
        means.own += share * (own.0 - means.own);
        means.own_short += share * (own.1 - means.own_short);
        means.tracking += share * (baseline.0 - means.tracking);
        means.tracking_short += share * (baseline.1 - means.tracking_short);
        self.standing = self.judge(minutes, config);
    }

    fn judge(&self, minutes: f64, config: &BudgetConfig) -> Standing {
        let means = &self.means;
        let limit = match self.standing {
            Standing::Free => config.demote_cost_ratio,
            Standing::Demoted | Standing::Harmful | Standing::Futile => config.restore_cost_ratio,
        };
        let is_dear = means.own > limit * means.tracking;
        let is_better = means.own_short <= HALF * means.tracking_short;
        let often_violates = means.tracking_short > config.demote_baseline_share;
        match (is_dear, is_better, often_violates) {
            (true, false, false) => Standing::Harmful,
            (true, true, false) => Standing::Demoted,
            // In longer periods the own share is an estimate and the baseline's is not.
            (true, false, true) if self.minutes >= SETTLED_MINUTES && minutes <= 1.0 => {
                Standing::Futile
            }
            _ => Standing::Free,
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// Charges `minutes`, of which the share `violation` was in violation, against a budget of
    /// `share`. Both are 0 to 1.
    pub(crate) fn charge(
        &mut self,
        minutes: f64,
        violation: f64,
        share: f64,
        config: &BudgetConfig,
    ) {
        let max = self.bound(config);
        let steps = config.gain * minutes * (violation - share);
        self.price_step = (self.price_step + steps).clamp(0.0, max);
    }

    fn bound(&self, config: &BudgetConfig) -> f64 {
        match self.standing {
            Standing::Free => config.max,
            Standing::Demoted => config.max_demoted,
            Standing::Harmful => config.max_harmful,
            Standing::Futile => config.max_futile,
        }
    }

    /// Highest whole price step at present.
    pub(crate) fn max(&self, config: &BudgetConfig) -> i32 {
        whole(self.bound(config))
    }

    /// The nearest whole price step.
    pub(crate) fn price_step(&self) -> i32 {
        whole(self.price_step)
    }

    /// Own capacity, the baseline's, and the share of time in violation of each, over about three
    /// days.
    pub(crate) fn means(&self) -> Counterfactual {
        self.means
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "price steps lie between 0 and max"
)]
fn whole(price_step: f64) -> i32 {
    (price_step + 0.5).floor() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 1440.0;

    #[test]
    fn a_dear_optimiser_is_demoted_and_climbs_back_when_it_is_clearly_cheap_again() {
        let config = BudgetConfig::default();
        let mut budget = Budget::new(&config);
        let mut days = |own: f64, days: u32| {
            for _ in 0..days {
                budget.compare(DAY, (own, 0.004), (10.0, 0.01), &config);
            }
            budget.standing()
        };
        assert_eq!(days(11.0, 3), Standing::Free);
        assert_eq!(days(16.0, 3), Standing::Demoted);
        assert_eq!(days(11.3, 1), Standing::Demoted);
        assert_eq!(days(11.3, 30), Standing::Demoted, "neither dear nor cheap");
        assert_eq!(days(10.0, 9), Standing::Free);
    }

    #[test]
    fn what_cannot_be_foreseen_is_not_paid_for_once_the_first_days_are_over() {
        let config = BudgetConfig::default();
        let standing = |minutes: f64, length: f64, own_short| {
            let mut budget = Budget::new(&config);
            let mut seen = 0.0;
            while seen < minutes {
                budget.compare(length, (20.0, own_short), (10.0, 0.04), &config);
                seen += length;
            }
            (budget.standing(), budget.max(&config))
        };
        assert_eq!(standing(DAY, 1.0, 0.03), (Standing::Free, 22));
        assert_eq!(standing(2.0 * DAY, 1.0, 0.03), (Standing::Futile, 9));
        assert_eq!(standing(2.0 * DAY, 5.0, 0.03), (Standing::Free, 22));
        assert_eq!(standing(2.0 * DAY, 1.0, 0.01), (Standing::Free, 22));
    }

    #[test]
    fn no_better_service_for_more_is_harmful_and_rare_service_is_worth_its_price() {
        let config = BudgetConfig::default();
        let standing = |own_short, tracking_short| {
            let mut budget = Budget::new(&config);
            budget.compare(DAY, (20.0, own_short), (10.0, tracking_short), &config);
            (budget.standing(), budget.max(&config))
        };
        assert_eq!(standing(0.008, 0.01), (Standing::Harmful, 15));
        assert_eq!(standing(0.004, 0.01), (Standing::Demoted, 18));
        assert_eq!(standing(0.004, 0.05), (Standing::Free, 22));
    }
}
