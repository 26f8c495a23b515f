//! When a group counts as stalled: nobody checks the group any more.

use std::time::Duration;

use crate::{Cause, Condition, Severity, Timestamp};

/// A group whose last cycle is further back than this many of its intervals is stalled.
const STALLED_INTERVALS: u32 = 3;

/// A group that is not checked any more: the one rule by which a loop is stalled. `interval` is the
/// group's own.
pub fn stalled(checked_at: Timestamp, interval: Duration, now: Timestamp) -> Option<Condition> {
    let from = stalled_after(checked_at, interval);
    (now > from).then_some(Condition {
        severity: Severity::Critical,
        cause: Cause::NotChecked { checked_at },
        since: from,
    })
}

/// The time after which a group that was last checked at `checked_at` is stalled.
pub fn stalled_after(checked_at: Timestamp, interval: Duration) -> Timestamp {
    checked_at.plus(interval.saturating_mul(STALLED_INTERVALS))
}
