//! The price list of a group: what each violation share would have cost on its own history. Costs
//! between the price steps that were tried are interpolated.

use foretide_domain::{PriceTable, Priced, PricedShare, Timestamp};
use serde::{Deserialize, Serialize};

use crate::grid::{Grid, Period};

/// Five days.
const TELLING_MINUTES: f64 = 7_200.0;
/// Violation shares that people read the price of.
const SHARES: [f64; 4] = [0.001, 0.005, 0.01, 0.02];
/// A share of violations below which logarithms of shares are not told apart.
const LEAST_SHARE: f64 = 1e-5;

/// What one price step, or the baseline, did on the history.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PricePoint {
    /// The price step; none for the baseline.
    pub price_step: Option<f64>,
    /// Mean number of instances.
    pub instances: f64,
    /// Share of the time in violation, 0 to 1.
    pub violation_share: f64,
}

/// What violation shares would have cost on a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceList {
    /// Minutes of history that were scored.
    pub minutes: f64,
    /// Target tracking at the configured target, on the same history.
    pub baseline: PricePoint,
    /// That target, in percent.
    pub target: f64,
    /// The newest period of the history.
    #[serde(default)]
    through: Option<Period>,
    /// By price step, each dearer and with fewer violations than the one before.
    points: Vec<PricePoint>,
}

/// Whether a violation budget can be had for what may be spent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// It can.
    Within,
    /// It cannot.
    Beyond {
        /// What it would cost, over the baseline's cost; none if no price buys it.
        needed: Option<f64>,
        /// The violation share, 0 to 1, that may be had instead.
        share: f64,
    },
}

impl PriceList {
    /// A list of the price steps `tried`, and target tracking at `target` percent, over `minutes`.
    pub(super) fn new(
        minutes: f64,
        (target, baseline): (f64, PricePoint),
        tried: Vec<PricePoint>,
    ) -> Self {
        let mut points: Vec<PricePoint> = Vec::new();
        for point in tried {
            // Luck of single periods aside, more capacity has fewer violations.
            let before = points.last().copied().unwrap_or(point);
            points.push(PricePoint {
                instances: point.instances.max(before.instances),
                violation_share: point.violation_share.min(before.violation_share),
                ..point
            });
        }
        Self {
            minutes,
            baseline,
            target,
            through: None,
            points,
        }
    }

    /// The same, of a history whose newest period is `newest`.
    #[must_use]
    pub(crate) fn through(self, newest: Period) -> Self {
        Self {
            through: Some(newest),
            ..self
        }
    }

    /// Whether it is of the history up to `newest`.
    #[cfg(test)]
    pub(crate) fn is_through(&self, newest: Period) -> bool {
        self.through == Some(newest)
    }

    /// Periods since the newest that it is of; none if that is not known.
    pub(crate) fn age(&self, newest: Period) -> Option<i64> {
        self.through.map(|through| newest - through)
    }

    /// Whether it spans enough time to go by: a share of 0.5 % of a day is seven minutes, which one
    /// burst decides.
    pub fn is_telling(&self) -> bool {
        self.minutes >= TELLING_MINUTES
    }

    /// The points, by price step.
    pub fn points(&self) -> &[PricePoint] {
        &self.points
    }

    /// The list as people read it. `grid` is that of the history.
    pub fn table(&self, grid: Grid) -> PriceTable {
        let step = 60 * i64::from(grid.step_minutes());
        let end = |period: Period| Timestamp::from_seconds((period + 1).saturating_mul(step));
        let row = |violation_share| PricedShare {
            violation_share,
            instances: self.for_share(violation_share).map(|point| point.instances),
        };
        PriceTable {
            until: self.through.map(end),
            minutes: self.minutes,
            target: self.target,
            tracking: Priced {
                instances: self.baseline.instances,
                violation_share: self.baseline.violation_share,
            },
            rows: SHARES.map(row).to_vec(),
        }
    }

    /// The cheapest point with at most `share` of the time in violation, interpolated between the
    /// steps that were tried. None if no price buys that.
    pub fn for_share(&self, share: f64) -> Option<PricePoint> {
        self.between(
            |point| point.violation_share <= share,
            |a, b| {
                let [a, b, share] = [a.violation_share, b.violation_share, share]
                    .map(|it| it.max(LEAST_SHARE).ln());
                (a - share) / (a - b)
            },
        )
    }

    /// The point with the fewest violations for at most `instances` on average. None if every price
    /// costs more.
    pub fn for_cost(&self, instances: f64) -> Option<PricePoint> {
        let first = self.points.first()?;
        if first.instances > instances {
            return None;
        }
        let within = self.between(
            |point| point.instances >= instances,
            |a, b| (instances - a.instances) / (b.instances - a.instances),
        );
        within.or_else(|| self.points.last().copied())
    }

