//! One emulated group: the simulated world advanced to the clock's time, and those who change it.

use std::collections::{BTreeMap, VecDeque};

use foretide_domain::{Bounds, Timestamp};
use foretide_sim::{Boot, Life, World, WorldConfig};
use serde_json::{Map, Value, json};

use crate::actors::Change;
use crate::error::ApiError;
use crate::hook::Hook;
use crate::policy::Policy;
use crate::refresh::Refresh;
use crate::roster::{Instance, Roster, Stages};
use crate::scenario::GroupSpec;
use crate::schedule::Scheduled;
use crate::target_health::routed;

/// All grids of periods are aligned to this time, in seconds.
const GRID_S: i64 = 300;
/// The processes of a group that can be suspended.
pub(crate) const PROCESSES: [&str; 9] = [
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
];

/// A tag of a group.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) value: String,
    /// Whether the instances get the tag as well.
    pub(crate) propagate: bool,
}

/// A warm pool, which is only shown.
#[derive(Clone, Debug)]
pub(crate) struct WarmPool {
    pub(crate) size: u32,
    pub(crate) shown: Value,
}

/// One emulated group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) spec: GroupSpec,
    /// The time of second 0 of the simulated world.
    pub(crate) origin: Timestamp,
    /// Start of the emulator. Scripted times count from here.
    pub(crate) start: Timestamp,
    /// From here on the group is there, and policies, scheduled actions and changes act.
    born: Timestamp,
    pub(crate) world: World,
    pub(crate) roster: Roster,
    last_change: Option<Timestamp>,
    /// Changes to come, in order of time.
    changes: VecDeque<Change>,
    /// What AWS shows as the time of creation.
    pub(crate) created: Timestamp,
    pub(crate) deleted: bool,
    pub(crate) instance_type: String,
    /// Settings of clients that are shown as they were sent.
    pub(crate) shown: Map<String, Value>,
    pub(crate) tags: BTreeMap<String, Tag>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) schedule: Vec<Scheduled>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) warm_pool: Option<WarmPool>,
    /// Instance refreshes, the newest last.
    pub(crate) refreshes: VecDeque<Refresh>,
    pub(crate) refreshes_begun: u64,
}

impl Group {
    /// A group that the emulator, which began at `start`, has from `born` on. The group's history
    /// ends at `born`.
    pub(crate) fn new(spec: GroupSpec, start: Timestamp, born: Timestamp) -> Self {
        let first_s = born.as_seconds() - i64::from(spec.history_s);
        let origin = Timestamp::from_seconds(first_s - first_s.rem_euclid(GRID_S));
        let life = spec.life();
        let config = WorldConfig {
            bounds: bounds(spec.min, spec.max),
            unit: spec.unit,
            boot: Boot::Constant {
                seconds: spec.boot_s + spec.launch_hook_s,
            },
            launch_failure: spec.launch_failure,
            delay_s: spec.delay_s,
            period_s: spec.period_s,
            seed: spec.seed,
            scoring_from_s: 0,
            initial: spec.desired,
            life: Life {
                drain_s: spec.drain_s + spec.termination_hook_s,
                ..life
            },
        };
        let stages = Stages {
            boot_s: i64::from(spec.boot_s),
            launch_hook_s: i64::from(spec.launch_hook_s),
            drain_s: i64::from(spec.drain_s),
            termination_hook_s: i64::from(spec.termination_hook_s),
            terminate_s: i64::from(spec.terminate_s),
        };
        let world = World::new(config);
        let born_s = born.as_seconds() - start.as_seconds();
        let mut group = Self {
            roster: Roster::new(&spec.name, stages, &world),
            world,
            origin,
            start,
            born,
            last_change: None,
            changes: changes(&spec, born_s),
            created: origin,
            deleted: false,
            instance_type: "t3.small".into(),
            shown: Map::new(),
            tags: tags(&spec),
            policies: policies(&spec),
            schedule: Scheduled::of(&spec.scheduled_actions),
            hooks: Vec::new(),
            warm_pool: warm_pool(&spec),
            refreshes: VecDeque::new(),
            refreshes_begun: 0,
            spec,
        };
        group.apply_suspensions();
        group
    }

