//! What goes over the socket.

use foretide_domain::{Order, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest request or answer in bytes. An order has a few words.
pub(crate) const LINE_MAX: u64 = 8 * 1024;

/// An order for a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The group: its name, or `account/name`.
    pub group: String,
    /// The order.
    pub order: Order,
    /// The name of the person, as the client gives it, and why.
    pub by: String,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The order is in force.
    Taken {
        /// The group, as `account/name`.
        group: String,
        /// Start of the first cycle that follows the order.
        next_cycle: Timestamp,
    },
    /// The order is not in force.
    Refused {
        /// Why.
        why: String,
    },
}
