//! The knob that follows the violation budget, and its bound when the law costs more than the
//! reactive rule for nothing.

use foretide_domain::Counterfactual;
use serde::{Deserialize, Serialize};

/// Constants of the knob.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetConfig {
    /// Where the knob starts. 15 costs 2 % more in the first two days, 12 spends the whole
    /// allowance of 1 % violation there; after a week none can be told from another.
    pub start: f64,
    /// Steps per minute of violation. Below 0.4 some traces overspend, above it cost rises.
    pub gain: f64,
    /// Highest position. Beyond it more capacity has not bought fewer violations.
    pub max: f64,
    /// Highest position while demoted.
    pub max_demoted: f64,
    /// Demoted where capacity exceeds that of target tracking by this factor …
    pub demote_cost_ratio: f64,
    /// … until it no longer does so by this one: at a single bound it would be told every minute.
    pub restore_cost_ratio: f64,
    /// … although target tracking would have been short no more than this share of time.
    pub demote_shadow_share: f64,
    /// Highest position where, besides, target tracking would have been short less than twice as
    /// often: the law costs more for no better service.
    pub max_harmful: f64,
    /// Highest position where that is so although target tracking would often be short: what
    /// comes cannot be foreseen, and no price buys it.
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
            demote_shadow_share: 0.03,
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

/// The knob and the means that bound it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Budget {
    position: f64,
    minutes: f64,
    means: Counterfactual,
    standing: Standing,
}

/// How far the price is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The law earns its cost.
    Free,
    /// It costs more than target tracking, which would rarely have been short.
    Demoted,
    /// Besides, its service is less than twice as good.
    Harmful,
    /// It costs more, both are often short, and its service is less than twice as good.
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
            position: config.start,
            minutes: 0.0,
            means: Counterfactual::default(),
            standing: Standing::Free,
        }
    }

    /// Notes `minutes` of own and shadow capacity, and what share of them each was short.
    pub(crate) fn compare(
        &mut self,
        minutes: f64,
        own: (f64, f64),
        shadow: (f64, f64),
        config: &BudgetConfig,
    ) {
        self.minutes += minutes;
        let share = (minutes / self.minutes).max(minutes / DEMOTION_MINUTES);
        let means = &mut self.means;
        means.own += share * (own.0 - means.own);
        means.own_short += share * (own.1 - means.own_short);
        means.tracking += share * (shadow.0 - means.tracking);
        means.tracking_short += share * (shadow.1 - means.tracking_short);
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
        let often_short = means.tracking_short > config.demote_shadow_share;
        match (is_dear, is_better, often_short) {
            (true, false, false) => Standing::Harmful,
            (true, true, false) => Standing::Demoted,
            // Within longer periods the own share is an estimate and the shadow's is none.
            (true, false, true) if self.minutes >= SETTLED_MINUTES && minutes <= 1.0 => {
                Standing::Futile
            }
            _ => Standing::Free,
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// Charges a share of violation over `minutes` against the budget.
    pub(crate) fn charge(&mut self, minutes: f64, short: f64, share: f64, config: &BudgetConfig) {
        let max = self.bound(config);
        self.position = (self.position + config.gain * minutes * (short - share)).clamp(0.0, max);
    }

    fn bound(&self, config: &BudgetConfig) -> f64 {
        match self.standing {
            Standing::Free => config.max,
            Standing::Demoted => config.max_demoted,
            Standing::Harmful => config.max_harmful,
            Standing::Futile => config.max_futile,
        }
    }

    /// Highest whole position at present.
    pub(crate) fn max(&self, config: &BudgetConfig) -> i32 {
        whole(self.bound(config))
    }

    /// The nearest whole position.
    pub(crate) fn position(&self) -> i32 {
        whole(self.position)
    }

    /// Own capacity, the shadow's, and what share of time each was short, over about three days.
    pub(crate) fn means(&self) -> Counterfactual {
        self.means
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "positions lie between 0 and max"
)]
fn whole(position: f64) -> i32 {
    (position + 0.5).floor() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 1440.0;

    #[test]
    fn a_dear_law_is_demoted_and_climbs_back_when_it_is_clearly_cheap_again() {
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
