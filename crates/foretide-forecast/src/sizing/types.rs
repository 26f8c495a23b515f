//! What the optimiser is given and what it answers.

use foretide_domain::{
    Counterfactual, ForecastKept, ForecastRule, Headroom, TargetTracking, TrackingRun,
};
use serde::{Deserialize, Serialize};

use super::budget::{BudgetConfig, Standing};
use super::curve::Curve;
use super::price::Price;
use crate::grid::Grid;

/// The optimiser's constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizingConfig {
    /// Periods and lead.
    pub grid: Grid,
    /// Minutes from a launch to in service, rounded up.
    pub boot_minutes: u32,
    /// Utilisation in percent above which time is in violation.
    pub objective: f64,
    /// Utilisation in percent that target tracking aims at: the fallback of the first hour and the
    /// baseline.
    #[serde(default = "tracking_target")]
    pub target: f64,
    /// The other settings of target tracking.
    #[serde(default)]
    pub tracking: TargetTracking,
    /// Share of time that may be in violation, 0 to 1.
    pub budget_share: f64,
    /// Share of the budget that the price step aims at, 0 to 1. How much of the budget is left at
    /// the end depends on the last days; without a margin half of all groups end a little above
    /// their budget.
    pub aim: f64,
    /// The price step that follows the budget.
    pub budget: BudgetConfig,
    /// Share of the live error by which the curve is widened.
    pub widening: f64,
    /// Instance-minutes of spare capacity that pay for a scale-in, per instance desired.
    pub surplus: f64,
    /// The loss that the capacity outlasts.
    #[serde(default, skip_serializing_if = "Headroom::is_none")]
    pub headroom: Headroom,
    /// Price of an instance-minute in violation over that of an instance-minute in service, where
    /// the user states prices: capacity is then the newsvendor's choice. None where the risk price
    /// follows the violation budget.
    #[serde(rename = "pricing", with = "stored_pricing")]
    pub violation_price_ratio: Option<f64>,
}

const fn tracking_target() -> f64 {
    50.0
}

/// How a state stores [`SizingConfig::violation_price_ratio`].
mod stored_pricing {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Stored {
        Budget,
        Prices { short_per_instance: f64 },
    }

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(super) fn serialize<S: Serializer>(
        ratio: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let stored = ratio.map_or(Stored::Budget, |short_per_instance| Stored::Prices {
            short_per_instance,
        });
        stored.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Ok(match Stored::deserialize(deserializer)? {
            Stored::Budget => None,
            Stored::Prices { short_per_instance } => Some(short_per_instance),
        })
    }
}

impl SizingConfig {
    /// The defaults for a grid and boot.
    pub fn new(grid: Grid, boot_minutes: u32) -> Self {
        Self {
            grid,
            boot_minutes,
            objective: 80.0,
            target: tracking_target(),
            tracking: TargetTracking::default(),
            budget_share: 0.005,
            aim: 0.96,
            budget: BudgetConfig::default(),
            widening: 1.0,
            surplus: 0.65,
            headroom: Headroom::NONE,
            violation_price_ratio: None,
        }
    }

    pub(super) fn step_minutes(&self) -> f64 {
        f64::from(self.grid.step_minutes())
    }

    /// Periods from a decision until its launches serve: the delay of a datapoint, and the boot.
    pub(super) fn lead_periods(&self) -> u64 {
        u64::from(2 + self.boot_minutes).div_ceil(u64::from(self.grid.step_minutes().max(1)))
    }

    /// Earlier periods whose wanted capacities a scale-in must also satisfy.
    pub(super) fn hold_periods(&self) -> usize {
        let minutes = self.boot_minutes.saturating_sub(1).max(2);
        usize::try_from(minutes / self.grid.step_minutes()).unwrap_or(2)
    }

    /// Spare capacity, in instance-minutes per instance desired, at which the optimiser scales in.
    pub(super) fn surplus_due(&self) -> f64 {
        self.surplus * (f64::from(self.boot_minutes) / 3.0).max(1.0)
    }
}

/// A forecast made from the newest period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Logarithm of the recent level.
    pub base: f64,
    /// Quantiles at [`foretide_domain::FORECAST_LEVELS`] of `ln(load one lead later) − base`.
    pub quantiles: [f64; 5],
}

/// What one step depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizingInputs {
    /// Mean CPU of the newest period, in percent.
    pub cpu: f64,
    /// Mean number in service in that period.
    pub instances: f64,
    /// Log demand of this period after imputation, as the features see it.
    pub log_demand: f64,
    /// Periods between the one stepped last and this one that brought no data.
    pub missed: u32,
    /// Desired capacity now.
    pub desired: u32,
    /// Least and most desired capacity that the group may have.
    pub bounds: (u32, u32),
    /// Whether the optimiser sets desired capacity. While somebody else does, as in mode `observe`,
    /// neither budget nor comparison counts.
    pub governs: bool,
    /// Whether launches are under way.
    pub pending: bool,
    /// The forecast from the newest period; none without a model.
    pub forecast: Option<Forecast>,
    /// Factor by which a known event raises the load forecast; it never lowers it. 1 without.
    pub uplift: f64,
}

/// What a step decided, and why.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizingOutput {
    /// Desired capacity at the step.
    pub from: u32,
    /// The desired capacity, where it changes.
    pub desired: Option<u32>,
    /// Least capacity that is enough at the cheaper price.
    pub low: u32,
    /// Capacity that is enough at the dearer price, over the hold time.
    pub high: u32,
    /// Instances that the newest load needs.
    pub need: u32,
    /// The curve, where there is a forecast.
    pub curve: Option<Curve>,
    /// The price step.
    #[serde(rename = "position")]
    pub price_step: i32,
    /// Highest price step at present.
    #[serde(rename = "position_max")]
    pub price_step_max: i32,
    /// The dearer price.
    pub price: Price,
    /// Chance, 0 to 1, that the load one lead ahead needs more than `high`; none without a
    /// forecast.
    #[serde(rename = "short_chance")]
    pub violation_chance: Option<f64>,
    /// Live error of the median, in log load.
    pub sigma: f64,
    /// Capacity above which the week's peak gives no reason to grow.
    pub cap: u32,
    /// Whether `cap` cut the capacity wanted.
    pub capped: bool,
    /// Whether and how far the risk price is bounded because the baseline does as well for less.
    pub standing: Standing,
    /// Own capacity and the baseline's, over about three days.
    pub means: Counterfactual,
    /// Coverage and share of time in violation over about a day.
    pub day: ForecastKept,
    /// The same over about a week.
    pub week: ForecastKept,
    /// Instances that the baseline has in service.
    pub tracking: u32,
    /// The rule that had the last word.
    pub binding: ForecastRule,
    /// What target tracking counted; none unless it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_run: Option<TrackingRun>,
}

impl SizingOutput {
    /// Chance, 0 to 1, that the load one lead ahead needs more than `low`, where an instance serves
    /// `objective` percent; none without a forecast. It is 0.5 where `low` is below the median.
    pub fn low_chance(&self, objective: f64) -> Option<f64> {
        let curve = self.curve?;
        Some(curve.violation_chance(self.low, objective))
    }
}
