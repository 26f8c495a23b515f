//! Lifecycle hooks at work: they make launches and terminations wait.

use serde_json::Value;

use crate::group::Group;

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

impl Group {
    /// Applies the hooks to launches and terminations from now on. Of several hooks of one
    /// transition the longest counts.
    pub(crate) fn apply_hooks(&mut self) {
        let longest = |transition: &str| {
            let hooks = self.hooks.iter().filter(|one| one.transition == transition);
            hooks.map(|one| one.heartbeat_s).max()
        };
        let launch_s = longest(LAUNCHING).unwrap_or(self.spec.launch_hook_s);
        let end_s = longest(TERMINATING).unwrap_or(self.spec.termination_hook_s);
        let mut launching = self.hooks.iter().filter(|one| one.transition == LAUNCHING);
        let abandons = launching.any(|one| !one.continues);
        self.world
            .set_waits(self.spec.boot_s + launch_s, self.spec.drain_s + end_s);
        self.roster.set_hooks(i64::from(launch_s), i64::from(end_s));
        let failure = if abandons {
            1.0
        } else {
            self.spec.launch_failure
        };
        self.world.disturb_launches(failure, 1.0);
    }
}
