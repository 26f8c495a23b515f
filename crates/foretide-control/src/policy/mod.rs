//! What capacity is wanted, before any guard rail: one file a policy, each a pure function of the
//! facts.

pub(crate) mod classifier;
pub(crate) mod forecast;
pub(crate) mod target_tracking;

use foretide_domain::{PolicyKind, Proposal, Rule};

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
    if facts.is_empty() && facts.config.on_empty == OnEmpty::StartOne {
        return Proposal {
            desired: Some(1),
            rule: Rule::EmptyGroup,
        };
    }
    match facts.config.policy {
        PolicyKind::Classifier => classifier::propose(facts),
        PolicyKind::Forecast => forecast::propose(facts),
        PolicyKind::TargetTracking => target_tracking::propose(facts),
    }
}
