//! Policy `forecast`: what the capacity law made of the newest period. The law keeps count of
//! periods, so it is stepped when a period arrives and only read here.

use foretide_domain::{ForecastRule, Proposal, Rule};
use foretide_forecast::law::LawOutput;

use crate::facts::Facts;

/// The capacity that the law asks of a group that may have changed since the period was seen. Only
/// the step itself tells when a surplus has been paid for, so of another capacity it says nothing.
fn wanted(output: &LawOutput, desired: u32) -> Option<u32> {
    if desired < output.low {
        return Some(output.low);
    }
    output
        .desired
        .filter(|wanted| *wanted < desired && output.from == desired)
}

/// The capacity that the law asked for, at least what a known event needs.
pub(crate) fn propose(facts: &Facts<'_>) -> Proposal {
    let by_law = by_law(facts);
    let desired = facts.group.desired;
    let wanted = by_law.desired.unwrap_or(desired);
    match facts.scheduled.filter(|(minimum, _)| *minimum > wanted) {
        // It limits what the law takes away, and asks for nothing itself.
        Some((minimum, _)) if minimum < desired => Proposal {
            desired: Some(minimum),
            rule: by_law.rule,
        },
        Some((minimum, _)) => Proposal {
            desired: (minimum != desired).then_some(minimum),
            rule: Rule::Forecast(ForecastRule::Scheduled),
        },
        None => by_law,
    }
}

fn by_law(facts: &Facts<'_>) -> Proposal {
    let Some(output) = facts.law else {
        return Proposal {
            desired: None,
            rule: Rule::Forecast(ForecastRule::NoNewPoint),
        };
    };
    Proposal {
        desired: wanted(&output, facts.group.desired),
        rule: Rule::Forecast(output.binding),
    }
}
