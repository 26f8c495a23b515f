//! Checks of a group's specification: each value against its range.

use foretide_sim::Life;

use crate::actors::Change;
use crate::cron;
use crate::scenario::{GroupSpec, MAX_CAPACITY, MAX_HISTORY_S, ScenarioError};
use crate::targets;

/// Longest lifecycle hook, in seconds: the heartbeat timeout that AWS takes at most.
const LONGEST_HOOK_S: u32 = 7200;
/// Most tags of a group, as in EC2 Auto Scaling.
const MAX_TAGS: usize = 50;
/// Most changes of a group, so that a scenario stays bounded.
const MAX_CHANGES: usize = 1000;

impl GroupSpec {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub(crate) fn check(&self) -> Result<(), ScenarioError> {
        let what = self.problem().or_else(|| self.life().check().err());
        let what = what.or_else(|| self.bad_actor());
        let what = what.or_else(|| targets::problem(&self.target_groups));
        what.map_or(Ok(()), |what| {
            Err(ScenarioError::Value {
                group: self.name.clone(),
                what,
            })
        })
    }

    fn problem(&self) -> Option<&'static str> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let rules = [
            (self.min <= self.max, "min is above max"),
            (self.max <= MAX_CAPACITY, "max is above 5000"),
            (
                (self.min..=self.max).contains(&self.desired),
                "desired is outside min and max",
            ),
            (positive(self.unit), "unit is not a positive number"),
            (positive(self.speed), "speed is not a positive number"),
            (
                matches!(self.period_s, 60 | 300),
                "period_s is neither 60 nor 300",
            ),
            (self.delay_s <= 86_400, "delay_s is more than a day"),
            (
                self.history_s <= MAX_HISTORY_S,
                "history_s is more than 15 days",
            ),
            (
                (0.0..=1.0).contains(&self.launch_failure),
                "launch_failure is not within 0 to 1",
            ),
            (
                self.launch_hook_s <= LONGEST_HOOK_S,
                "launch_hook_s is more than two hours",
            ),
            (
                self.termination_hook_s <= LONGEST_HOOK_S,
                "termination_hook_s is more than two hours",
            ),
            (self.standby <= self.desired, "standby is above desired"),
            (self.unhealthy <= self.desired, "unhealthy is above desired"),
            (
                self.default_instance_warmup.is_none_or(|s| s <= 3600),
                "default_instance_warmup is not within 0 to 3600",
            ),
            (self.tags.len() <= MAX_TAGS, "there are more than 50 tags"),
            (
                self.changes.len() <= MAX_CHANGES,
                "there are more than 1000 changes",
            ),
        ];
        first_broken(&rules)
    }

    /// How the instances of the world live. The termination hook is a part of draining there.
    pub(crate) fn life(&self) -> Life {
        Life {
            warm_up_s: self.warm_up_s,
            warm_up_cpu: self.warm_up_cpu,
            pending_cpu: self.pending_cpu,
            scale_in_s: self.scale_in_s,
            drain_s: self.drain_s,
            drain_cpu: self.drain_cpu,
            hang: self.hang,
            crash: self.crash,
            health_kill_s: self.health_kill_s,
            credits: self.credits,
            protected: self.protected,
            weight: self.weight.unwrap_or(1),
        }
    }

    /// What is wrong with policies, scheduled actions and changes.
    fn bad_actor(&self) -> Option<&'static str> {
        let acts = self.policies.iter().filter_map(|policy| policy.acts);
        let policies = acts.map(|acts| {
            let proper = acts.target > 0.0 && acts.target <= 100.0;
            (!proper).then_some("acts.target is not above 0, at most 100")
        });
        let actions = self.scheduled_actions.iter().map(|action| {
            let rules = [
                (
                    !action.recurrence.is_empty() || action.at_s.is_some(),
                    "a scheduled action has neither recurrence nor at_s",
                ),
                (
                    action.recurrence.is_empty() || cron::is_valid(&action.recurrence),
                    "a recurrence is not five cron fields of *, */n, numbers, ranges and lists",
                ),
                (
                    action.max.is_none_or(|max| max <= MAX_CAPACITY),
                    "max of a scheduled action is above 5000",
                ),
            ];
            first_broken(&rules)
        });
        let changes = self.changes.iter().map(Change::problem);
        policies.chain(actions).chain(changes).flatten().next()
    }
}

impl Change {
    fn problem(&self) -> Option<&'static str> {
        let share = |value: Option<f64>| value.is_none_or(|one| (0.0..=1.0).contains(&one));
        first_broken(&[
            (self.at_s >= 0, "at_s of a change is negative"),
            (
                !(self.delete && self.create),
                "a change has both delete and create",
            ),
            (
                self.max.is_none_or(|max| max <= MAX_CAPACITY),
                "max of a change is above 5000",
            ),
            (
                self.min
                    .is_none_or(|min| min <= self.max.unwrap_or(MAX_CAPACITY)),
                "min of a change is above its max, or above 5000",
            ),
            (
                share(self.launch_failure),
                "launch_failure of a change is not within 0 to 1",
            ),
            (share(self.hang), "hang of a change is not within 0 to 1"),
        ])
    }
}

fn first_broken(rules: &[(bool, &'static str)]) -> Option<&'static str> {
    let broken = rules.iter().find(|(holds, _)| !holds);
    broken.map(|(_, what)| *what)
}
