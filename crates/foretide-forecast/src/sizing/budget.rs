//! The price step that follows the violation budget, and its bound by what the user would spend.

use foretide_domain::Counterfactual;
use serde::{Deserialize, Serialize};

use crate::grid::Period;

use super::price::{DEARER_FROM, PRICE_STEP_MAX};
use super::price_list::PriceList;
use super::week::Week;

/// Constants of the price step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetConfig {
    /// The price step at the start. 15 costs 2 % more in the first two days, 12 spends the whole
    /// allowance of 1 % violation there; after a week none can be told from another.
    pub start: f64,
    /// Steps per minute of violation. Below 0.4 some traces overspend, above it cost rises.
    pub gain: f64,
    /// Highest price step.
    pub max: f64,
    /// Most that may be spent to keep the budget, over the cost of baseline target tracking in the
    /// same week.
    #[serde(default = "max_cost")]
    pub max_cost: f64,
    /// Share of `max_cost` from which the highest price step falls; it is 0 at `max_cost`.
    #[serde(default = "ease_from")]
    pub ease_from: f64,
    /// While the budget is overspent and the group costs as much as the baseline, the highest price
    /// step is the price list's for this share of the budget.
    #[serde(default = "repay_share")]
    pub repay_share: f64,
}

/// At 2 one of the ten open cases, `nab_elb_request_count_8c0756`, ends at 0.94 %; at 2.5 none is
/// above 0.8 %.
const fn max_cost() -> f64 {
    2.5
}

const fn ease_from() -> f64 {
    0.95
}

/// The price of the whole budget makes nothing good: with it 6 of the ten open cases end within
/// 0.55 %, the worst at 0.85 %. With half of it `ms_db_app_rps_04` still ends at 0.89 %. At a tenth
/// what remains is not foreseen, and no price of ours helps.
const fn repay_share() -> f64 {
    0.1
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self {
            start: 14.0,
            gain: 0.4,
            max: PRICE_STEP_MAX,
            max_cost: max_cost(),
            ease_from: ease_from(),
            repay_share: repay_share(),
        }
    }
}

/// The price step and what bounds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Budget {
    /// The price step, 0 to its bound. Fractions add up between whole steps.
    #[serde(rename = "position")]
    price_step: f64,
    /// Own capacity and the baseline's of the last seven days.
    #[serde(default)]
    week: Week,
    /// The price list of the group's own history; none before there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<PriceList>,
    /// Whether and by what the price step is bounded.
    standing: Standing,
}

/// What bounds the price step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing: the budget is kept at a cost within the limit.
    Free,
    /// What may be spent to keep the budget is spent.
    #[serde(alias = "demoted", alias = "harmful", alias = "futile")]
    CostLimit,
    /// The budget of the last seven days is overspent. What is past cannot be bought back.
    Overspent,
}

impl Budget {
    pub(crate) fn new(config: &BudgetConfig) -> Self {
        Self {
            price_step: config.start,
            week: Week::default(),
            list: None,
            standing: Standing::Free,
        }
    }

    pub(crate) fn take_price_list(&mut self, list: PriceList) {
        self.list = Some(list);
    }

    /// Forgets a price list of periods of another length.
    pub(crate) fn forget_price_list(&mut self) {
        self.list = None;
    }

    /// Whether the price list of a history up to `newest` is due: every week, and every day while
    /// the list spans too little or the price is bounded.
    pub(crate) fn is_list_due(&self, newest: Period, day: i64) -> bool {
        let age = self.list.as_ref().and_then(|list| list.age(newest));
        let telling = self.list.as_ref().is_some_and(PriceList::is_telling);
        let is_calm = telling && self.standing == Standing::Free;
        let days = if is_calm { 7 } else { 1 };
        age.is_none_or(|age| age < 0 || age >= days * day)
    }

    pub(crate) fn price_list(&self) -> Option<&PriceList> {
        self.list.as_ref()
    }

