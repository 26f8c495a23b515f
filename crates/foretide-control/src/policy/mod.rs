//! The policies, one file each: the capacity that a policy wants before any guard rail, and
//! everything else that differs by policy.
//!
//! [`of`] is the only place that matches `PolicyKind`. All other code asks the [`Policy`].

pub(crate) mod classifier;
mod contract;
pub(crate) mod forecast;
pub(crate) mod target_tracking;

use foretide_domain::{ForecastRule, Percent, PolicyKind, Proposal, Rule};

use crate::config::{ControllerConfig, OnEmpty};
use crate::facts::Facts;

use classifier::ClassifierState;
use contract::Policy;
use forecast::ForecastState;

/// What each policy remembers. It stays while another policy decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PolicyStates {
    /// Policy `classifier`.
    pub(crate) classifier: ClassifierState,
    /// Policy `forecast`.
    pub(crate) forecast: ForecastState,
}

/// The policy that `config` names.
pub(crate) fn of(config: &ControllerConfig) -> &'static dyn Policy {
    match config.policy {
        PolicyKind::Classifier => &classifier::Classifier,
        PolicyKind::Forecast => &forecast::Forecast,
        PolicyKind::TargetTracking => &target_tracking::Tracking,
    }
}

impl ControllerConfig {
    /// The utilisation that the policy aims at: the objective of policy `forecast`, else the
    /// target.
    pub fn aim(&self) -> Percent {
        of(self).scale_in_ceiling(self)
    }
}

/// The capacity that an operator pinned, or else the capacity that the group's policy wants.
pub(crate) fn propose(facts: &Facts<'_>) -> Proposal {
    if let Some(pinned) = &facts.orders.pinned {
        return Proposal::new(Some(pinned.capacity), Rule::Pinned);
    }
    if facts.is_empty() {
        return of_empty(facts);
    }
    of(facts.config).propose(facts)
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
        Some((minimum, _)) => Proposal::new(Some(minimum), Rule::Forecast(ForecastRule::Scheduled)),
        None => Proposal::new(first, Rule::EmptyGroup),
    }
}