    /// A group that a client creates at `now`, with nothing in it.
    pub(crate) fn created(spec: GroupSpec, now: Timestamp) -> Self {
        let mut group = Self::new(spec, now, now);
        group.created = now;
        group.roster.begin_anew(now);
        group.advance(now);
        group
    }

    /// Advances the world to `now`.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let elapsed_s = now.as_seconds() - self.origin.as_seconds();
        while self.world.at_s() <= elapsed_s {
            let at_s = self.world.at_s();
            let when = self.at(at_s);
            self.world.begin_step();
            if when >= self.born {
                self.act(when);
            }
            self.route();
            self.world.finish_step(self.demand(at_s));
            self.roster.follow(&mut self.world, when);
        }
    }

    /// Sends load to the instances that a load balancer finds healthy, where there is one.
    fn route(&mut self) {
        if let Some(routed) = routed(self) {
            let ordinal = |id: &String| self.roster.ordinal(&self.world, id);
            let routed: Vec<u64> = routed.iter().filter_map(ordinal).collect();
            self.world.route(|ordinal| routed.contains(&ordinal));
        }
    }

    /// Carries out what changes the group at `when`.
    fn act(&mut self, when: Timestamp) {
        let elapsed_s = when.as_seconds() - self.start.as_seconds();
        while let Some(change) = self.changes.pop_front_if(|next| next.at_s <= elapsed_s) {
            self.change(change, when);
        }
        let is_suspended = |name: &str| self.spec.suspended.iter().any(|one| one == name);
        let (alarms, schedule) = (
            !is_suspended("AlarmNotification"),
            !is_suspended("ScheduledActions"),
        );
        if schedule {
            self.run_schedule(when);
        }
        self.run_policies(when, alarms);
        self.run_refresh(when);
    }

    fn change(&mut self, change: Change, when: Timestamp) {
        if change.min.is_some() || change.max.is_some() {
            let now = self.world.bounds();
            let (min, max) = (change.min.unwrap_or(now.min()), change.max);
            self.set_bounds(bounds(min, max.unwrap_or(now.max())));
        }
        if let Some(desired) = change.desired {
            let why = format!("At {when} a user request explicitly set group desired capacity");
            self.move_desired(desired, &why);
        }
        if let Some(suspended) = change.suspended {
            self.spec.suspended = suspended;
            self.apply_suspensions();
        }
        if let Some(count) = change.standby {
            self.world.set_standby(count);
        }
        self.world.fail_health(change.unhealthy.unwrap_or(0));
        if let Some(unhealthy) = change.unhealthy_targets {
            for target_group in &mut self.spec.target_groups {
                target_group.unhealthy = unhealthy;
            }
        }
        if let Some(protected) = change.protected {
            self.world.protect(protected);
        }
        if let Some(share) = change.launch_failure {
            self.set_launch_failure(share);
        }
        if let Some(share) = change.hang {
            self.world.set_hang(share);
        }
        if let Some(operator) = change.operator {
            self.spec.operator = Some(operator).filter(|one| !one.is_empty());
        }
        if let Some(refreshing) = change.refreshing {
            self.spec.refreshing = refreshing;
        }
    }

    pub(crate) fn move_desired(&mut self, wanted: u32, why: &str) {
        let before = self.world.desired();
        self.world.set_desired(wanted);
        self.note_move(before, why);
    }

    pub(crate) fn note_move(&mut self, before: u32, why: &str) {
        let after = self.world.desired();
        if after != before {
            self.roster.because(format!(
                "{why} changing the desired capacity from {before} to {after}."
            ));
        }
    }

    /// The instances that AWS shows, the oldest first.
    pub(crate) fn instances(&self) -> Vec<Instance> {
        let newest_s = self.world.at_s() - foretide_sim::STEP_S;
        self.roster.shown(&self.world, newest_s)
    }

    /// Ids of the instances that have run within the last hour.
    pub(crate) fn known_ids(&self) -> Vec<String> {
        self.roster.ids(&self.world)
    }

    /// Whether the instance `id` has run within the last hour.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.roster.ordinal(&self.world, id).is_some()
    }

    fn demand(&self, at_s: i64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float to integer cast saturates"
        )]
        let at_s = (at_s as f64 * self.spec.speed) as i64;
        self.spec.demand.at(at_s).max(0.0)
    }

    /// The time of second `world_s` of the world.
    pub(crate) fn at(&self, world_s: i64) -> Timestamp {
        Timestamp::from_seconds(self.origin.as_seconds().saturating_add(world_s))
    }

    pub(crate) const fn desired(&self) -> u32 {
        self.world.desired()
    }

    pub(crate) const fn bounds(&self) -> Bounds {
        self.world.bounds()
    }

    /// Sets desired capacity as `SetDesiredCapacity` does.
    pub(crate) fn set_desired(
        &mut self,
        desired: i64,
        honor_cooldown: bool,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let bounds = self.world.bounds();
        let outside = |side: &str, limit: u32| {
            ApiError::validation(format!(
                "New SetDesiredCapacity value {desired} is {side} value {limit} for the AutoScalingGroup."
            ))
        };
        let wanted = match u32::try_from(desired) {
            Ok(wanted) if wanted > bounds.max() => return Err(outside("above max", bounds.max())),
            Ok(wanted) if wanted >= bounds.min() => wanted,
            _ => return Err(outside("below min", bounds.min())),
        };
        let cooling = self
            .last_change
            .is_some_and(|at| now.since(at).as_secs() < u64::from(self.spec.cooldown_s));
        if honor_cooldown && cooling {
            return Err(ApiError::new(
                400,
                "ScalingActivityInProgress",
                "the group is cooling down after its last scaling activity",
            ));
        }
        let before = self.world.desired();
        if self.world.set_desired(wanted) {
            self.last_change = Some(now);
            self.roster.because(format!(
                "At {now} a user request explicitly set group desired capacity changing the desired capacity from {before} to {wanted}."
            ));
        }
        Ok(())
    }

    /// Sets bounds and desired capacity at once, as `UpdateAutoScalingGroup` does.
    pub(crate) fn resize(&mut self, (min, max): (u32, u32), desired: u32, now: Timestamp) {
        let before = self.world.desired();
        self.set_bounds(bounds(min, max));
        if self.world.set_desired(desired) || self.world.desired() != before {
            self.last_change = Some(now);
        }
        let why = format!(
            "At {now} a user request update of AutoScalingGroup constraints to min: {min}, max: \
             {max}, desired: {desired}"
        );
        self.note_move(before, &why);
    }

    /// Sets the capacity units of each instance.
    pub(crate) fn set_weight(&mut self, weight: u32) {
        self.spec.weight = Some(weight);
        self.world.set_weight(weight);
    }

    /// Records an activity that is over at once.
    pub(crate) fn note(&mut self, description: &str, cause: String) {
        self.roster.note(description, cause, self.world.at_s());
    }

    /// Whether the instance is within the group's health check grace period at `now`.
    pub(crate) fn is_in_grace(&self, ordinal: u64, now: Timestamp) -> bool {
        let grace = self
            .shown
            .get("HealthCheckGracePeriod")
            .and_then(Value::as_str);
        let grace_s: i64 = grace.and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut all = self.world.instances();
        let since = all
            .find(|one| one.ordinal == ordinal)
            .and_then(|one| one.in_service_s);
        let age_s = now.as_seconds() - self.origin.as_seconds();
        grace_s > 0 && since.is_some_and(|since| age_s - since < grace_s)
    }

    /// Carries out at once what a call asked for, in a group whose instances boot in no time.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        if self.spec.boot_s == 0 && self.spec.launch_hook_s == 0 && self.hooks.is_empty() {
            self.world.settle();
            self.roster.follow(&mut self.world, now);
        }
    }

    pub(crate) fn set_bounds(&mut self, bounds: Bounds) {
        (self.spec.min, self.spec.max) = (bounds.min(), bounds.max());
        self.world.set_bounds(bounds);
    }

    /// Sets desired capacity within the bounds, as another writer would.
    pub(crate) fn force_desired(&mut self, desired: u32) {
        self.world.set_desired(desired);
    }

    pub(crate) fn set_launch_failure(&mut self, share: f64) {
        self.spec.launch_failure = share;
        self.apply_hooks();
    }

    pub(crate) fn apply_suspensions(&mut self) {
        let is = |process: &str| self.spec.suspended.iter().any(|name| name == process);
        self.world.suspend(is("Launch"), is("Terminate"));
        self.world
            .suspend_health(is("HealthCheck"), is("ReplaceUnhealthy"));
    }
}

