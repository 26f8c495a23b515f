//! Scaling policies at work.

use foretide_domain::Timestamp;
use serde_json::{Map, Value};

use crate::actors::{Actor, PolicySpec};
use crate::group::Group;

/// A scaling policy of a group.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) spec: PolicySpec,
    /// Parameters that are shown as they were sent.
    pub(crate) shown: Map<String, Value>,
    /// The policy at work; none if it does not act.
    actor: Option<Actor>,
}

impl Policy {
    pub(crate) fn new(spec: PolicySpec, shown: Map<String, Value>) -> Self {
        Self {
            actor: Actor::of(&spec),
            spec,
            shown,
        }
    }
}

impl Group {
    /// Lets the policies decide at `when`. Their decisions count unless `alarms` are suspended.
    pub(crate) fn run_policies(&mut self, when: Timestamp, alarms: bool) {
        for place in 0..self.policies.len() {
            let world = &self.world;
            let policy = self.policies.get_mut(place);
            let decided = policy.and_then(|policy| {
                let wanted = policy.actor.as_mut()?.decide(world)?;
                Some((wanted, policy.spec.name.clone()))
            });
            if let Some((wanted, name)) = decided.filter(|_| alarms) {
                let why = format!(
                    "At {when} a monitor alarm TargetTracking-{} in state ALARM triggered policy \
                     {name}",
                    self.spec.name
                );
                self.move_desired(wanted, &why);
            }
        }
    }
}
