//! The knob that follows the violation budget, and its bound when the law costs more than the
//! reactive rule for nothing.

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
    /// … although target tracking would have been short no more than this share of time.
    pub demote_shadow_share: f64,
    /// Highest position where, besides, target tracking would have been short less than twice as
    /// often: the law costs more for no better service.
    pub max_harmful: f64,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self {
            start: 14.0,
            gain: 0.4,
            max: 22.0,
            max_demoted: 18.0,
            demote_cost_ratio: 1.15,
            demote_shadow_share: 0.03,
            max_harmful: 15.0,
        }
    }
}

/// Minutes of the running means that demotion looks at: three days.
const DEMOTION_MINUTES: f64 = 4320.0;
/// Violations at most this share of target tracking's are worth paying for.
const HALF: f64 = 0.5;

/// The knob and the means that bound it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Budget {
    position: f64,
    minutes: f64,
    own: f64,
    shadow: f64,
    shadow_short: f64,
    own_short: f64,
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
}

impl Budget {
    pub(crate) fn new(config: &BudgetConfig) -> Self {
        Self {
            position: config.start,
            minutes: 0.0,
            own: 0.0,
            shadow: 0.0,
            shadow_short: 0.0,
            own_short: 0.0,
        }
    }

    /// Notes `minutes` of own and shadow capacity, and what share of them each was short.
    pub(crate) fn compare(&mut self, minutes: f64, own: (f64, f64), shadow: (f64, f64)) {
        self.minutes += minutes;
        let share = (minutes / self.minutes).max(minutes / DEMOTION_MINUTES);
        self.own += share * (own.0 - self.own);
        self.own_short += share * (own.1 - self.own_short);
        self.shadow += share * (shadow.0 - self.shadow);
        self.shadow_short += share * (shadow.1 - self.shadow_short);
    }

    pub(crate) fn standing(&self, config: &BudgetConfig) -> Standing {
        let dear = self.own > config.demote_cost_ratio * self.shadow;
        if !dear || self.shadow_short > config.demote_shadow_share {
            Standing::Free
        } else if self.own_short > HALF * self.shadow_short {
            Standing::Harmful
        } else {
            Standing::Demoted
        }
    }

    /// Charges a share of violation over `minutes` against the budget.
    pub(crate) fn charge(&mut self, minutes: f64, short: f64, share: f64, config: &BudgetConfig) {
        let max = match self.standing(config) {
            Standing::Free => config.max,
            Standing::Demoted => config.max_demoted,
            Standing::Harmful => config.max_harmful,
        };
        self.position = (self.position + config.gain * minutes * (short - share)).clamp(0.0, max);
    }

    /// The nearest whole position.
    pub(crate) fn position(&self) -> i32 {
        #[expect(clippy::cast_possible_truncation, reason = "clamped between 0 and max")]
        let whole = (self.position + 0.5).floor() as i32;
        whole
    }

    /// Own capacity, the shadow's, and the shadow's share of short time, over about three days.
    pub(crate) fn means(&self) -> (f64, f64, f64) {
        (self.own, self.shadow, self.shadow_short)
    }
}
