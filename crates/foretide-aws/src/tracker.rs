//! Follows one group over a sequence of readings: launch times, ends of launches, and the time
//! since which the same instances serve.
//!
//! The description of an instance has no launch time, and asking EC2 would need another permission
//! and another API. So a launch begins when its activity says, or else when the instance is first
//! seen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use foretide_domain::{
    EarlyDeath, GroupState, Launch, LifecycleCounts, Readiness, ReadinessDoubt, Timestamp,
};

use crate::activity::{LaunchActivity, launch_id};
use crate::duty::{Duty, Present};
use crate::group::{GroupReading, InstanceReading, Lifecycle};
use crate::targets::Standing;

/// Age of the launches read at first: a day, to learn lead times from.
const FIRST_LOOK_BACK: Duration = Duration::from_hours(24);
/// Age of the launches read later: an hour. A launch that takes longer has failed in all but name.
const LOOK_BACK: Duration = Duration::from_hours(1);

/// Time after desired capacity was lowered in which AWS may still choose and end instances.
const SCALE_IN_TAKES: Duration = Duration::from_mins(5);

/// Follows one group from reading to reading. The tracker holds no clock and makes no call.
#[derive(Clone, Debug, Default)]
pub struct GroupTracker {
    instances: BTreeMap<String, Seen>,
    /// Ends of launches that were reported already, with the start of the launch. The start says
    /// when an entry can be dropped.
    reported: BTreeMap<u64, Timestamp>,
    last_reading: Option<Timestamp>,
    steady_since: Option<Timestamp>,
    launches_read: bool,
    awaiting_ends: bool,
    desired: Option<u32>,
    /// When desired capacity was last seen lower than before.
    lowered_at: Option<Timestamp>,
    /// The configured warm-up; none for the group's own, or a learnt one.
    warm_up: Option<Duration>,
    /// When each instance served.
    pub(crate) duty: Duty,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    lifecycle: Lifecycle,
    launched: Timestamp,
    /// Whether the launch goes on until the instance is healthy in its target groups.
    until_healthy: bool,
}

impl GroupTracker {
    /// A tracker that knows nothing yet. `warm_up`: time from in service until an instance serves;
    /// none for the group's default instance warm-up or, without one, what is learnt.
    pub fn new(warm_up: Option<Duration>) -> Self {
        Self {
            warm_up,
            ..Self::default()
        }
    }

    /// Whether launches are needed to understand `reading`: at first, while an instance is starting
    /// or has just started, and while capacity is missing.
    pub fn wants_launches(&self, reading: &GroupReading) -> bool {
        let counts = reading.counts();
        !self.launches_read
            || self.awaiting_ends
            || counts.pending > 0
            || counts.in_service_and_pending() < reading.desired
    }

    /// Start of the launches to read.
    pub fn launches_since(&self, now: Timestamp) -> Timestamp {
        now.minus(if self.launches_read {
            LOOK_BACK
        } else {
            FIRST_LOOK_BACK
        })
    }

    /// Takes in `reading` of `now` and the group's `launches`, if they were read. Every instance in
    /// service is ready to serve. Returns the group's state.
    pub fn observe(
        &mut self,
        reading: &GroupReading,
        launches: Option<&[LaunchActivity]>,
        refreshing: bool,
        now: Timestamp,
    ) -> GroupState {
        self.observe_as(&Standing::InService, reading, launches, refreshing, now)
    }

    /// The same with the instances ready to serve that `standing` names.
    pub(crate) fn observe_as(
        &mut self,
        standing: &Standing,
        reading: &GroupReading,
        launches: Option<&[LaunchActivity]>,
        refreshing: bool,
        now: Timestamp,
    ) -> GroupState {
        let activities = launches.unwrap_or_default();
        let served_before = self.serving();
        let early_deaths = self.follow_duty(standing, reading, activities, refreshing, now);
        let (mut ended, healthy) = self.follow(standing, reading, activities, now);
        let reported = activities.iter().filter(|launch| !self.was_seen(launch));
        let reported: Vec<Launch> = reported.filter_map(LaunchActivity::launch).collect();
        ended.extend(reported);
        // Others than those in service may report as well, so their samples say nothing.
        let all_serve = |one: &InstanceReading| one.lifecycle == Lifecycle::InService;
        if !reading.instances.iter().all(all_serve) {
            self.steady_since = None;
        } else if self.steady_since.is_none() || served_before != self.serving() {
            self.steady_since = Some(now);
        }
        self.last_reading = Some(now);
        self.launches_read |= launches.is_some();
        let mut pending = self.pending_since().into_iter();
        GroupState {
            bounds: reading.bounds,
            desired: reading.desired,
            counts: self.counts(reading, now),
            oldest_pending_since: pending.next(),
            later_pending_since: pending.collect(),
            warm_up: self.duty.known_warm_up().unwrap_or_default(),
            readiness: readiness(standing, healthy),
            suspended: reading.suspended,
            refreshing,
            refresh_unknown: false,
            launches: self.not_yet_reported(ended, now),
            early_deaths,
            obstacles: Vec::new(),
            scheduled: Vec::new(),
        }
    }

