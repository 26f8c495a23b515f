//! The verdict where the user states prices, in place of a violation budget.

use foretide_sim::BASELINE;

use crate::summary::PolicyFigures;

/// Cost of a run in instance-hours where a missing instance costs `ratio` times one that is there.
pub(crate) fn cost(policy: &PolicyFigures, ratio: f64) -> f64 {
    policy.instance_hours + ratio * policy.missing_instance_hours
}

/// What the run says of `subject` against the baseline, where there is one.
pub(crate) fn verdict(
    subject: &PolicyFigures,
    baseline: Option<&PolicyFigures>,
    ratio: f64,
) -> String {
    let of = format!("Policy {}", subject.label);
    let worth = format!(
        "at the stated prices, where a missing instance-hour costs as much as {ratio:.1} others"
    );
    let used = |policy: &PolicyFigures| {
        let (hours, missing) = (policy.instance_hours, policy.missing_instance_hours);
        (format!("{hours:.1}"), format!("{missing:.2}"))
    };
    let share = |policy: &PolicyFigures| format!("{:.2} %", 100.0 * policy.violation_share);
    let (hours, missing) = used(subject);
    let Some(baseline) = baseline else {
        return format!(
            "{of} costs as much as {:.1} instance-hours {worth}: {hours} instance-hours and \
             {missing} missing (in violation {} of the time). There is no baseline: --policy \
             {},{BASELINE} adds it.",
            cost(subject, ratio),
            share(subject),
            subject.name
        );
    };
    let (other_hours, other_missing) = used(baseline);
    format!(
        "{of} {} {} {worth}: {hours} instance-hours and {missing} missing against {other_hours} \
         and {other_missing} (in violation {} of the time against {}). Prices are stated, so no \
         violation budget is judged.",
        against(cost(subject, ratio), cost(baseline, ratio)),
        baseline.label,
        share(subject),
        share(baseline)
    )
}

/// `costs 21 % less than`.
fn against(own: f64, other: f64) -> String {
    if other <= 0.0 {
        return "cannot be compared in cost with".to_owned();
    }
    let more = 100.0 * (own / other - 1.0);
    if more.abs() < 0.5 {
        "costs as much as".to_owned()
    } else if more < 0.0 {
        format!("costs {:.0} % less than", -more)
    } else {
        format!("costs {more:.0} % more than")
    }
}
