//! What a controller may do to its group.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the controller may do to the group; what may do more is greater.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
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