    /// Time since which the same instances serve and no other instance exists; none while one does.
    pub const fn steady_since(&self) -> Option<Timestamp> {
        self.steady_since
    }

    /// Ids of the healthy instances of `reading` that serve.
    pub fn serving_ids(&self, reading: &GroupReading, now: Timestamp) -> Vec<String> {
        let serves =
            |instance: &&InstanceReading| instance.healthy && self.duty.serves(&instance.id, now);
        let ids = reading.instances.iter().filter(serves);
        ids.map(|instance| instance.id.clone()).collect()
    }

    /// Ids of the healthy instances of `reading` that are in service and do not serve yet. None
    /// where the warm-up is given: nothing is to be learnt from them.
    pub fn warming_ids(&self, reading: &GroupReading, now: Timestamp) -> Vec<String> {
        let warms = |one: &&InstanceReading| {
            let in_service = one.lifecycle == Lifecycle::InService;
            one.healthy && in_service && !self.duty.serves(&one.id, now)
        };
        if self.duty.is_given() {
            return Vec::new();
        }
        let ids = reading.instances.iter().filter(warms);
        ids.map(|instance| instance.id.clone()).collect()
    }

    /// Number of instances in each lifecycle state, with those that are warming up.
    fn counts(&self, reading: &GroupReading, now: Timestamp) -> LifecycleCounts {
        let warming_up = |instance: &&InstanceReading| {
            instance.lifecycle == Lifecycle::InService && !self.duty.serves(&instance.id, now)
        };
        let warming_up = reading.instances.iter().filter(warming_up).count();
        LifecycleCounts {
            warming_up: u32::try_from(warming_up).unwrap_or(u32::MAX),
            ..reading.counts()
        }
    }

    fn follow_duty(
        &mut self,
        standing: &Standing,
        reading: &GroupReading,
        activities: &[LaunchActivity],
        refreshing: bool,
        now: Timestamp,
    ) -> Vec<EarlyDeath> {
        let by_instance = newest_of_each(activities);
        let before = self.desired.replace(reading.desired);
        if before.is_some_and(|before| reading.desired < before) {
            self.lowered_at = Some(now);
        }
        let lately = |at| now.since(at) <= SCALE_IN_TAKES;
        let lowered = refreshing || self.lowered_at.is_some_and(lately);
        let present = reading.instances.iter().map(|instance| {
            let activity = by_instance.get(instance.id.as_str());
            let end = activity.and_then(|launch| launch.end);
            Present {
                id: &instance.id,
                lifecycle: instance.lifecycle,
                launched: activity.map(|launch| launch.started),
                entered: end.filter(|end| end.succeeded).map(|end| end.at),
                healthy: match standing {
                    Standing::Healthy(ids) => Some(ids.contains(&instance.id)),
                    Standing::InService | Standing::InDoubt(_) => None,
                },
            }
        });
        let given = match standing {
            // A target is healthy once it serves: what AWS calls its warm-up is over.
            Standing::Healthy(_) => Some(self.warm_up.unwrap_or_default()),
            Standing::InService | Standing::InDoubt(_) => self.warm_up.or(reading.default_warm_up),
        };
        self.duty.read(given, present, lowered, now)
    }

