//! What a controller knows of the group itself: readings, launches, and whose doing a change was.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::{Alarm, Bounds, ForeignChange, GroupState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::breaker::{Breaker, Ends};
use crate::config::ControllerConfig;
use crate::lead_time::LeadTime;

use super::suspension::ScalingSuspended;

/// Readings of the number that serves that are remembered, to judge how many instances report. Two
/// five-minute periods, their delay, and a cycle every ten seconds.
const READINGS: usize = 72;
/// Time for which a write that somebody undid counts.
const UNDONE_WITHIN: Duration = Duration::from_hours(1);
/// More of them say no more.
const UNDONE_KEPT: usize = 100;

/// The group's side of the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GroupSide {
    /// The newest reading; none before the first.
    pub(crate) reading: Option<Reading>,
    /// The group as this controller left it; none before the first reading.
    pub(super) known: Option<Known>,
    /// Instances that served at the newest readings, oldest first. At most [`READINGS`].
    pub(super) in_service: VecDeque<(Timestamp, u32)>,
    /// Launches that failed in a row, and until when desired capacity is not raised for them.
    pub(crate) breaker: Breaker,
    /// Time from launch to in service, or to healthy, of the newest launches.
    pub(super) lead_time: LeadTime,
    /// The newest accepted write: desired capacity before and after it.
    pub(super) last_write: Option<(u32, u32)>,
    /// When somebody else moved desired capacity back against the newest write, lately.
    pub(super) undone: VecDeque<Timestamp>,
    /// Since when instances have been starting at every reading, with no more asked for since; none
    /// while none starts.
    pub(super) starting_since: Option<Timestamp>,
    /// Whether process `AlarmNotification` is suspended; none in a state of a version that did not
    /// look.
    pub(crate) scaling_suspended: Option<ScalingSuspended>,
}

/// The newest reading of the group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// When it was made.
    pub(crate) at: Timestamp,
    /// The group as AWS described it.
    pub(crate) group: GroupState,
}

/// The group as this controller left it: anything else is somebody else's doing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Desired capacity as last read or written.
    desired: u32,
    /// Bounds as last read.
    bounds: Bounds,
    /// Desired capacity of a write that may or may not have been carried out; none otherwise.
    perhaps_desired: Option<u32>,
}

impl GroupSide {
    /// The side of a controller that knows nothing yet.
    pub(super) fn new() -> Self {
        Self {
            scaling_suspended: Some(ScalingSuspended::No),
            ..Self::default()
        }
    }

    /// The group as last read; none before the first reading.
    pub(crate) fn newest(&self) -> Option<&GroupState> {
        self.reading.as_ref().map(|reading| &reading.group)
    }

    /// Time from launch until an instance serves: to in service or healthy, as measured or, before
    /// that, as configured, and the warm-up. At least the configured floor.
    pub(crate) fn lead_time(&self, config: &ControllerConfig) -> Duration {
        let warm_up = self.newest().map_or(Duration::ZERO, |group| group.warm_up);
        let to_service = self.lead_time.p90().unwrap_or(config.lead_time);
        to_service.saturating_add(warm_up).max(config.lead_time_min)
    }

    /// Pending instances that are still expected. One that has been pending for longer than the
    /// breaker's limit hangs.
    pub(crate) fn coming(&self, config: &ControllerConfig, now: Timestamp) -> u32 {
        let patience = config.breaker.patience(self.lead_time(config));
        self.newest()
            .map_or(0, |group| group.coming(now.minus(patience)))
    }

    /// Instances that do not serve yet and are still expected to: pending ones, and those that
    /// warm up. None are expected once instances have been starting for longer than the breaker
    /// waits for one and its warm-up: a launch that AWS repeats without end holds nothing back.
    pub(crate) fn starting(&self, config: &ControllerConfig, now: Timestamp) -> u32 {
        let warm_up = self.newest().map_or(Duration::ZERO, |group| group.warm_up);
        let longest = config.breaker.patience(self.lead_time(config));
        let longest = longest.saturating_add(warm_up);
        let since = self.starting_since;
        if since.is_some_and(|since| now.since(since) > longest) {
            return 0;
        }
        let warming_up = self.newest().map_or(0, |group| group.counts.warming_up);
        self.coming(config, now).saturating_add(warming_up)
    }

    /// Keeps a reading.
    pub(crate) fn read(&mut self, group: GroupState, now: Timestamp) {
        if self.in_service.len() == READINGS {
            self.in_service.pop_front();
        }
        self.in_service.push_back((now, group.counts.serving()));
        let is_starting = group.counts.pending > 0 || group.counts.warming_up > 0;
        self.starting_since = is_starting.then(|| self.starting_since.unwrap_or(now));
        self.reading = Some(Reading { at: now, group });
    }