/// The changes of `spec` from second `born_s` on, in order of time. Those of the first moment come
/// first. The emulator itself creates and deletes groups.
fn changes(spec: &GroupSpec, born_s: i64) -> VecDeque<Change> {
    let mut all = vec![Change {
        at_s: born_s,
        standby: (spec.standby > 0).then_some(spec.standby),
        unhealthy: Some(spec.unhealthy),
        ..Change::default()
    }];
    let later = spec.changes.iter().filter(|change| change.at_s >= born_s);
    all.extend(later.cloned());
    all.sort_by_key(|change| change.at_s);
    all.into()
}

fn tags(spec: &GroupSpec) -> BTreeMap<String, Tag> {
    let tag = |value: &String| Tag {
        value: value.clone(),
        propagate: true,
    };
    let all = spec.tags.iter();
    all.map(|(key, value)| (key.clone(), tag(value))).collect()
}

fn policies(spec: &GroupSpec) -> Vec<Policy> {
    let all = spec.policies.iter().cloned();
    all.map(|policy| Policy::new(policy, Map::new())).collect()
}

fn warm_pool(spec: &GroupSpec) -> Option<WarmPool> {
    spec.warm_pool.map(|size| WarmPool {
        size,
        shown: json!({"MinSize": 0, "PoolState": "Stopped"}),
    })
}

