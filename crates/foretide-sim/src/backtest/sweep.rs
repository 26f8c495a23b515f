//! Turning a policy's knob and reading off what it costs at a given violation share.

use super::{Case, Contender};
use crate::Score;

/// The violation share at which policies are compared.
pub const BUDGET: f64 = 0.005;

/// The target utilisations that a sweep visits, percent.
pub const SWEEP: [f64; 15] = [
    5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0,
];

/// Violations of zero stand for this share in logarithms: less than one step in a year is told
/// apart from none by nobody.
const LEAST_SHARE: f64 = 1e-6;

/// One setting of the knob.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepPoint {
    /// Target utilisation, percent.
    pub target: f64,
    /// What it brought.
    pub score: Score,
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

/// Cost ratio at a violation share of `budget`: between the neighbouring settings on either side
/// of it, linear in the logarithm of violation. None where no setting meets the budget, so that
/// static peak capacity has to count instead. Points stand in order of target.
pub fn at_budget(points: &[SweepPoint], budget: f64) -> Option<f64> {
    let meets = |point: &SweepPoint| point.score.violation_share <= budget;
    let last = points.iter().rposition(meets)?;
    let (inside, outside) = (points.get(last)?, points.get(last + 1));
    let Some(outside) = outside else {
        return Some(inside.score.cost_ratio);
    };
    let log = |point: &SweepPoint| point.score.violation_share.max(LEAST_SHARE).ln();
    let (low, high) = (log(inside), log(outside));
    let share = (budget.ln() - low) / (high - low);
    let (from, to) = (inside.score.cost_ratio, outside.score.cost_ratio);
    Some(from + share * (to - from))
}
