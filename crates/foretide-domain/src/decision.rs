//! What was decided.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Explanation, Timestamp};

/// What the controller may do to the group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Decide and record; write nothing.
    #[default]
    Observe,
    /// Write only what raises capacity.
    ScaleOutOnly,
    /// Write.
    Enforce,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Observe => "observe",
            Self::ScaleOutOnly => "scale-out-only",
            Self::Enforce => "enforce",
        })
    }
}

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
