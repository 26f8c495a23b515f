//! Lifecycle hooks at work: they make launches and terminations wait.

use serde_json::Value;

pub(crate) const LAUNCHING: &str = "autoscaling:EC2_INSTANCE_LAUNCHING";
pub(crate) const TERMINATING: &str = "autoscaling:EC2_INSTANCE_TERMINATING";

/// A lifecycle hook.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) name: String,
    pub(crate) transition: String,
    /// Seconds of waiting, unless somebody completes the action earlier.
    pub(crate) heartbeat_s: u32,
    /// Whether the action continues when the time is over.
    pub(crate) continues: bool,
    /// Parameters that are shown as they were sent.
    pub(crate) shown: Value,
}