/// The bounds of a checked specification.
pub(crate) fn bounds(min: u32, max: u32) -> Bounds {
    Bounds::new(min, max.max(min)).unwrap_or_else(|_| bounds(min, min))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Demand, Metric, Scripted};
    use crate::series::{NETWORK_IN_BPS, StatSet};

    const START_S: i64 = 1_000_000_200;

    fn group(spec: GroupSpec) -> Group {
        let spec = GroupSpec {
            name: "web".into(),
            ..spec
        };
        let start = Timestamp::from_seconds(START_S);
        Group::new(spec, start, start)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(START_S + seconds)
    }

    fn states(group: &Group) -> Vec<&'static str> {
        group.instances().iter().map(|one| one.state).collect()
    }

    #[test]
    fn a_launch_is_pending_before_it_serves_and_leaves_an_activity() {
        let mut group = group(GroupSpec::default());
        group.advance(at(0));
        group.set_desired(3, false, at(5)).unwrap();
        assert_eq!(states(&group), ["InService", "InService"]);
        group.advance(at(15));
        assert_eq!(states(&group), ["InService", "InService", "Pending"]);
        group.advance(at(200));
        assert_eq!(states(&group), ["InService"; 3]);
        let activity = group.roster.activities().next().unwrap();
        assert_eq!(activity.status, "Successful");
        assert_eq!(activity.ended_s.unwrap() - activity.started_s, 180);
        assert!(activity.cause.contains("from 2 to 3"));
    }

    #[test]
    fn scale_in_begins_late_ends_the_oldest_instance_and_shows_it_terminating_for_a_while() {
        let mut group = group(GroupSpec::default());
        group.advance(at(0));
        let oldest = group.instances()[0].id.clone();
        group.set_desired(1, false, at(5)).unwrap();
        group.advance(at(30));
        assert_eq!(states(&group), ["InService", "InService"]);
        group.advance(at(40));
        assert_eq!(states(&group), ["Terminating", "InService"]);
        assert_eq!(group.instances()[0].id, oldest);
        let activity = group.roster.activities().next().unwrap();
        assert_eq!(group.at(activity.started_s), at(40));
        group.advance(at(90));
        assert_eq!(states(&group), ["InService"]);
    }

    #[test]
    fn failed_launches_are_failed_activities_and_are_tried_again() {
        let mut group = group(GroupSpec {
            launch_failure: 1.0,
            boot_s: 20,
            ..GroupSpec::default()
        });
        group.advance(at(0));
        group.set_desired(3, false, at(0)).unwrap();
        group.advance(at(120));
        let statuses: Vec<_> = group.roster.activities().map(|one| one.status).collect();
        assert_eq!(statuses[0], "PreInService");
        assert!(statuses.len() >= 5 && statuses[1..].iter().all(|status| *status == "Failed"));
        assert_eq!(states(&group), ["InService", "InService", "Pending"]);
    }

    #[test]
    fn desired_capacity_outside_the_bounds_is_a_validation_error() {
        let mut group = group(GroupSpec::default());
        for (desired, words) in [
            (11, "above max value 10"),
            (0, "below min value 1"),
            (-1, "below"),
        ] {
            let error = group.set_desired(desired, false, at(0)).unwrap_err();
            assert_eq!(error.code, "ValidationError");
            assert!(error.message.contains(words), "{}", error.message);
        }
        assert_eq!(group.desired(), 2);
    }

    #[test]
    fn the_cooldown_counts_only_where_it_is_honoured() {
        let mut group = group(GroupSpec::default());
        group.set_desired(3, true, at(0)).unwrap();
        assert!(group.set_desired(4, true, at(299)).is_err());
        group.set_desired(4, false, at(299)).unwrap();
        assert!(group.set_desired(5, true, at(599)).is_ok());
    }

    #[test]
    fn points_appear_after_their_delay_and_as_scripted() {
        let scripted = |metric, from_s, value, missing, late_s| Scripted {
            metric,
            from_s,
            until_s: from_s + 60,
            value,
            missing,
            late_s,
        };
        let mut group = group(GroupSpec {
            demand: Demand::Constant(120.0),
            history_s: 600,
            scripted: vec![
                scripted(Some(Metric::Cpu), -300, Some(90.0), false, 0),
                scripted(None, -240, None, true, 0),
                scripted(Some(Metric::Cpu), -180, None, false, 120),
            ],
            ..GroupSpec::default()
        });
        let mut cpu = |now: i64| {
            group.advance(at(now));
            let span = (at(-300), at(now));
            let series = group.series(Metric::Cpu, None, span, at(now)).unwrap();
            let one = |set: &StatSet| (set.start.as_seconds() - START_S, set.sum / set.samples);
            series.iter().map(one).collect::<Vec<_>>()
        };
        assert_eq!(cpu(0), [(-300, 90.0), (-120, 60.0)]);
        assert_eq!(
            cpu(60),
            [(-300, 90.0), (-180, 60.0), (-120, 60.0), (-60, 60.0)]
        );
    }

    #[test]
    fn fleet_and_instance_metrics_agree() {
        let mut group = group(GroupSpec {
            history_s: 600,
            memory: true,
            ..GroupSpec::default()
        });
        group.advance(at(0));
        let id = group.instances()[0].id.clone();
        let last = |metric, id: Option<&str>| {
            let span = (at(-600), at(0));
            *group
                .series(metric, id, span, at(0))
                .unwrap()
                .last()
                .unwrap()
        };
        let (fleet, one) = (
            last(Metric::NetworkIn, None),
            last(Metric::NetworkIn, Some(&id)),
        );
        assert!((fleet.samples - 2.0).abs() < 1e-9 && (one.samples - 1.0).abs() < 1e-9);
        assert!((fleet.sum - 2.0 * one.sum).abs() < 1e-6);
        assert!((one.sum - 0.5 * NETWORK_IN_BPS * 60.0).abs() < 1e-3);
        assert!((last(Metric::Memory, None).max - 50.0).abs() < 1e-9);
    }
}
