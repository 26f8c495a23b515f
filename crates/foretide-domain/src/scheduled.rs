//! What scheduled actions of the group change, and when.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A change that a scheduled action of AWS makes to the group at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledChange {
    /// The action's name.
    pub action: String,
    /// When it runs.
    pub at: Timestamp,
    /// The minimum that it sets, instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The maximum that it sets, instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// The desired capacity that it sets, instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
}

impl ScheduledChange {
    /// The capacity that the group has at least once the action ran: the larger of the minimum and
    /// the desired capacity that it sets. None where it sets neither.
    pub fn least(&self) -> Option<u32> {
        self.min.max(self.desired)
    }
}
