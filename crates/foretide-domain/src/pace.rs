//! What the pace limits allowed: the figures behind their guard rails.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The figures of the pace limits that changed a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaceFigures {
    /// The limit on the change within a time; none where it allowed the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PaceWindow>,
    /// The capacity that the scale-in stabilisation kept; none where it allowed the scale-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stabilised: Option<Stabilised>,
}

/// How far desired capacity may move within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaceWindow {
    /// Desired capacity at the start of the window: now, without this controller's own changes
    /// within the window.
    pub reference: u32,
    /// Instances that may be added to the reference, or taken from it.
    pub change: u32,
    /// Length of the window.
    pub per: Duration,
    /// Time until a further change is allowed, if nobody else changes the group.
    pub more_in: Duration,
}

/// The highest capacity that was wanted lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stabilised {
    /// That capacity.
    pub wanted: u32,
    /// The time looked back on.
    pub within: Duration,
}

impl PaceFigures {
    /// Whether no pace limit changed the decision.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