    /// Notes `minutes` of own and baseline capacity, each with its share of time in violation, and
    /// judges by a budget of `share`.
    pub(crate) fn compare(
        &mut self,
        minutes: f64,
        own: (f64, f64),
        baseline: (f64, f64),
        share: f64,
        config: &BudgetConfig,
    ) {
        self.week.add(minutes, own, baseline);
        // Begun, it ends where nothing bounds the price any more: at a single bound it would begin
        // and end every minute.
        let steps = match self.standing {
            Standing::Free => self.price_step.min(config.max - 1.0) + 0.5,
            Standing::CostLimit | Standing::Overspent => config.max,
        };
        self.standing = if self.by_cost(config) < steps {
            Standing::CostLimit
        } else if self.by_past(share, config) < steps {
            Standing::Overspent
        } else {
            Standing::Free
        };
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// Charges `minutes`; `violation` is the expected share of them in violation, and `measured` is
    /// whether their mean was above the objective. The price step aims at the share `aimed` of
    /// violations, within a budget of `share`. All shares are 0 to 1.
    pub(crate) fn charge(
        &mut self,
        minutes: f64,
        (violation, measured): (f64, bool),
        (aimed, share): (f64, f64),
        config: &BudgetConfig,
    ) {
        let max = self.bound(share, config);
        let steps = config.gain * minutes * (violation - aimed);
        // A period of five minutes shows most violations by an estimate alone. Where violations
        // become dearer without end, the estimate would be followed without end.
        let most = if measured {
            max
        } else {
            self.price_step.max(DEARER_FROM).min(max)
        };
        self.price_step = (self.price_step + steps).clamp(0.0, most);
    }

    /// Highest price step while costs are near the limit.
    fn by_cost(&self, config: &BudgetConfig) -> f64 {
        let Some(spent) = self.week.cost_ratio() else {
            return config.max;
        };
        let from = config.ease_from * config.max_cost;
        let left = (config.max_cost - spent) / (config.max_cost - from).max(f64::MIN_POSITIVE);
        config.max * left.clamp(0.0, 1.0)
    }

    /// Highest price step while the budget is overspent. A group that costs less than the baseline
    /// may always buy more: it is never both cheaper and more often in violation.
    fn by_past(&self, share: f64, config: &BudgetConfig) -> f64 {
        let overspent = self.week.violation_share().is_some_and(|it| it > share);
        let dearer = self.week.cost_ratio().is_some_and(|it| it >= 1.0);
        let list = self.list.as_ref().filter(|_| overspent && dearer);
        let bound = list.and_then(|list| list.for_share(config.repay_share * share)?.price_step);
        bound.unwrap_or(config.max)
    }

    fn bound(&self, share: f64, config: &BudgetConfig) -> f64 {
        self.by_cost(config).min(self.by_past(share, config))
    }

    /// Highest whole price step at present.
    pub(crate) fn max(&self, share: f64, config: &BudgetConfig) -> i32 {
        whole(self.bound(share, config))
    }

    /// The nearest whole price step.
    pub(crate) fn price_step(&self) -> i32 {
        whole(self.price_step)
    }

    /// Own capacity, the baseline's, and the share of time in violation of each, over the last
    /// seven days.
    pub(crate) fn means(&self) -> Counterfactual {
        self.week.means()
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
    const SHARE: f64 = 0.005;

    fn config() -> BudgetConfig {
        BudgetConfig {
            max_cost: 2.0,
            repay_share: 0.5,
            ..BudgetConfig::default()
        }
    }

    /// After a week of own capacity and violations, beside a baseline of ten instances that was in
    /// violation for 1 % of the time.
    fn after_a_week(own: f64, violations: f64) -> Budget {
        let config = config();
        let mut budget = Budget::new(&config);
        for _ in 0..28 {
            budget.compare(DAY / 4.0, (own, violations), (10.0, 0.01), SHARE, &config);
        }
        budget
    }

    #[test]
    fn spare_capacity_is_bought_up_to_the_cost_limit_and_no_further() {
        let config = config();
        let bound = |own| {
            let budget = after_a_week(own, 0.02);
            (budget.max(SHARE, &config), budget.standing())
        };
        assert_eq!(bound(18.0), (39, Standing::Free));
        assert_eq!(
            bound(19.5),
            (20, Standing::Free),
            "half way, and not yet reached"
        );
        assert_eq!(bound(19.9), (4, Standing::CostLimit));
        assert_eq!(bound(25.0), (0, Standing::CostLimit));
    }

    #[test]
    fn half_a_day_tells_nothing_yet() {
        let config = config();
        let mut budget = Budget::new(&config);
        budget.compare(700.0, (90.0, 0.5), (10.0, 0.0), SHARE, &config);
        assert_eq!(budget.max(SHARE, &config), 39);
        budget.compare(20.0, (90.0, 0.5), (10.0, 0.0), SHARE, &config);
        assert_eq!(budget.max(SHARE, &config), 0);
    }

    #[test]
    fn what_was_spent_more_than_a_week_ago_counts_no_more() {
        let config = config();
        let mut budget = after_a_week(30.0, 0.0);
        assert_eq!(budget.standing(), Standing::CostLimit);
        for _ in 0..27 {
            budget.compare(DAY / 4.0, (9.0, 0.0), (10.0, 0.01), SHARE, &config);
        }
        assert_eq!(budget.standing(), Standing::Free);
        assert!(
            (budget.means().own - 9.75).abs() < 0.1,
            "{:?}",
            budget.means()
        );
    }

    #[test]
    fn an_overspent_budget_is_bought_back_at_the_price_of_the_list_unless_the_baseline_is_dearer() {
        let config = config();
        let bound = |own, violations| {
            let mut budget = after_a_week(own, violations);
            budget.take_price_list(PriceList::for_tests());
            budget.compare(1.0, (own, violations), (10.0, 0.01), SHARE, &config);
            budget.max(SHARE, &config)
        };
        assert_eq!(bound(12.0, 0.004), 39, "the budget is kept");
        assert_eq!(bound(12.0, 0.02), 16, "the price of the share");
        assert_eq!(bound(9.0, 0.02), 39, "cheaper than the baseline");
    }

    #[test]
    fn only_a_measured_violation_drives_the_price_where_it_has_no_end() {
        let config = config();
        let after = |measured| {
            let mut budget = Budget::new(&config);
            for _ in 0..1000 {
                budget.charge(5.0, (0.4, measured), (0.005, SHARE), &config);
            }
            f64::from(budget.price_step())
        };
        assert_eq!((after(false), after(true)), (DEARER_FROM, config.max));
    }

    #[test]
    fn the_end_of_a_limit_is_told_once() {
        let config = config();
        let mut budget = after_a_week(19.9, 0.02);
        assert_eq!(budget.standing(), Standing::CostLimit);
        let mut told = Vec::new();
        // The bound rises above the price step long before it ends.
        for own in [19.0, 18.5, 18.0, 17.5, 17.0] {
            for _ in 0..28 {
                budget.compare(DAY / 4.0, (own, 0.02), (10.0, 0.01), SHARE, &config);
            }
            told.push(budget.standing());
        }
        assert_eq!(told[0], Standing::Free, "{told:?}");
        assert!(told.iter().all(|it| *it == Standing::Free), "{told:?}");
    }
}
