//! Target groups: whom their load balancers find healthy, and who of a group is ready to serve.
//!
//! The memory of one group's targets is here, and makes no call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use foretide_domain::{CallFailure, FailureKind, ReadinessDoubt, Timestamp};

use crate::failure::failure;
use crate::group::{GroupReading, InstanceReading, Lifecycle};

/// Time between two readings of a group's targets while every instance in service is healthy. AWS
/// allows an account 40 Describe calls of Elastic Load Balancing at once and refills slowly: a
/// hundred groups with one target group each make three calls a second.
const READ_EVERY: Duration = Duration::from_secs(30);
/// Time until the next try after a failed reading.
const RETRY: Duration = Duration::from_secs(30);
/// Time for which a reading stays valid if the targets cannot be read anew: one lost answer then
/// changes nothing, and a second one does.
const KEPT: Duration = Duration::from_secs(60);

/// What makes an instance ready to serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ready {
    /// Auto Scaling has put the instance into service.
    #[default]
    InService,
    /// The instance is in service, and healthy in all target groups of the group.
    TargetGroup,
}

/// The health of an instance in one target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// The load balancer sends requests to the instance.
    Healthy,
    /// The instance fails its health check.
    Unhealthy,
    /// The instance is being registered or drained, or is not in use.
    Other,
}

/// The targets of a group: by target group, the state of each instance. An instance that is not
/// registered is absent.
pub type TargetHealth = BTreeMap<String, BTreeMap<String, TargetState>>;

/// Whether `instance` is healthy in all target groups of `health`.
pub fn is_healthy(health: &TargetHealth, instance: &str) -> bool {
    let mut all = health.values();
    all.all(|targets| targets.get(instance) == Some(&TargetState::Healthy))
}

/// Who of a group's instances in service is ready to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Every instance, since the configuration says so.
    InService,
    /// The instances that are healthy in all target groups.
    Healthy(BTreeSet<String>),
    /// Every instance, although target groups were to decide.
    InDoubt(ReadinessDoubt),
}

/// The memory of one group's targets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    newest: Option<(Timestamp, TargetHealth)>,
    due: Option<Timestamp>,
    /// Failure of the newest reading; none after a reading that succeeded.
    failed: Option<CallFailure>,
}

impl Targets {
    /// The target groups to read at `now`; none if no reading is due. While an instance in service
    /// is not healthy, the targets are read with every reading of the group: the end of a launch is
    /// then known to one interval.
    pub(crate) fn wanted(
        &mut self,
        reading: &GroupReading,
        now: Timestamp,
    ) -> Option<BTreeSet<String>> {
        if reading.traffic.doubt().is_some() {
            return None;
        }
        let attached = &reading.traffic.target_groups;
        let is_due = self.due.is_none_or(|due| now >= due);
        let known = self.newest.as_ref().map(|(_, health)| health);
        let is_new = known.is_none_or(|health| !health.keys().eq(attached));
        let unready = |one: &InstanceReading| {
            let is_known = known.is_some_and(|health| is_healthy(health, &one.id));
            one.lifecycle == Lifecycle::InService && !is_known
        };
        let is_urgent = is_new || reading.instances.iter().any(unready);
        if !is_due && (self.failed.is_some() || !is_urgent) {
            return None;
        }
        self.due = Some(now.plus(READ_EVERY));
        Some(attached.clone())
    }

    /// Takes in a reading of all target groups, made at `now`.
    pub(crate) fn take(&mut self, answer: Result<TargetHealth, CallFailure>, now: Timestamp) {
        match answer {
            Ok(health) => {
                self.newest = Some((now, health));
                self.failed = None;
            }
            Err(failure) => {
                self.due = Some(now.plus(RETRY));
                self.failed = Some(failure);
            }
        }
    }

    /// Who of `reading`'s instances in service is ready at `now`.
    pub(crate) fn standing(&self, reading: &GroupReading, now: Timestamp) -> Standing {
        if let Some(doubt) = reading.traffic.doubt() {
            return Standing::InDoubt(doubt);
        }
        let newest = self.newest.as_ref();
        let Some((_, health)) = newest.filter(|(at, _)| now.since(*at) <= KEPT) else {
            let failure = self.failed.clone().unwrap_or_else(not_read);
            return Standing::InDoubt(ReadinessDoubt::Unread { failure });
        };
        let in_service = reading.instances.iter();
        let in_service = in_service.filter(|one| one.lifecycle == Lifecycle::InService);
        let ids: Vec<&String> = in_service.map(|one| &one.id).collect();
        // A load balancer whose targets are all unhealthy sends requests to each of them.
        let fails = |id: &&String| {
            let mut all = health.values();
            all.any(|targets| targets.get(*id) == Some(&TargetState::Unhealthy))
        };
        if !ids.is_empty() && ids.iter().all(fails) {
            return Standing::InDoubt(ReadinessDoubt::AllUnhealthy);
        }
        let healthy = ids.into_iter().filter(|id| is_healthy(health, id));
        Standing::Healthy(healthy.cloned().collect())
    }
}

