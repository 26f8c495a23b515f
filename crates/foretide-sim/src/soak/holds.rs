//! No guard rail holds back a decision on fresh data for longer than it says.
//!
//! | guard rail | longest hold |
//! |---|---|
//! | pending launches | three lead times and the warm-up, from when instances began to start |
//! | breaker | its longest back-off, from the newest launch that failed, hung or died |
//! | sudden drop of load | half an hour |
//! | cooldown | the longer cooldown |
//! | scale-in stabilisation | its time |
//! | pace limits | their `per` |
//! | history not read or not used yet | the waits of a start |
//! | write in flight | the deadline of a write |
//! | write back-off | five minutes |
//!
//! The others follow from the load, or wait for something outside.

use std::time::Duration;

use foretide_control::{ControllerConfig, PaceLimits};
use foretide_domain::{Decision, Guard, Timestamp};

/// Decisions come with datapoints, so a hold is seen to end up to two periods, their delay and a
/// call's deadline later.
const SEEN_LATE: Duration = Duration::from_secs(2 * 300 + 120);

/// The hold under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holds {
    guard: Option<Guard>,
    since: Timestamp,
    warm_up: Duration,
    /// The longest launch so far: a lead time is never longer.
    launch: Duration,
    cooldown: Duration,
    pace: PaceLimits,
    /// The waits of a start: before anything is written, and before the first scale-in.
    start: (Duration, Duration),
    breaker: Duration,
    pending_lead_times: u32,
}

impl Holds {
    pub(super) fn new(config: &ControllerConfig, warm_up: Duration) -> Self {
        let rules = &config.classifier;
        Self {
            guard: None,
            since: Timestamp::default(),
            warm_up,
            launch: config.lead_time,
            cooldown: rules.cooldown_out.max(rules.cooldown_in),
            pace: config.pace,
            start: (config.forecast.history_wait, config.forecast.scale_in_wait),
            breaker: config.breaker.backoff_max,
            pending_lead_times: config.breaker.pending_lead_times,
        }
    }

    /// A launch took so long.
    pub(super) fn launched(&mut self, took: Duration) {
        self.launch = self.launch.max(took);
    }

    /// The breaker opened, or opened again: another launch failed, hung or died.
    pub(super) fn opened(&mut self, at: Timestamp) {
        if self.guard == Some(Guard::Breaker) {
            self.since = at;
        }
    }

    /// Whether the decision is held back by a guard rail that should have let go by now.
    pub(super) fn is_overdue(&mut self, at: Timestamp, decision: &Decision) -> bool {
        let why = &decision.explanation;
        let trusted = why.inputs.fresh && why.inputs.unaccounted.is_none();
        let guard = why
            .bound_by
            .filter(|_| trusted && decision.desired.is_none());
        if guard != self.guard {
            (self.guard, self.since) = (guard, at);
        }
        let limit = guard.and_then(|guard| self.longest(guard));
        limit.is_some_and(|limit| at.since(self.since) > limit.saturating_add(SEEN_LATE))
    }

    fn longest(&self, guard: Guard) -> Option<Duration> {
        let lead_time = self.launch.saturating_add(self.warm_up);
        match guard {
            Guard::PendingLaunches => Some(
                lead_time
                    .saturating_mul(self.pending_lead_times)
                    .saturating_add(self.warm_up),
            ),
            Guard::LoadDropped => Some(Duration::from_mins(30)),
            Guard::Breaker => Some(self.breaker),
            Guard::Cooldown => Some(self.cooldown),
            Guard::HistoryUnread => Some(self.start.0),
            Guard::HistoryUnused => Some(self.start.1),
            Guard::Stabilisation => Some(self.pace.stabilisation),
            Guard::ScaleOutPace => Some(self.pace.scale_out.per),
            Guard::ScaleInPace => Some(self.pace.scale_in.per),
            Guard::WriteInFlight => Some(Duration::from_secs(30)),
            Guard::WriteBackoff => Some(Duration::from_secs(300)),
            _ => None,
        }
    }
}