    /// What a budget of `share` costs, if it costs at most `max_cost` times the baseline; else what
    /// may be had for that.
    pub fn reach(&self, share: f64, max_cost: f64) -> Reach {
        let baseline = self.baseline.instances;
        let over = |point: PricePoint| point.instances / baseline;
        let needed = self.for_share(share).map(over);
        match needed {
            // The cost of an idle group's baseline is no measure.
            _ if baseline <= 0.0 => Reach::Within,
            Some(cost) if cost <= max_cost => Reach::Within,
            needed => {
                let at_limit = self.for_cost(max_cost * baseline);
                let cheapest = || self.points.first().copied();
                let point = at_limit.or_else(cheapest).unwrap_or(self.baseline);
                Reach::Beyond {
                    needed,
                    share: point.violation_share,
                }
            }
        }
    }

    /// The point at which `holds` begins to hold, between the two points around it as `way` says,
    /// 0 to 1.
    fn between(
        &self,
        holds: impl Fn(&PricePoint) -> bool,
        way: impl Fn(&PricePoint, &PricePoint) -> f64,
    ) -> Option<PricePoint> {
        let at = self.points.iter().position(holds)?;
        let (Some(before), after) = (at.checked_sub(1), self.points[at]) else {
            return Some(self.points[at]);
        };
        let before = self.points[before];
        let way = way(&before, &after);
        let way = if way.is_finite() {
            way.clamp(0.0, 1.0)
        } else {
            1.0
        };
        let mix = |a: f64, b: f64| a + way * (b - a);
        let [low, high] = [before, after].map(|it| it.violation_share.max(LEAST_SHARE).ln());
        Some(PricePoint {
            price_step: before
                .price_step
                .zip(after.price_step)
                .map(|(a, b)| mix(a, b)),
            instances: mix(before.instances, after.instances),
            violation_share: mix(low, high).exp(),
        })
    }
}

#[cfg(test)]
impl PriceList {
    /// A list by hand: step 10 costs 8 instances at 1 %, 16 costs 12 at 0.25 %, 22 costs 16 at
    /// 0.1 %.
    pub(crate) fn for_tests() -> Self {
        let point = |price_step, instances, violation_share| PricePoint {
            price_step: Some(price_step),
            instances,
            violation_share,
        };
        Self {
            minutes: 10_080.0,
            baseline: PricePoint {
                price_step: None,
                instances: 6.0,
                violation_share: 0.02,
            },
            target: 50.0,
            through: None,
            points: vec![
                point(10.0, 8.0, 0.01),
                point(16.0, 12.0, 0.0025),
                point(22.0, 16.0, 0.001),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_between_two_steps_are_interpolated_in_their_logarithm() {
        let list = PriceList::for_tests();
        let half = list.for_share(0.005).unwrap();
        assert!((half.instances - 10.0).abs() < 1e-9, "{half:?}");
        assert!((half.price_step.unwrap() - 13.0).abs() < 1e-9);
        assert!((half.violation_share - 0.005).abs() < 1e-12);
        let least = list.for_share(0.02).unwrap();
        assert_eq!(least.price_step, Some(10.0), "no less than was tried");
        assert_eq!(list.for_share(0.0005), None, "no price buys that");
    }

    #[test]
    fn people_read_what_four_shares_cost_and_which_no_price_buys() {
        let list = PriceList::for_tests().through(1439);
        let table = list.table(Grid::new(1, 5).unwrap());
        assert_eq!(table.until, Some(Timestamp::from_seconds(86_400)));
        let instances: Vec<_> = table.rows.iter().map(|row| row.instances).collect();
        assert_eq!(instances[0], Some(16.0));
        assert!((instances[1].unwrap() - 10.0).abs() < 1e-9);
        assert_eq!(instances[2..], [Some(8.0), Some(8.0)]);
        assert!((table.instance_hours(10.0) - 1680.0).abs() < 1e-9);
        assert_eq!(table.over_tracking(9.0), Some(1.5));
    }

    #[test]
    fn for_a_cost_there_is_what_it_buys() {
        let list = PriceList::for_tests();
        assert_eq!(list.for_cost(7.0), None);
        let bought = list.for_cost(10.0).unwrap();
        assert!((bought.violation_share - 0.005).abs() < 1e-9, "{bought:?}");
        assert_eq!(list.for_cost(99.0).unwrap().price_step, Some(22.0));
    }

    #[test]
    fn a_budget_beyond_what_may_be_spent_says_what_may_be_had() {
        let list = PriceList::for_tests();
        let twice = list.reach(0.0025, 2.0);
        assert_eq!(
            twice,
            Reach::Within,
            "12 instances are twice the baseline's 6"
        );
        let Reach::Beyond { needed, share } = list.reach(0.001, 2.0) else {
            panic!("16 instances are more");
        };
        assert!((needed.unwrap() - 16.0 / 6.0).abs() < 1e-9);
        assert!((share - 0.0025).abs() < 1e-9);
        let none = list.reach(0.0001, 9.0);
        assert_eq!(
            none,
            Reach::Beyond {
                needed: None,
                share: 0.001
            }
        );
    }
}
