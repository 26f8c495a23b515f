//! Settings of policy `forecast`.

use std::time::Duration;

use foretide_domain::Percent;
use foretide_forecast::sizing::BudgetConfig;
use serde::{Deserialize, Serialize};

use super::{Check, check, is_utilisation, percent};

const HOUR: Duration = Duration::from_hours(1);

/// Settings of policy `forecast`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastConfig {
    /// Utilisation above which the group counts as short: 80 %.
    pub objective: Percent,
    /// Share of time, 0 to 1, that it may be short: 0.005. Of no account where prices are stated.
    pub budget: f64,
    /// Most that may be spent to keep the budget, over what target tracking at the group's target
    /// costs in the same week: 2.5. It bounds spare capacity alone.
    #[serde(default = "max_cost")]
    pub max_cost: f64,
    /// Longest time after a start in which nothing is written because the group's past is not read
    /// yet: 2 min, for seven requests and one more try. Saturation still scales out.
    #[serde(default = "history_wait")]
    pub history_wait: Duration,
    /// Longest time after a start before the first scale-in, while the forecast has not used the
    /// past that was read: 10 min.
    #[serde(default = "scale_in_wait")]
    pub scale_in_wait: Duration,
    /// Price of an instance-minute short over that of an instance-minute in service, where the
    /// user states prices: capacity grows while `P(short)` times this exceeds 1.
    pub short_per_instance: Option<f64>,
}

fn max_cost() -> f64 {
    BudgetConfig::default().max_cost
}

const fn history_wait() -> Duration {
    Duration::from_mins(2)
}

const fn scale_in_wait() -> Duration {
    Duration::from_mins(10)
}

impl Default for ForecastConfig {
    fn default() -> Self {
        Self {
            objective: percent(80.0),
            budget: 0.005,
            max_cost: max_cost(),
            history_wait: history_wait(),
            scale_in_wait: scale_in_wait(),
            short_per_instance: None,
        }
    }
}

impl ForecastConfig {
    pub(super) fn checks(&self) -> Vec<Check> {
        vec![
            check(
                "forecast.objective",
                is_utilisation(self.objective),
                "must be above 0% and at most 100%",
            ),
            check(
                "forecast.budget",
                self.budget > 0.0 && self.budget < 0.5,
                "must be above 0% and below 50%",
            ),
            check(
                "forecast.max_cost",
                self.max_cost.is_finite() && self.max_cost >= 1.0,
                "must be at least 1: what target tracking costs",
            ),
            check(
                "forecast.history_wait",
                self.history_wait <= HOUR,
                "must be at most 1h",
            ),
            check(
                "forecast.scale_in_wait",
                self.scale_in_wait <= HOUR,
                "must be at most 1h",
            ),
            check(
                "forecast.violation_price",
                self.short_per_instance
                    .is_none_or(|ratio| ratio.is_finite() && ratio > 1.0),
                "must be above forecast.instance_price for the same time, or no instance is worth \
                 its price",
            ),
        ]
    }
}
