//! Turning a policy's knob and reading off what it costs at a given violation share.

use super::{Case, Contender};
use crate::Score;

/// The violation share at which policies are compared.
pub const BUDGET: f64 = 0.005;

/// The target utilisations that a sweep visits, percent.
pub const SWEEP: [f64; 15] = [
    5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0,
];

/// Violations below this share count as this share, so that none at all has a logarithm: one step
/// in 10^5 is about one in twelve days.
const LEAST_SHARE: f64 = 1e-5;

/// One setting of the knob.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepPoint {
    /// Target utilisation, percent.
    pub target: f64,
    /// What it brought.
    pub score: Score,
}

/// What a policy costs at a violation budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtBudget {
    /// Instance-hours ÷ optimum.
    pub cost_ratio: f64,
    /// Whether static peak capacity counts, because no setting meets the budget or none that does
    /// is cheaper than that.
    pub is_static: bool,
}

/// Runs every setting of the knob over the case; empty where the policy has none.
pub fn sweep(contender: &dyn Contender, case: &Case, targets: &[f64]) -> Vec<SweepPoint> {
    let settings = targets.iter().filter_map(|&target| {
        let contender = contender.with_target(target)?;
        Some(SweepPoint {
            target,
            score: contender.run(case, None),
        })
    });
    settings.collect()
}

/// Cost ratio at a violation share of `budget`: between the last setting that meets it and the next
/// one, linear in the logarithm of violation; at most `static_cost_ratio`, what static peak
/// capacity costs. Points stand in order of target.
pub fn at_budget(points: &[SweepPoint], budget: f64, static_cost_ratio: f64) -> AtBudget {
    match crossing(points, budget) {
        Some(cost_ratio) if cost_ratio <= static_cost_ratio => AtBudget {
            cost_ratio,
            is_static: false,
        },
        _ => AtBudget {
            cost_ratio: static_cost_ratio,
            is_static: true,
        },
    }
}

fn crossing(points: &[SweepPoint], budget: f64) -> Option<f64> {
    let meets = |point: &SweepPoint| point.score.violation_share <= budget;
    let last = points.iter().rposition(meets)?;
    let inside = points.get(last)?;
    let Some(outside) = points.get(last + 1) else {
        return Some(inside.score.cost_ratio);
    };
    let log = |point: &SweepPoint| point.score.violation_share.max(LEAST_SHARE).ln();
    let (low, high) = (log(inside), log(outside));
    let share = (budget.ln() - low) / (high - low);
    let (from, to) = (inside.score.cost_ratio, outside.score.cost_ratio);
    Some(from + share * (to - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(target: f64, cost_ratio: f64, violation_share: f64) -> SweepPoint {
        let score = Score {
            cost_ratio,
            violation_share,
            ..Score::default()
        };
        SweepPoint { target, score }
    }

    fn close(found: AtBudget, cost_ratio: f64) -> bool {
        !found.is_static && (found.cost_ratio - cost_ratio).abs() < 1e-12
    }

    #[test]
    fn the_curve_is_read_off_in_the_logarithm_of_violation() {
        // The budget lies half-way between 0.001 and 0.025 in logarithms.
        let points = [point(40.0, 2.0, 0.001), point(45.0, 1.0, 0.025)];
        assert!(close(at_budget(&points, 0.005, 9.0), 1.5));
    }

    /// The budget lies half-way between that, 0.00001, and 2.5 in logarithms.
    #[test]
    fn no_violation_counts_as_one_step_in_a_hundred_thousand() {
        let points = [point(40.0, 2.0, 0.0), point(45.0, 1.0, 2.5)];
        assert!(close(at_budget(&points, 0.005, 9.0), 1.5));
    }

    #[test]
    fn static_capacity_counts_where_nothing_meets_the_budget_or_is_cheaper() {
        let fallback = AtBudget {
            cost_ratio: 3.0,
            is_static: true,
        };
        assert_eq!(at_budget(&[point(5.0, 2.0, 0.2)], 0.005, 3.0), fallback);
        assert_eq!(at_budget(&[point(5.0, 4.0, 0.0)], 0.005, 3.0), fallback);
        assert_eq!(at_budget(&[], 0.005, 3.0), fallback);
    }
}
