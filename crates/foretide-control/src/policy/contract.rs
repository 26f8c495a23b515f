//! What differs by policy, as the rest of the controller asks for it.

use foretide_domain::{Percent, Proposal};

use crate::config::ControllerConfig;
use crate::facts::Facts;

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