    /// Follows every instance. Returns the launches that ended with an instance in service, and
    /// those that ended with a healthy one.
    fn follow(
        &mut self,
        standing: &Standing,
        reading: &GroupReading,
        activities: &[LaunchActivity],
        now: Timestamp,
    ) -> (Vec<Launch>, Vec<Launch>) {
        let by_instance = newest_of_each(activities);
        let before = std::mem::take(&mut self.instances);
        let (mut ended, mut healthy) = (Vec::new(), Vec::new());
        for instance in &reading.instances {
            let activity = by_instance.get(instance.id.as_str());
            let known = before.get(&instance.id);
            let launched = activity
                .map(|launch| launch.started)
                .or_else(|| known.map(|seen| seen.launched))
                .unwrap_or(now);
            let serves = instance.lifecycle == Lifecycle::InService;
            let came = known.is_some_and(|seen| seen.lifecycle == Lifecycle::Pending) && serves;
            let launch = || Launch {
                id: activity.map_or(launch_id(&instance.id), |launch| launch.id),
                started: launched,
                ended: now,
                succeeded: true,
                message: None,
            };
            if came && activity.is_none_or(|launch| launch.end.is_none()) {
                ended.push(launch());
            }
            let is_new = match known {
                Some(seen) => seen.until_healthy,
                None => self.last_reading.is_some() && activity.is_some(),
            };
            let until_healthy = instance.lifecycle == Lifecycle::Pending
                || (is_new && serves && now.since(launched) <= LOOK_BACK);
            let until_healthy = match standing {
                Standing::Healthy(ids) if ids.contains(&instance.id) => {
                    healthy.extend(until_healthy.then(launch));
                    false
                }
                Standing::Healthy(_) | Standing::InDoubt(ReadinessDoubt::AllUnhealthy) => {
                    until_healthy
                }
                // When it became healthy is not seen any more.
                Standing::InService | Standing::InDoubt(_) => until_healthy && !serves,
            };
            let seen = Seen {
                lifecycle: instance.lifecycle,
                launched,
                until_healthy,
            };
            self.instances.insert(instance.id.clone(), seen);
        }
        let was_pending = before
            .values()
            .any(|seen| seen.lifecycle == Lifecycle::Pending);
        self.awaiting_ends = was_pending || !self.pending_since().is_empty();
        (ended, healthy)
    }

    /// Whether the end of `launch` was reported before its activity could be read: for the same
    /// instance, first seen while the launch was under way.
    fn was_seen(&self, launch: &LaunchActivity) -> bool {
        let (Some(instance), Some(end)) = (&launch.instance, launch.end) else {
            return false;
        };
        let seen = self.reported.get(&launch_id(instance));
        seen.is_some_and(|first| (launch.started..=end.at).contains(first))
    }

