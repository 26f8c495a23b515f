//! A count of hours as the figures that the page's API and the operations report print.

use serde::Serialize;

use crate::Hours;

/// The figures of one count, all of the same periods. What is not known is null, never zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HoursFigures {
    /// Time with data.
    pub known_s: u64,
    /// Less than a day of data: ratios and shares are null.
    pub too_early: bool,
    /// What the group ran.
    pub used_instance_hours: Option<f64>,
    /// The baseline's name, such as `target tracking at 65 %`: of the targets from 30 % to 80 % the
    /// cheapest that kept the violation budget over the same time, or else the one with the fewest
    /// violations.
    pub baseline: String,
    /// Its target in percent. Null for the configured target, which is the baseline below a day of
    /// data.
    pub baseline_target_percent: Option<u32>,
    /// Of the baseline.
    pub baseline_instance_hours: Option<f64>,
    /// Of the hindsight optimum.
    pub optimum_instance_hours: Option<f64>,
    /// Used ÷ baseline.
    pub against_baseline: Option<f64>,
    /// Used ÷ hindsight optimum.
    pub against_optimum: Option<f64>,
    /// Time above the objective.
    pub violation_s: u64,
    /// Share of the time with data. Null below a day of data.
    pub violation_share: Option<f64>,
    /// Time that the baseline would have been above the objective.
    pub baseline_violation_s: u64,
    /// Share of the same time that the baseline was in violation. Null below a day of data.
    pub baseline_violation_share: Option<f64>,
    /// Whether the baseline kept the violation budget; if not, no target did. Null for the
    /// configured target.
    pub baseline_keeps_budget: Option<bool>,
    /// Time for which the baseline has the figures of the configured target, because an earlier
    /// version counted it.
    pub baseline_missing_s: u64,
    /// The comparison in a sentence, with both violation shares. Null below a day of data.
    pub compared: Option<String>,
}

impl Hours {
    /// The figures of this count.
    pub fn figures(&self) -> HoursFigures {
        let baseline = self.baseline();
        HoursFigures {
            known_s: self.known_s,
            too_early: self.is_too_early(),
            used_instance_hours: self.used(),
            baseline: baseline.to_string(),
            baseline_target_percent: baseline.target,
            baseline_instance_hours: self.of_baseline(&baseline),
            optimum_instance_hours: self.optimum(),
            against_baseline: self.against_baseline(),
            against_optimum: self.against_optimum(),
            violation_s: self.violation_s,
            violation_share: self.violation_share(),
            baseline_violation_s: baseline.violation_s,
            baseline_violation_share: self.baseline_violation_share(),
            baseline_keeps_budget: baseline.budget.map(|(_, kept)| kept),
            baseline_missing_s: baseline.missing_s,
            compared: self.compared(),
        }
    }
}
