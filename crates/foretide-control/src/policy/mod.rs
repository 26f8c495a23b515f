//! What capacity is wanted, before any guard rail: one file a policy, each a pure function of the
//! facts.

pub(crate) mod classifier;
pub(crate) mod forecast;
pub(crate) mod target_tracking;

use foretide_domain::{ForecastRule, PolicyKind, Proposal, Rule};

use crate::config::OnEmpty;
use crate::facts::Facts;

/// What an operator pinned, or else what the group's policy wants.
pub(crate) fn propose(facts: &Facts<'_>) -> Proposal {
    if let Some(pinned) = &facts.orders.pinned {
        return Proposal {
            desired: Some(pinned.capacity),
            rule: Rule::Pinned,
        };
    }
    if facts.is_empty() {
        return of_empty(facts);
    }
    match facts.config.policy {
        PolicyKind::Classifier => classifier::propose(facts),
        PolicyKind::Forecast => forecast::propose(facts),
        PolicyKind::TargetTracking => target_tracking::propose(facts),
    }
}

/// An empty group measures nothing, so no policy has anything to go by; a known event has.
fn of_empty(facts: &Facts<'_>) -> Proposal {
    let first = match facts.config.on_empty {
        OnEmpty::StartOne => Some(1),
        OnEmpty::Hold => None,
    };
    match facts
        .scheduled
        .filter(|(minimum, _)| *minimum > first.unwrap_or(0))
    {
        Some((minimum, _)) => Proposal {
            desired: Some(minimum),
            rule: Rule::Forecast(ForecastRule::Scheduled),
        },
        None => Proposal {
            desired: first,
            rule: Rule::EmptyGroup,
        },
    }
}
