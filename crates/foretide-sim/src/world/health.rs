//! What operators and health checks do to single instances: standby, protection, replacement.

use super::billing::Bill;
use super::fleet::Fleet;
use super::instance::{Departure, Instance, InstanceState, Member, SoFar};
use crate::STEP_S;

/// The group's health checks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checks {
    /// Whether health is checked.
    pub(super) checking: bool,
    /// Whether unhealthy instances are replaced.
    pub(super) replacing: bool,
    /// Seconds for which the serving instances have been saturated.
    saturated_s: i64,
}

impl Checks {
    pub(super) const fn new() -> Self {
        Self {
            checking: true,
            replacing: true,
            saturated_s: 0,
        }
    }

    /// Number of instances that fail their check in this step: one after every `after_s` seconds of
    /// saturation.
    pub(super) fn failing(&mut self, saturated: bool, after_s: u32) -> u32 {
        if !(saturated && self.checking) {
            self.saturated_s = 0;
            return 0;
        }
        self.saturated_s += STEP_S;
        let fails = self.saturated_s >= i64::from(after_s);
        if fails {
            self.saturated_s = 0;
        }
        u32::from(fails)
    }
}

impl Fleet {
    /// Lets the oldest `count` serving instances that are healthy fail their health check.
    pub(super) fn fail_health(&mut self, count: u32) {
        if count == 0 {
            return;
        }
        let healthy = self
            .members
            .iter_mut()
            .filter(|one| one.view.state == InstanceState::Serving && one.view.healthy);
        healthy
            .take(count as usize)
            .for_each(|one| one.view.healthy = false);
        self.recount();
    }

    /// Lets the oldest `count` serving instances die at the beginning of the next step.
    pub(super) fn crash(&mut self, count: u32, now_s: i64) {
        let alive = self
            .members
            .iter_mut()
            .filter(|one| one.view.state == InstanceState::Serving);
        alive
            .take(count as usize)
            .for_each(|one| one.crash_s = now_s);
        self.recount();
    }

    /// Notices instances that died, if `checking`, and terminates the unhealthy, if `replacing`.
    pub(super) fn check_health(
        &mut self,
        (checking, replacing): (bool, bool),
        now_s: i64,
        so_far: &SoFar,
        drain_s: u32,
        bill: &mut Bill,
    ) {
        if checking {
            let crashed = self
                .members
                .iter_mut()
                .filter(|one| one.view.state == InstanceState::Crashed);
            crashed.for_each(|one| one.view.healthy = false);
        }
        if !replacing {
            return;
        }
        let unhealthy: Vec<_> = self
            .members
            .iter()
            .filter(|one| !one.view.healthy)
            .map(|one| (one.view.ordinal, one.view.state))
            .collect();
        for (ordinal, state) in unhealthy {
            let why = match state {
                InstanceState::Crashed => Departure::Crashed,
                _ => Departure::Unhealthy,
            };
            self.terminate(ordinal, why, now_s, so_far, drain_s, bill);
        }
    }

    /// Protects the instances in service from scale-in, or ends their protection.
    pub(super) fn protect(&mut self, protected: bool) {
        for one in &mut self.members {
            one.view.protected = protected;
        }
        self.recount();
    }

    /// Lets the instances that `gets_requests` names serve, of those in service and warmed up, and
    /// no others.
    pub(super) fn route(&mut self, gets_requests: impl Fn(u64) -> bool, so_far: &SoFar) {
        let mut changed = false;
        for one in &mut self.members {
            let state = match (one.view.state, gets_requests(one.view.ordinal)) {
                (InstanceState::Serving, false) => InstanceState::Unrouted,
                (InstanceState::Unrouted, true) => InstanceState::Serving,
                _ => continue,
            };
            one.turn(state, so_far);
            changed = true;
        }
        if changed {
            self.recount();
        }
    }

    /// Moves the oldest serving instance into standby. Returns whether there was one.
    pub(super) fn enter_standby(&mut self, so_far: &SoFar) -> bool {
        self.swap_state(InstanceState::Serving, InstanceState::Standby, so_far)
    }

    /// Lets the oldest instance in standby serve again. Returns whether there was one.
    pub(super) fn leave_standby(&mut self, so_far: &SoFar) -> bool {
        self.swap_state(InstanceState::Standby, InstanceState::Serving, so_far)
    }

    /// Moves the instance `ordinal` into standby (`into`) or back into service. Returns whether the
    /// instance was in the state to leave.
    pub(super) fn stand(&mut self, ordinal: u64, into: bool, so_far: &SoFar) -> bool {
        let found = self.members.iter_mut().find(|one| {
            let state = one.view.state;
            let leaves = if into {
                matches!(state, InstanceState::Serving | InstanceState::Warming)
            } else {
                state == InstanceState::Standby
            };
            leaves && one.view.ordinal == ordinal
        });
        let Some(one) = found else {
            return false;
        };
        one.next_s = i64::MAX;
        one.turn(
            if into {
                InstanceState::Standby
            } else {
                InstanceState::Serving
            },
            so_far,
        );
        self.recount();
        true
    }

    /// Changes the instance `ordinal`, in service or standby. Returns whether there is one.
    pub(super) fn change(&mut self, ordinal: u64, change: impl FnOnce(&mut Instance)) -> bool {
        let found = self
            .members
            .iter_mut()
            .find(|one| one.view.ordinal == ordinal);
        let Some(one) = found else {
            return false;
        };
        change(&mut one.view);
        self.recount();
        true
    }

    /// Ends the wait of the pending instance `ordinal` now: it comes into service at the next step,
    /// or fails to. Ends the draining of a terminating one. Returns whether one waited.
    pub(super) fn end_wait(&mut self, ordinal: u64, succeeds: bool, now_s: i64) -> bool {
        let is_it = |one: &&mut Member| one.view.ordinal == ordinal;
        if let Some(one) = self.pending.iter_mut().find(is_it) {
            (one.next_s, one.fails) = (now_s, !succeeds);
        } else if let Some(one) = self.draining.iter_mut().find(is_it) {
            one.next_s = now_s;
        } else {
            return false;
        }
        self.recount();
        true
    }

    fn swap_state(&mut self, from: InstanceState, to: InstanceState, so_far: &SoFar) -> bool {
        let found = self.members.iter_mut().find(|one| one.view.state == from);
        let Some(one) = found else {
            return false;
        };
        one.turn(to, so_far);
        self.recount();
        true
    }
}
