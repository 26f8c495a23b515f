//! Nothing is taken away for as long as something outside Foretide holds scale-in back.
//!
//! The other holds end by themselves (`holds.rs`). One that waits for a fact outside does not: it
//! must not end by lowering capacity, however long the fact lasts.

use std::time::Duration;

use foretide_control::ControllerConfig;
use foretide_domain::{Datapoint, Timestamp};

use crate::faults::OutsideFact;

/// Time after which a fact must be known: a decision rests on a reading of the same cycle, and a
/// crash can lose an order that is being taken in.
const KNOWN_AFTER_S: i64 = 30;

/// Desired capacity before and after a decision that lowers it.
pub(super) type Lowering = (u32, u32);

/// What is known of the facts outside.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    /// The newest period with CPU.
    newest: Option<Datapoint>,
    stale_after: Duration,
    metric_delay: Duration,
    /// The decision of the step under way.
    lowering: Option<(Timestamp, Lowering)>,
}

impl Outside {
    pub(super) fn new(config: &ControllerConfig) -> Self {
        Self {
            newest: None,
            stale_after: config.stale_after,
            metric_delay: config.metric_delay,
            lowering: None,
        }
    }

    pub(super) fn observed(&mut self, point: &Datapoint) {
        let is_newer = |known: &Datapoint| point.start >= known.start;
        if point.cpu.is_some() && self.newest.as_ref().is_none_or(is_newer) {
            self.newest = Some(*point);
        }
    }

    pub(super) fn lowers(&mut self, at: Timestamp, lowering: Lowering) {
        self.lowering = Some((at, lowering));
    }

    /// The decision of this step that lowers capacity; the step is over.
    pub(super) fn take_lowering(&mut self) -> Option<(Timestamp, Lowering)> {
        self.lowering.take()
    }

    /// Why nothing may be lowered at `at`, while the facts of `holding` hold, each for so many
    /// seconds.
    pub(super) fn forbids(
        &self,
        holding: impl Iterator<Item = (OutsideFact, i64)>,
        at: Timestamp,
    ) -> Option<&'static str> {
        let told = |fact| {
            Some(match fact {
                OutsideFact::Refresh => "nothing is taken during an instance refresh",
                OutsideFact::Suspended => "nothing is taken while scaling is suspended",
                OutsideFact::Policy => "nothing is taken beside an active scaling policy",
                OutsideFact::Unread => "nothing is taken while scaling policies cannot be read",
                OutsideFact::Paused => "nothing is taken in a pause",
                // By itself no reason: what was read before is trusted for some minutes.
                OutsideFact::NoData => return None,
            })
        };
        let mut known = holding.filter(|(_, held_s)| *held_s > KNOWN_AFTER_S);
        let by_fact = known.find_map(|(fact, _)| told(fact));
        by_fact.or_else(|| self.distrusts(at))
    }

    /// Why data forbids it: there is none, it is old, or it is not that of the serving instances.
    fn distrusts(&self, at: Timestamp) -> Option<&'static str> {
        let Some(newest) = &self.newest else {
            return Some("nothing is taken before there is data");
        };
        let limit = newest
            .period
            .saturating_mul(2)
            .saturating_add(self.metric_delay);
        if at.since(newest.end()) > limit.max(self.stale_after) {
            return Some("nothing is taken by old data");
        }
        let rule = "nothing is taken while others report than those that serve";
        newest.unaccounted.map(|_| rule)
    }
}
