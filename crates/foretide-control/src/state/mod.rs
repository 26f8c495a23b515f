//! What a controller must not forget: saved after every cycle, restored at start.
//!
//! The state is grouped by counterpart: the group, its metrics, the writes, the operator's orders.
//! What a policy remembers belongs to the policy (`policy/`).

mod group;
mod instance_reads;
mod metrics;
mod recent;
mod signals;
mod stored;
mod suspension;
mod writes;

use foretide_domain::{
    CallId, Datapoint, ForeignChange, GroupState, Mode, Orders, Timestamp, Verdict,
};

use crate::config::ControllerConfig;
use crate::health::Health;
use crate::hours::HoursLedger;
use crate::policy::PolicyStates;

pub(crate) use group::GroupSide;
pub(crate) use metrics::Metrics;
pub(crate) use recent::RecentChanges;
pub(crate) use signals::{Seen, SignalSide, SignalSides, closed};
pub(crate) use suspension::ScalingSuspended;
pub(crate) use writes::{PendingWrite, WRITE_DEADLINE, Writes};

/// Everything that a controller knows, to be kept by whoever runs it and handed back at restart.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedState {
    /// The control cycle itself.
    pub(crate) cycle: Cycle,
    /// The group: readings, launches, changes by others.
    pub(crate) group: GroupSide,
    /// Its metrics: datapoints, when to read them, their age.
    pub(crate) metrics: Metrics,
    /// The signals beside CPU.
    pub(crate) signals: SignalSides,
    /// This controller's writes of desired capacity.
    pub(crate) writes: Writes,
    /// Its own changes of desired capacity lately, and capacities wanted.
    pub(crate) recent: RecentChanges,
    /// An operator's orders that stand.
    pub(crate) orders: Orders,
    /// What each policy remembers.
    pub(crate) policies: PolicyStates,
    /// The verdict on the group's health, and its evidence.
    pub(crate) health: Health,
    /// Instance-hours and time in violation since the group is held in its present mode.
    pub(crate) hours: HoursLedger,
}

/// Where the control cycle stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cycle {
    /// Number of the next call to the outside.
    next_call: u64,
    /// When the controller that knew nothing began.
    pub(crate) started_at: Timestamp,
    /// When the next cycle begins.
    pub(crate) due: Timestamp,
    /// When the newest cycle with a reading of the group ended; none before the first.
    pub(crate) ended_at: Option<Timestamp>,
    /// Something happened that the next cycle must decide on even without a new datapoint.
    pub(crate) decide_anyway: bool,
}

impl SavedState {
    pub(crate) fn new(config: &ControllerConfig, now: Timestamp) -> Self {
        Self {
            cycle: Cycle {
                next_call: 0,
                started_at: now,
                due: now,
                ended_at: None,
                decide_anyway: true,
            },
            group: GroupSide::new(),
            metrics: Metrics::new(config, now),
            signals: SignalSides::default(),
            writes: Writes::default(),
            recent: RecentChanges::default(),
            orders: Orders::default(),
            policies: PolicyStates::default(),
            health: Health::default(),
            hours: HoursLedger::default(),
        }
    }

    /// The newest reading of the group, and when it was made.
    pub fn reading(&self) -> Option<(Timestamp, &GroupState)> {
        let reading = self.group.reading.as_ref()?;
        Some((reading.at, &reading.group))
    }

    /// The newest period with data.
    pub fn newest_point(&self) -> Option<&Datapoint> {
        self.metrics.series.newest()
    }

    /// When the next cycle is due.
    pub fn next_look(&self) -> Timestamp {
        self.cycle.due
    }

    /// The group's health as it reads at `now`, for whoever has only the saved state.
    pub fn health(&self, now: Timestamp) -> Verdict {
        let health = &self.health;
        let newest = self.reading().map(|(at, _)| at);
        let checked_at = self.cycle.ended_at.max(newest).max(health.judged_at);
        let checked_at = checked_at.unwrap_or(self.cycle.started_at);
        if health.interval.is_zero() {
            return health.verdict.clone();
        }
        health.verdict.read_at(checked_at, health.interval, now)
    }

    /// The orders of an operator that stand.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The mode in force: as ordered, else as configured.
    pub(crate) fn mode(&self, config: &ControllerConfig) -> Mode {
        let ordered = self.orders.mode.as_ref();
        ordered.map_or(config.mode, |ordered| ordered.mode)
    }

    /// Whether the answer to a write is outstanding.
    pub fn is_writing(&self) -> bool {
        self.writes.is_outstanding()
    }

    /// A name for the next call, never given before.
    pub(crate) fn next_call(&mut self) -> CallId {
        let call = CallId(self.cycle.next_call);
        self.cycle.next_call = self.cycle.next_call.wrapping_add(1);
        call
    }

    /// Somebody else changed desired capacity or bounds: see [`GroupSide::foreign_change`]. Votes
    /// were for the group before it.
    pub(crate) fn foreign_change(
        &mut self,
        group: &GroupState,
        now: Timestamp,
    ) -> Option<ForeignChange> {
        self.recent.read(group.desired);
        let change = self.group.foreign_change(group, now)?;
        self.policies.classifier.votes.reset();
        self.cycle.decide_anyway = true;
        Some(change)
    }

    /// Desired capacity was changed at `at`, or may have been. The cooldown begins, the streak
    /// ends.
    pub(crate) fn changed(&mut self, at: Timestamp) {
        self.writes.changed(at);
        self.policies.classifier.votes.reset();
    }

    /// A write that nobody knows the end of counts as carried out when it was sent.
    pub(crate) fn write_is_unknown(&mut self, write: &PendingWrite) {
        self.changed(write.sent_at);
        self.cycle.decide_anyway = true;
        let desired = write.plan.desired;
        self.group.perhaps_written(desired);
        self.recent
            .perhaps_changed(write.sent_at, desired, write.counts);
    }

    /// A clock that was ahead of time has left times in the future. They must not hold anything
    /// back once it is put right: they become `now`, and waits that would be too long end.
    pub(crate) fn forget_the_future(&mut self, config: &ControllerConfig, now: Timestamp) {
        let cycle = &mut self.cycle;
        cycle.due = cycle.due.min(now);
        cycle.started_at = cycle.started_at.min(now);
        cycle.ended_at = cycle.ended_at.map(|at| at.min(now));
        self.hours.forget_the_future(now);
        if let Some(start) = &mut self.policies.forecast.start {
            start.since = start.since.min(now);
        }
        self.writes.forget_the_future(now);
        self.recent.forget_the_future(now);
        self.metrics.forget_the_future(config, now);
    }

    /// Instances that the newest period stands for ÷ the fewest that served within it. None where
    /// the group was not read within that period, or no instance served.
    pub(crate) fn coverage(&self) -> Option<f64> {
        let point = self.metrics.series.newest_load()?;
        let fewest = self.group.fewest_in_service(point.start, point.end())?;
        (fewest > 0).then(|| point.instances / f64::from(fewest))
    }
}