fn not_read() -> CallFailure {
    failure(FailureKind::Unavailable, "not read yet")
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Bounds, SuspendedProcesses};

    use super::*;
    use crate::traffic::TrafficSources;
    use TargetState::{Healthy, Other, Unhealthy};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// A group with the target groups `a` and `b` and instances in service.
    fn reading(instances: &[&str]) -> GroupReading {
        let one = |id: &&str| InstanceReading {
            id: (*id).to_owned(),
            lifecycle: Lifecycle::InService,
            healthy: true,
            protected: false,
        };
        GroupReading {
            bounds: Bounds::new(0, 9).unwrap(),
            desired: 2,
            instances: instances.iter().map(one).collect(),
            suspended: SuspendedProcesses::default(),
            warm_pool: false,
            weighted: false,
            operator: None,
            default_warm_up: None,
            zones: 3,
            traffic: TrafficSources {
                target_groups: ["a".to_owned(), "b".to_owned()].into(),
                ..TrafficSources::default()
            },
        }
    }

    /// The targets of `a` and `b`: the state of each instance in both.
    fn health(instances: &[(&str, TargetState, TargetState)]) -> TargetHealth {
        let of = |pick: fn(&(&str, TargetState, TargetState)) -> TargetState| {
            let all = instances.iter();
            all.map(|one| (one.0.to_owned(), pick(one))).collect()
        };
        [
            ("a".to_owned(), of(|one| one.1)),
            ("b".to_owned(), of(|one| one.2)),
        ]
        .into()
    }

    fn denied() -> CallFailure {
        failure(FailureKind::Denied, "no")
    }

    #[track_caller]
    fn assert_ready(targets: &Targets, instances: &[&str], now: i64, ready: &[&str]) {
        let ready = ready.iter().map(|&id| id.to_owned()).collect();
        let standing = targets.standing(&reading(instances), at(now));
        assert_eq!(standing, Standing::Healthy(ready));
    }

    #[test]
    fn an_instance_is_ready_when_healthy_in_all_target_groups() {
        let mut targets = Targets::default();
        let all = ["i-1", "i-2", "i-3", "i-4"];
        let states = health(&[
            ("i-1", Healthy, Healthy),
            ("i-2", Healthy, Other),
            ("i-3", Healthy, Unhealthy),
        ]);
        targets.take(Ok(states), at(0));
        assert_ready(&targets, &all, 0, &["i-1"]);
    }

    /// A load balancer sends requests to all its targets if all of them are unhealthy. A target
    /// that is still being registered is not unhealthy.
    #[test]
    fn where_all_are_unhealthy_all_in_service_count() {
        let mut targets = Targets::default();
        let both = [("i-1", Unhealthy, Healthy), ("i-2", Unhealthy, Healthy)];
        targets.take(Ok(health(&both)), at(0));
        let standing = |targets: &Targets| targets.standing(&reading(&["i-1", "i-2"]), at(0));
        let open = Standing::InDoubt(ReadinessDoubt::AllUnhealthy);
        assert_eq!(standing(&targets), open);
        let one = [("i-1", Unhealthy, Healthy), ("i-2", Other, Healthy)];
        targets.take(Ok(health(&one)), at(0));
        assert_ready(&targets, &["i-1", "i-2"], 0, &[]);
    }

    #[test]
    fn targets_are_read_with_the_group_until_all_in_service_are_healthy() {
        let mut targets = Targets::default();
        let group = reading(&["i-1"]);
        let wanted = |targets: &mut Targets, group: &GroupReading, now| {
            targets.wanted(group, at(now)).map_or(0, |all| all.len())
        };
        assert_eq!(wanted(&mut targets, &group, 0), 2);
        targets.take(Ok(health(&[("i-1", Healthy, Healthy)])), at(0));
        assert_eq!(wanted(&mut targets, &group, 29), 0);
        let grown = reading(&["i-1", "i-2"]);
        assert_eq!(wanted(&mut targets, &grown, 29), 2, "one is not healthy");
        assert_eq!(wanted(&mut targets, &group, 50), 0);
        assert_eq!(wanted(&mut targets, &group, 59), 2, "it is time");
        let mut other = reading(&["i-1"]);
        other.traffic.target_groups.insert("c".to_owned());
        assert_eq!(wanted(&mut targets, &other, 60), 3, "one was attached");
        other.traffic.classic.insert("old".to_owned());
        assert_eq!(wanted(&mut targets, &other, 600), 0);
    }

    #[test]
    fn a_lost_answer_changes_nothing_and_a_second_one_lets_in_service_count() {
        let mut targets = Targets::default();
        targets.take(Ok(health(&[("i-1", Healthy, Healthy)])), at(0));
        targets.take(Err(denied()), at(30));
        assert_eq!(targets.wanted(&reading(&["i-1", "i-2"]), at(59)), None);
        assert_ready(&targets, &["i-1", "i-2"], 60, &["i-1"]);
        let unread = |targets: &Targets, now| {
            let failure = denied();
            let unread = Standing::InDoubt(ReadinessDoubt::Unread { failure });
            assert_eq!(targets.standing(&reading(&["i-1", "i-2"]), at(now)), unread);
        };
        unread(&targets, 61);
        let mut never = Targets::default();
        never.take(Err(denied()), at(0));
        unread(&never, 0);
    }
}