    fn serving(&self) -> BTreeSet<String> {
        let all = self.instances.iter();
        all.filter(|(_, seen)| seen.lifecycle == Lifecycle::InService)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// When the pending instances were launched, the oldest first.
    fn pending_since(&self) -> Vec<Timestamp> {
        let all = self.instances.values();
        let pending = all.filter(|seen| seen.lifecycle == Lifecycle::Pending);
        let mut since: Vec<Timestamp> = pending.map(|seen| seen.launched).collect();
        since.sort_unstable();
        since
    }

    fn not_yet_reported(&mut self, ended: Vec<Launch>, now: Timestamp) -> Vec<Launch> {
        self.reported
            .retain(|_, started| now.since(*started) <= FIRST_LOOK_BACK * 2);
        let mut fresh: Vec<Launch> = ended
            .into_iter()
            .filter(|launch| self.reported.insert(launch.id, launch.started).is_none())
            .collect();
        fresh.sort_by_key(|launch| launch.ended);
        fresh
    }
}

/// What `standing` tells of a reading in which the `healthy` launches ended.
fn readiness(standing: &Standing, healthy: Vec<Launch>) -> Option<Box<Readiness>> {
    let in_doubt = match standing {
        Standing::InService => return None,
        Standing::Healthy(_) => None,
        Standing::InDoubt(doubt) => Some(doubt.clone()),
    };
    Some(Box::new(Readiness {
        launches: healthy,
        in_doubt,
    }))
}

/// The newest activity of each instance. An instance from a warm pool has several.
fn newest_of_each(activities: &[LaunchActivity]) -> BTreeMap<&str, &LaunchActivity> {
    let mut newest: BTreeMap<&str, &LaunchActivity> = BTreeMap::new();
    for launch in activities {
        let Some(instance) = launch.instance.as_deref() else {
            continue;
        };
        let known = newest.entry(instance).or_insert(launch);
        if launch.started > known.started {
            *known = launch;
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Bounds, SuspendedProcesses};

    use super::*;
    use crate::activity::ActivityEnd;
    use crate::traffic::TrafficSources;

    fn reading(instances: &[(&str, Lifecycle)]) -> GroupReading {
        GroupReading {
            bounds: Bounds::new(0, 9).unwrap(),
            desired: u32::try_from(instances.len()).unwrap(),
            instances: instances
                .iter()
                .map(|&(id, lifecycle)| InstanceReading {
                    id: id.into(),
                    lifecycle,
                    healthy: true,
                    protected: false,
                })
                .collect(),
            suspended: SuspendedProcesses::default(),
            warm_pool: false,
            weighted: false,
            operator: None,
            default_warm_up: None,
            zones: 3,
            traffic: TrafficSources::default(),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    const OLD: (&str, Lifecycle) = ("i-old", Lifecycle::InService);

    #[test]
    fn without_activities_a_launch_runs_from_first_sight_to_service() {
        let mut tracker = GroupTracker::default();
        tracker.observe(&reading(&[OLD]), Some(&[]), false, at(0));
        assert!(!tracker.wants_launches(&reading(&[OLD])));
        let coming = reading(&[OLD, ("i-new", Lifecycle::Pending)]);
        assert!(tracker.wants_launches(&coming));
        let state = tracker.observe(&coming, None, false, at(10));
        assert_eq!(state.oldest_pending_since, Some(at(10)));
        let came = reading(&[OLD, ("i-new", Lifecycle::InService)]);
        assert!(
            tracker.wants_launches(&came),
            "its activity may tell the exact end"
        );
        let state = tracker.observe(&came, None, false, at(190));
        assert_eq!(state.launches.len(), 1);
        assert_eq!(state.launches[0].duration().as_secs(), 180);
        assert!(
            tracker
                .observe(&came, None, false, at(200))
                .launches
                .is_empty()
        );
    }

    #[test]
    fn an_activity_is_preferred_and_each_end_is_told_once() {
        let mut tracker = GroupTracker::default();
        tracker.observe(&reading(&[OLD]), Some(&[]), false, at(0));
        let mut launch = LaunchActivity {
            id: launch_id("i-new"),
            instance: Some("i-new".into()),
            started: at(5),
            end: None,
            status_message: None,
        };
        let coming = reading(&[OLD, ("i-new", Lifecycle::Pending)]);
        let state = tracker.observe(&coming, Some(&[launch.clone()]), false, at(10));
        assert_eq!(state.oldest_pending_since, Some(at(5)));
        launch.end = Some(ActivityEnd {
            at: at(155),
            succeeded: true,
        });
        let came = reading(&[OLD, ("i-new", Lifecycle::InService)]);
        for (look, ends) in [(160, 1), (170, 0)] {
            let state = tracker.observe(&came, Some(&[launch.clone()]), false, at(look));
            assert_eq!(state.launches.len(), ends);
            assert!(state.launches.iter().all(|end| end.ended == at(155)));
        }
    }

    fn launch(id: &str, started: i64, ended: Option<i64>) -> LaunchActivity {
        LaunchActivity {
            id: launch_id(id),
            instance: Some("i-new".into()),
            started: at(started),
            end: ended.map(|ended| ActivityEnd {
                at: at(ended),
                succeeded: true,
            }),
            status_message: None,
        }
    }

    #[test]
    fn an_instance_that_is_launched_again_is_pending_since_the_newest_launch() {
        let mut tracker = GroupTracker::default();
        tracker.observe(&reading(&[OLD]), Some(&[]), false, at(0));
        let coming = reading(&[OLD, ("i-new", Lifecycle::Pending)]);
        let both = [launch("a-2", 5000, None), launch("a-1", 1000, Some(1300))];
        let state = tracker.observe(&coming, Some(&both), false, at(5010));
        assert_eq!(state.oldest_pending_since, Some(at(5000)));
        let both = [launch("a-2", 5000, Some(5030)), both[1].clone()];
        let came = reading(&[OLD, ("i-new", Lifecycle::InService)]);
        let state = tracker.observe(&came, Some(&both), false, at(5040));
        let durations: Vec<_> = state.launches.iter().map(Launch::duration).collect();
        assert_eq!(durations, [Duration::from_secs(30)], "each has its own end");
    }

    #[test]
    fn an_end_that_was_seen_is_not_told_again_by_its_activity() {
        let mut tracker = GroupTracker::default();
        tracker.observe(&reading(&[OLD]), Some(&[]), false, at(0));
        let coming = reading(&[OLD, ("i-new", Lifecycle::Pending)]);
        tracker.observe(&coming, None, false, at(10));
        let came = reading(&[OLD, ("i-new", Lifecycle::InService)]);
        assert_eq!(
            tracker.observe(&came, None, false, at(160)).launches.len(),
            1
        );
        let late = [launch("a-1", 5, Some(155))];
        let state = tracker.observe(&came, Some(&late), false, at(170));
        assert_eq!(state.launches, []);
        let again = [launch("a-2", 900, Some(930))];
        let state = tracker.observe(&came, Some(&again), false, at(940));
        assert_eq!(state.launches.len(), 1);
    }

    #[test]
    fn an_instance_is_warm_once_it_has_served_long_enough() {
        let mut tracker = GroupTracker::new(Some(Duration::from_secs(60)));
        let both = reading(&[OLD, ("i-new", Lifecycle::InService)]);
        tracker.observe(&reading(&[OLD]), None, false, at(0));
        tracker.observe(&both, None, false, at(10));
        assert_eq!(tracker.serving_ids(&both, at(69)), ["i-old"]);
        assert_eq!(tracker.serving_ids(&both, at(70)), ["i-old", "i-new"]);
    }

    /// AWS ends an instance some readings after desired capacity was lowered.
    #[test]
    fn an_instance_that_scale_in_ends_late_has_not_died() {
        let both = [OLD, ("i-new", Lifecycle::InService)];
        let died = |lowered: bool| {
            let mut tracker = GroupTracker::default();
            tracker.observe(&reading(&[OLD]), None, false, at(0));
            tracker.observe(&reading(&both), None, false, at(60));
            let mut still = reading(&both);
            still.desired = if lowered { 1 } else { 2 };
            tracker.observe(&still, None, false, at(120));
            let mut left = reading(&[OLD]);
            left.desired = still.desired;
            let state = tracker.observe(&left, None, false, at(180));
            state.early_deaths.len()
        };
        assert_eq!((died(true), died(false)), (0, 1));
    }

    #[test]
    fn missing_capacity_asks_for_launches_that_failed() {
        let mut tracker = GroupTracker::default();
        let mut short = reading(&[OLD]);
        tracker.observe(&short, Some(&[]), false, at(0));
        short.desired = 2;
        assert!(tracker.wants_launches(&short));
    }

    fn healthy(ids: &[&str]) -> Standing {
        Standing::Healthy(ids.iter().map(|&id| id.to_owned()).collect())
    }

    /// Pending at 10 s, in service at 40 s, healthy at 160 s.
    #[test]
    fn a_launch_ends_when_its_instance_is_healthy_in_its_target_groups() {
        let mut tracker = GroupTracker::new(None);
        let mut see = |standing: &Standing, new: Option<Lifecycle>, now| {
            let new = new.map(|lifecycle| ("i-new", lifecycle));
            let all: Vec<_> = [OLD].into_iter().chain(new).collect();
            let state = tracker.observe_as(standing, &reading(&all), Some(&[]), false, at(now));
            let readiness = state.readiness.clone().unwrap();
            let times = readiness.launches.iter();
            let times: Vec<u64> = times.map(|it| it.duration().as_secs()).collect();
            (state.counts.serving(), state.warm_up.as_secs(), times)
        };
        let (old, both) = (healthy(&["i-old"]), healthy(&["i-old", "i-new"]));
        assert_eq!(see(&old, None, 0), (1, 0, vec![]));
        assert_eq!(see(&old, Some(Lifecycle::Pending), 10), (1, 0, vec![]));
        assert_eq!(see(&old, Some(Lifecycle::InService), 40), (1, 0, vec![]));
        assert_eq!(
            see(&both, Some(Lifecycle::InService), 160),
            (2, 0, vec![150])
        );
        // Ill and well again is no launch.
        assert_eq!(see(&old, Some(Lifecycle::InService), 200), (1, 0, vec![]));
        assert_eq!(see(&both, Some(Lifecycle::InService), 300), (2, 0, vec![]));
    }

    #[test]
    fn what_was_not_seen_to_become_healthy_measures_nothing() {
        let mut tracker = GroupTracker::new(Some(Duration::from_secs(90)));
        let both = reading(&[OLD, ("i-new", Lifecycle::InService)]);
        let mut see = |standing: &Standing, now| {
            let state = tracker.observe_as(standing, &both, Some(&[]), false, at(now));
            let readiness = state.readiness.unwrap();
            let in_doubt = readiness.in_doubt.is_some();
            (readiness.launches.len(), in_doubt, state.warm_up.as_secs())
        };
        assert_eq!(see(&healthy(&["i-old"]), 0), (0, false, 90));
        assert_eq!(see(&healthy(&["i-old", "i-new"]), 60), (0, false, 90));
        let doubt = Standing::InDoubt(ReadinessDoubt::NoTargetGroup);
        assert_eq!(see(&doubt, 120), (0, true, 90));
    }
}