    /// Fewest serving instances at the readings from one time to another, both included; none
    /// where the group was not read between them.
    pub(super) fn fewest_in_service(&self, from: Timestamp, to: Timestamp) -> Option<u32> {
        self.in_service
            .iter()
            .filter(|(at, _)| from <= *at && *at <= to)
            .map(|(_, in_service)| *in_service)
            .min()
    }

    /// How often somebody else has undone a write of this controller within the last hour.
    pub(crate) fn undone(&self, now: Timestamp) -> u32 {
        let lately = |at: &&Timestamp| now.since(**at) < UNDONE_WITHIN;
        u32::try_from(self.undone.iter().filter(lately).count()).unwrap_or(u32::MAX)
    }

    /// Remembers a change by somebody else that goes back against the newest write.
    fn note_undone(&mut self, found: u32, now: Timestamp) {
        self.undone.retain(|at| now.since(*at) < UNDONE_WITHIN);
        let against = |(before, after): (u32, u32)| {
            (before < after && found < after) || (before > after && found > after)
        };
        if self.last_write.take().is_some_and(against) && self.undone.len() < UNDONE_KEPT {
            self.undone.push_back(now);
        }
    }

    /// The change of desired capacity or bounds that somebody else made before this reading; none
    /// where this controller or nobody did.
    pub(crate) fn foreign_change(
        &mut self,
        group: &GroupState,
        now: Timestamp,
    ) -> Option<ForeignChange> {
        let (desired, bounds) = (group.desired, group.bounds);
        let known = self.known.replace(Known {
            desired,
            bounds,
            perhaps_desired: None,
        })?;
        let ours = desired == known.desired || known.perhaps_desired == Some(desired);
        if !ours {
            self.note_undone(desired, now);
        }
        (!ours || bounds != known.bounds).then_some(ForeignChange {
            desired_before: known.desired,
            desired,
            bounds_before: known.bounds,
            bounds,
        })
    }

    /// Whether this reading has other obstacles to writing than the reading before.
    pub(crate) fn has_other_obstacles(&self, group: &GroupState) -> bool {
        self.newest().map_or(&[][..], |before| &before.obstacles) != group.obstacles
    }

    /// Counts launches that ended before this reading, those that hang, and new instances that
    /// died. `saturated`: the serving instances are. Returns an alarm where the circuit breaker
    /// opens or closes.
    pub(crate) fn follow_launches(
        &mut self,
        group: &GroupState,
        config: &ControllerConfig,
        saturated: bool,
        now: Timestamp,
    ) -> Option<Alarm> {
        self.lead_time.measure(group.readiness.is_some());
        let healthy = group.readiness.iter().flat_map(|it| &it.launches);
        healthy.for_each(|launch| self.lead_time.observe(launch));
        let quiet = group.launches.is_empty()
            && group.early_deaths.is_empty()
            && group.oldest_pending_since.is_none();
        if quiet && self.breaker.is_at_rest() {
            return None;
        }
        let mut ends = Ends::default();
        let new: Vec<_> = self.breaker.take_new(&group.launches).cloned().collect();
        for launch in &new {
            self.breaker.count(launch);
            if group.readiness.is_none() {
                self.lead_time.observe(launch);
            }
            ends.succeeded |= launch.succeeded;
            ends.failed |= !launch.succeeded;
        }
        let lead_time = self.lead_time(config);
        let deaths = &group.early_deaths;
        ends.died = self.breaker.count_deaths(deaths, saturated, now);
        self.breaker
            .update(group, ends, lead_time, &config.breaker, now)
    }

    /// A write of `desired` was accepted: the group counts as read with it.
    pub(crate) fn written(&mut self, desired: u32) {
        self.last_write = self.newest().map(|group| (group.desired, desired));
        if self.newest().is_some_and(|group| desired > group.desired) {
            // What starts from now on is another launch.
            self.starting_since = None;
        }
        if let Some(known) = &mut self.known {
            known.desired = desired;
        }
        if let Some(reading) = &mut self.reading {
            reading.group.desired = desired;
        }
    }

    /// A write of `desired` may have been carried out: both values are this controller's.
    pub(crate) fn perhaps_written(&mut self, desired: u32) {
        if let Some(known) = &mut self.known {
            known.perhaps_desired = Some(desired);
        }
    }
}
