//! What was decided.

use serde::{Deserialize, Serialize};

use crate::{Explanation, Timestamp};

/// One decision: what to set, when to look again, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When it was made.
    pub at: Timestamp,
    /// The desired capacity to set; none keeps what is.
    pub desired: Option<u32>,
    /// When to look again.
    pub next_look: Timestamp,
    /// Inputs, rule, and what bound it.
    pub explanation: Explanation,
}
