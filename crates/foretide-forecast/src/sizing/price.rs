//! What a violation costs, and the capacity that is cheapest at that price.

use foretide_domain::whole_instances;
use serde::{Deserialize, Serialize};

use super::curve::Curve;

/// Added to the logarithm of the risk price by every price step.
const LOG_PRICE_PER_STEP: f64 = 0.4;
const LOG_PRICE_START: f64 = -1.0;
/// Where dearer violations stop to help (they are unforeseen then) and a plain offset takes over.
const LOG_PRICE_MAX: f64 = 4.0;
const OFFSET_PER_STEP: f64 = 0.05;
const OFFSET_FROM: f64 = 12.5;
/// From this step on violations become dearer again, without end: the offset stays.
pub(crate) const DEARER_FROM: f64 = 22.0;
/// Highest price step: capacity is then the whole curve's, and dearer buys no more.
pub(crate) const PRICE_STEP_MAX: f64 = 39.0;
/// How far beyond the last point of the curve capacity is looked for, in log load.
const BEYOND: f64 = 0.3;

/// The risk price, and the offset of the curve in log load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Instance-periods that one period in violation is worth.
    pub lambda: f64,
    /// Added to the whole curve.
    pub offset: f64,
}

impl Price {
    /// The risk price at a whole price step, for a group that needs `mean_need` instances on
    /// average. Low steps make violations dearer, high steps lift the curve.
    pub fn at(price_step: i32, mean_need: f64) -> Self {
        let step = f64::from(price_step);
        Self {
            lambda: mean_need
                * ((LOG_PRICE_START + LOG_PRICE_PER_STEP * step).min(LOG_PRICE_MAX)
                    + LOG_PRICE_PER_STEP * (step - DEARER_FROM).max(0.0))
                .exp(),
            offset: OFFSET_PER_STEP * (step.min(DEARER_FROM) - OFFSET_FROM).max(0.0),
        }
    }
}

/// The number of instances `n` that minimises `n + lambda · P(load > n · per_instance)`: the
/// newsvendor's choice. `per_instance` is the load that one instance takes within its objective.
pub(crate) fn cheapest(curve: &Curve, price: Price, per_instance: f64) -> u32 {
    let points = curve.points();
    let least = instances((points[0] + price.offset).exp() / per_instance);
    let most = instances((points[4] + price.offset + BEYOND).exp() / per_instance).max(least);
    let mut best = (f64::INFINITY, least);
    for n in least..=most {
        if f64::from(n) >= best.0 {
            break;
        }
        let log_capacity = (f64::from(n) * per_instance).ln() - price.offset;
        let cost = f64::from(n) + price.lambda * curve.exceedance(log_capacity);
        if cost < best.0 {
            best = (cost, n);
        }
    }
    best.1
}

/// The least number of instances at which one more would cost more than the shortage that it
/// spares: `P(load > n · per_instance) ≤ 1 ÷ short_per_instance`.
pub(crate) fn newsvendor(curve: &Curve, short_per_instance: f64, per_instance: f64) -> u32 {
    let points = curve.points();
    let least = instances(points[0].exp() / per_instance);
    let most = instances((points[4] + BEYOND).exp() / per_instance).max(least);
    let enough = |n: &u32| {
        let chance = curve.exceedance((f64::from(*n) * per_instance).ln());
        chance * short_per_instance <= 1.0
    };
    (least..=most).find(enough).unwrap_or(most)
}

/// Most instances that are looked for: a hundred times the largest group that AWS allows by
/// default. It bounds the search for a capacity where a forecast is absurd.
pub(crate) const INSTANCES_MAX: u32 = 1_000_000;

/// Instances that a need given as a fraction takes.
pub(crate) fn instances(need: f64) -> u32 {
    whole_instances(need).min(INSTANCES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stated_prices_give_the_newsvendors_level() {
        let curve = Curve::new(7.0, [0.0, 0.1, 0.25, 0.4, 0.6], 0.05, 0.75);
        let n = newsvendor(&curve, 100.0, 80.0);
        let chance = |n: u32| curve.exceedance((f64::from(n) * 80.0).ln());
        assert!(chance(n) <= 0.01 && chance(n - 1) > 0.01, "{n}");
        assert_eq!(
            newsvendor(&curve, 1.0, 80.0),
            instances(7.0_f64.exp() / 80.0)
        );
    }

    #[test]
    fn a_dearer_violation_never_asks_for_less() {
        let curve = Curve::new(7.0, [0.0, 0.1, 0.25, 0.4, 0.6], 0.05, 0.75);
        let wants: Vec<u32> = (-2..40)
            .map(|g| cheapest(&curve, Price::at(g, 14.0), 80.0))
            .collect();
        assert!(wants.windows(2).all(|w| w[0] <= w[1]), "{wants:?}");
        assert_eq!(wants[0], instances(7.0_f64.exp() / 80.0));
    }
}
