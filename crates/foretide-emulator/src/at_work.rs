//! Policies, scheduled actions, lifecycle hooks and refreshes at work on their group.

use foretide_domain::Timestamp;
use foretide_sim::InstanceState;

use crate::actors::ScheduledActionSpec;
use crate::group::Group;
use crate::hook::{LAUNCHING, TERMINATING};
use crate::refresh::{REFRESHES_KEPT, Refresh};

impl Group {
    /// Lets the policies decide at `when`. Their decisions count unless `alarms` are suspended.
    pub(crate) fn run_policies(&mut self, when: Timestamp, alarms: bool) {
        for place in 0..self.policies.len() {
            let world = &self.world;
            let policy = self.policies.get_mut(place);
            let decided = policy.and_then(|policy| {
                let wanted = policy.actor.as_mut()?.decide(world)?;
                Some((wanted, policy.spec.name.clone()))
            });
            if let Some((wanted, name)) = decided.filter(|_| alarms) {
                let why = format!(
                    "At {when} a monitor alarm TargetTracking-{} in state ALARM triggered policy \
                     {name}",
                    self.spec.name
                );
                self.move_desired(wanted, &why);
            }
        }
    }

    /// Runs the scheduled actions that are due at `when`. An action that ran for the last time
    /// stays listed if it is of the scenario.
    pub(crate) fn run_schedule(&mut self, when: Timestamp) {
        let start = self.start;
        let due = self.schedule.iter().filter(|one| one.runs_at(when, start));
        let due: Vec<ScheduledActionSpec> = due.map(|one| one.spec.clone()).collect();
        for action in due {
            self.run_scheduled(&action, when);
        }
    }

    fn run_scheduled(&mut self, action: &ScheduledActionSpec, when: Timestamp) {
        let now = self.world.bounds();
        let (min, max) = (action.min.unwrap_or(now.min()), action.max);
        let before = self.world.desired();
        self.set_bounds(crate::group::bounds(min, max.unwrap_or(now.max())));
        let why = format!(
            "At {when} the scheduled action {} was executed",
            action.name
        );
        let wanted = action.desired.unwrap_or(self.world.desired());
        self.world.set_desired(wanted);
        self.note_move(before, &why);
    }

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

    /// Starts a refresh of all instances at `now`. Returns its id.
    pub(crate) fn start_refresh(&mut self, now: Timestamp) -> String {
        let lives = self.world.instances().filter(|one| {
            let state = one.state;
            one.departure.is_none()
                && !matches!(state, InstanceState::Gone | InstanceState::Standby)
        });
        let mut targets: Vec<u64> = lives.map(|one| one.ordinal).collect();
        targets.sort_unstable();
        self.refreshes_begun += 1;
        let id = self.roster.refresh_id(self.refreshes_begun);
        if self.refreshes.len() == REFRESHES_KEPT {
            self.refreshes.pop_front();
        }
        self.refreshes.push_back(Refresh {
            id: id.clone(),
            status: "InProgress",
            started: now,
            ended: None,
            total: targets.len(),
            targets,
        });
        id
    }

    /// Advances the refresh under way: the next instance goes once all others are in service.
    pub(crate) fn run_refresh(&mut self, when: Timestamp) {
        let is_suspended = self
            .spec
            .suspended
            .iter()
            .any(|one| one == "InstanceRefresh");
        let Some(refresh) = self.refreshes.back_mut().filter(|one| one.is_under_way()) else {
            return;
        };
        if refresh.status == "Cancelling" {
            (refresh.status, refresh.ended) = ("Cancelled", Some(when));
            return;
        }
        let weight = self.world.life().weight.max(1);
        let wanted = self.world.desired().div_ceil(weight);
        let settled = self.world.pending() == 0 && self.world.in_service() >= wanted;
        if is_suspended || !settled {
            return;
        }
        // Instances that left meanwhile are replaced already.
        while let Some(ordinal) = refresh.targets.first().copied() {
            refresh.targets.remove(0);
            if self.world.terminate(ordinal) {
                return;
            }
        }
        (refresh.status, refresh.ended) = ("Successful", Some(when));
    }
}
