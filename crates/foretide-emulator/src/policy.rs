//! Scaling policies at work.

use serde_json::{Map, Value};

use crate::actors::{Actor, PolicySpec};

/// A scaling policy of a group.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) spec: PolicySpec,
    /// Parameters that are shown as they were sent.
    pub(crate) shown: Map<String, Value>,
    /// The policy at work; none if it does not act.
    pub(crate) actor: Option<Actor>,
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
