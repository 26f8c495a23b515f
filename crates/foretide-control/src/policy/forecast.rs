//! Policy `forecast`: the capacity that the optimiser chose at the newest period. The optimiser
//! counts periods, so it is stepped when a period arrives and only read here.

use foretide_domain::{ForecastRule, Percent, Proposal, Rule};
use foretide_forecast::sizing::SizingOutput;

use crate::config::ControllerConfig;
use crate::facts::Facts;

use super::Policy;

/// Policy `forecast`.
pub(super) struct Forecast;

impl Policy for Forecast {
    fn propose(&self, facts: &Facts<'_>) -> Proposal {
        propose(facts)
    }

    fn forecasts(&self) -> bool {
        true
    }

    /// The objective: this policy runs closer to it than the others.
    fn scale_in_ceiling(&self, config: &ControllerConfig) -> Percent {
        config.forecast.objective
    }
}

/// The capacity that the optimiser asks for, now that the group has `desired`; none where it asks
/// for no change. Only the step itself knows when spare instances have paid for their end, so it
/// asks no scale-in of a group whose desired capacity has changed since.
fn wanted(output: &SizingOutput, desired: u32) -> Option<u32> {
    if desired < output.low {
        return Some(output.low);
    }
    output
        .desired
        .filter(|wanted| *wanted < desired && output.from == desired)
}

/// The capacity that the optimiser asked for, at least the capacity that a known event needs.
fn propose(facts: &Facts<'_>) -> Proposal {
    let by_optimiser = by_optimiser(facts);
    let desired = facts.group.desired;
    let wanted = by_optimiser.desired.unwrap_or(desired);
    match facts.scheduled.filter(|(minimum, _)| *minimum > wanted) {
        // The event limits the scale-in of the optimiser, and asks for nothing itself.
        Some((minimum, _)) if minimum < desired => Proposal {
            desired: Some(minimum),
            rule: by_optimiser.rule,
        },
        Some((minimum, _)) => Proposal {
            desired: (minimum != desired).then_some(minimum),
            rule: Rule::Forecast(ForecastRule::Scheduled),
        },
        None => by_optimiser,
    }
}

fn by_optimiser(facts: &Facts<'_>) -> Proposal {
    let Some(output) = facts.sizing else {
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
