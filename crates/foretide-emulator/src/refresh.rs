//! Instance refreshes at work: one instance after the other is terminated and replaced.

use foretide_domain::Timestamp;
use foretide_sim::InstanceState;

use crate::group::Group;

/// Refreshes of a group that are remembered.
const REFRESHES_KEPT: usize = 100;

/// An instance refresh.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    pub(crate) id: String,
    pub(crate) status: &'static str,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    /// Ordinals of the instances to replace, the oldest first.
    targets: Vec<u64>,
    total: usize,
}

impl Refresh {
    pub(crate) const fn is_under_way(&self) -> bool {
        self.ended.is_none()
    }

    pub(crate) fn left(&self) -> usize {
        self.targets.len()
    }

    /// Share of the instances that are replaced, in percent.
    pub(crate) fn percent(&self) -> usize {
        let done = self.total.saturating_sub(self.targets.len());
        (done * 100).checked_div(self.total).unwrap_or(100)
    }
}

impl Group {
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
