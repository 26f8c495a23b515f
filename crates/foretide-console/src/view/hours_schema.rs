//! The schema of a count of hours, for the API's document: the count itself knows no format.

use schemars::JsonSchema;

/// The fields of [`foretide_domain::HoursFigures`] as JSON has them. A test compares the two.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct HoursSchema {
    /// Time with data.
    known_s: u64,
    /// Less than a day of data: ratios and shares are null.
    too_early: bool,
    /// What the group ran.
    used_instance_hours: Option<f64>,
    /// The baseline's name, such as `target tracking at 65 %`: of the targets from 30 % to 80 % the
    /// cheapest that kept the violation budget over the same time, or else the one with the fewest
    /// violations.
    baseline: String,
    /// Its target in percent. Null for the configured target, which is the baseline below a day of
    /// data.
    baseline_target_percent: Option<u32>,
    /// Of the baseline.
    baseline_instance_hours: Option<f64>,
    /// Of the hindsight optimum.
    optimum_instance_hours: Option<f64>,
    /// Used ÷ baseline.
    against_baseline: Option<f64>,
    /// Used ÷ hindsight optimum.
    against_optimum: Option<f64>,
    /// Time above the objective.
    violation_s: u64,
    /// Share of the time with data. Null below a day of data.
    violation_share: Option<f64>,
    /// Time that the baseline would have been above the objective.
    baseline_violation_s: u64,
    /// Share of the same time that the baseline was in violation. Null below a day of data.
    baseline_violation_share: Option<f64>,
    /// Whether the baseline kept the violation budget; if not, no target did. Null for the
    /// configured target.
    baseline_keeps_budget: Option<bool>,
    /// Time for which the baseline has the figures of the configured target, because an earlier
    /// version counted it.
    baseline_missing_s: u64,
    /// The comparison in a sentence, with both violation shares. Null below a day of data.
    compared: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use foretide_domain::HoursFigures;
    use schemars::schema_for;

    use super::*;

    #[test]
    fn the_schema_has_the_fields_that_are_printed() {
        let printed = serde_json::to_value(HoursFigures::default()).unwrap();
        let schema = serde_json::to_value(schema_for!(HoursSchema)).unwrap();
        let names = |of: &serde_json::Value| -> BTreeSet<String> {
            of.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(names(&printed), names(&schema["properties"]));
    }
}
