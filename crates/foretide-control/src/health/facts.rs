//! The facts of a group's health that the saved state has for no other purpose.

use std::time::Duration;

use foretide_domain::{Bounds, CallFailure, Timestamp, Verdict, Violation};
use serde::{Deserialize, Serialize};

/// "At maximum" ends once no more than the maximum was needed for ten minutes: demand near the
/// maximum crosses it with every datapoint.
const AT_MAXIMUM_CALM: Duration = Duration::from_secs(600);

/// What a verdict rests on beside the rest of the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Health {
    /// The verdict of the newest cycle.
    pub(crate) verdict: Verdict,
    /// When the newest verdict was made, with or without a reading of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) judged_at: Option<Timestamp>,
    /// The group's interval. Zero in states of earlier versions.
    pub(crate) interval: Duration,
    /// When more than the maximum was needed last, and how much.
    pub(super) needed_more: Option<(Timestamp, u32)>,
    /// The invariant that a plan broke last, and when.
    pub(super) broken: Option<(Timestamp, Violation)>,
    /// Why the newest write failed; none where it was accepted.
    pub(super) write_failure: Option<CallFailure>,
    /// Why the newest reading of the group failed; none where it succeeded.
    pub(super) group_failure: Option<CallFailure>,
}

/// What a decision says of the group's health.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decided {
    /// Instances that the policy wants; none where it wants what is.
    pub(crate) wanted: Option<u32>,
    pub(crate) bounds: Bounds,
    /// Whether it rests on fresh data. Missing data needs nothing.
    pub(crate) fresh: bool,
    /// The invariant that its plan broke.
    pub(crate) broken: Option<Violation>,
}

impl Health {
    pub(crate) fn write_ended(&mut self, failure: Option<&CallFailure>) {
        self.write_failure = failure.cloned();
    }

    pub(crate) fn group_read(&mut self, failure: Option<&CallFailure>) {
        self.group_failure = failure.cloned();
    }

    pub(super) fn note(&mut self, decided: &Decided, now: Timestamp) {
        let more = decided
            .wanted
            .filter(|wanted| *wanted > decided.bounds.max());
        match more {
            Some(needed) => self.needed_more = Some((now, needed)),
            None if decided.fresh => {
                let calm = |(at, _): &mut (Timestamp, u32)| now.since(*at) >= AT_MAXIMUM_CALM;
                self.needed_more.take_if(calm);
            }
            None => {}
        }
        if let Some(violation) = decided.broken {
            self.broken = Some((now, violation));
        }
    }
}
