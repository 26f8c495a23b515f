//! The policies, one file each: the capacity that a policy wants before any guard rail, and
//! everything else that differs by policy.
//!
//! [`of`] is the only place that matches `PolicyKind`. All other code asks the [`Policy`].

pub(crate) mod classifier;
pub(crate) mod forecast;
pub(crate) mod target_tracking;

use foretide_domain::{ForecastRule, Percent, PolicyKind, Proposal, Rule};

use crate::config::{ControllerConfig, OnEmpty};
use crate::facts::Facts;

use classifier::ClassifierState;
use forecast::ForecastState;

/// What differs from policy to policy. The defaults are those of a policy that decides on each new
/// datapoint, by the datapoints alone.
pub(crate) trait Policy {
    /// The capacity that these facts ask for, and the rule that asks.
    fn propose(&self, facts: &Facts<'_>) -> Proposal;

    /// Whether a cycle ends with a question to the model about the newest datapoint.
    fn asks_model(&self) -> bool {
        false
    }

    /// Whether each cycle is a vote. The policy then decides in every cycle, and confidence,
    /// streak, cooldown and step of `ControllerConfig::classifier` bind its changes.
    fn votes(&self) -> bool {
        false
    }

    /// Whether it forecasts. The policy then learns from every period and from the past, knows the
    /// calendar, and trusts late data less in steps.
    fn forecasts(&self) -> bool {
        false
    }

    /// Utilisation that a scale-in must not lead above: the target.
    fn scale_in_ceiling(&self, config: &ControllerConfig) -> Percent {
        config.target_utilisation
    }
}

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

/// The capacity that an operator pinned, or else the capacity that the group's policy wants.
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
