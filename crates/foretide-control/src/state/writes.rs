//! What a controller knows of its own writes: the one without an answer, failures, the effect.

use std::time::Duration;

use foretide_domain::{CallId, Outcome, Plan, Timestamp};
use serde::{Deserialize, Serialize};

/// A write not answered for this long is given up: twice what the SDK's own attempts may take.
pub(crate) const WRITE_DEADLINE: Duration = Duration::from_secs(30);
/// The longest wait between two tries of a failing write.
const BACKOFF_MAX: Duration = Duration::from_secs(300);
/// Lead times after which the effect of a write is no longer awaited.
const WATCHED_LEAD_TIMES: u32 = 3;

/// The writes' side of the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Writes {
    /// When desired capacity was last changed, or may have been; the cooldown runs from then. None
    /// before the first change.
    pub(crate) last_change_at: Option<Timestamp>,
    /// The write whose answer is outstanding.
    pub(super) outstanding: Option<PendingWrite>,
    /// Writes that failed in a row.
    pub(super) failed_in_a_row: u32,
    /// Before this time no write is tried again; none unless the newest write failed.
    pub(crate) backoff_until: Option<Timestamp>,
    /// The newest accepted write while its effect on the number in service is awaited.
    pub(super) watched: Option<Watched>,
}

/// A write whose answer is outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PendingWrite {
    /// The call that writes.
    call: CallId,
    /// The desired capacity to set, and the group that the plan rests on.
    pub(crate) plan: Plan,
    /// When it was asked for.
    pub(crate) sent_at: Timestamp,
    /// Instances that it counts for in the windows of the pace limits; 0 where it is exempt.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) counts: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field")]
const fn is_zero(counts: &i64) -> bool {
    *counts == 0
}

/// A write whose effect on the number in service is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watched {
    /// Desired capacity that was set.
    desired: u32,
    /// Whether that was more than before.
    raises: bool,
    /// When the write was accepted.
    since: Timestamp,
}

impl Writes {
    /// Whether the answer to a write is outstanding.
    pub(crate) fn is_outstanding(&self) -> bool {
        self.outstanding.is_some()
    }

    /// A write is asked for: its answer is outstanding from now on.
    pub(crate) fn begin(&mut self, call: CallId, plan: Plan, counts: i64, now: Timestamp) {
        self.outstanding = Some(PendingWrite {
            call,
            plan,
            sent_at: now,
            counts,
        });
    }

    /// The write that `call` answers; it is outstanding no more. None where `call` is another one.
    pub(crate) fn take_answered(&mut self, call: CallId) -> Option<PendingWrite> {
        self.outstanding.take_if(|write| write.call == call)
    }

    /// The write that has waited for its answer too long; it is outstanding no more.
    pub(crate) fn take_overdue(&mut self, now: Timestamp) -> Option<PendingWrite> {
        self.outstanding
            .take_if(|write| now.since(write.sent_at) >= WRITE_DEADLINE)
    }

    /// The write whose answer a restart has lost.
    pub(crate) fn take_lost(&mut self) -> Option<PendingWrite> {
        self.outstanding.take()
    }

    /// Desired capacity was changed, or may have been.
    pub(super) fn changed(&mut self, at: Timestamp) {
        self.last_change_at = Some(at);
        self.failed_in_a_row = 0;
        self.backoff_until = None;
    }

    /// Awaits the effect of a write that was accepted.
    pub(crate) fn watch(&mut self, plan: &Plan, now: Timestamp) {
        self.watched = Some(Watched {
            desired: plan.desired,
            raises: plan.desired > plan.expected_desired,
            since: now,
        });
    }

    /// A write failed: the next one waits, for twice as long as the one before.
    pub(crate) fn failed(&mut self, interval: Duration, now: Timestamp) {
        let doublings = self.failed_in_a_row.min(8);
        let wait = interval.saturating_mul(1 << doublings).min(BACKOFF_MAX);
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        self.backoff_until = Some(now.plus(wait));
    }

    /// Whether the wait after a failed write ends now.
    pub(crate) fn end_backoff(&mut self, now: Timestamp) -> bool {
        self.backoff_until.take_if(|until| now >= *until).is_some()
    }

    /// How the write that was watched has ended, once the number in service shows it or three lead
    /// times have passed.
    pub(crate) fn take_outcome(
        &mut self,
        in_service: u32,
        lead_time: Duration,
        now: Timestamp,
    ) -> Option<Outcome> {
        let watched = self.watched?;
        let desired = watched.desired;
        let reached = if watched.raises {
            in_service >= desired
        } else {
            in_service <= desired
        };
        let outcome = if reached {
            Outcome::Reached { desired }
        } else if now.since(watched.since) > lead_time * WATCHED_LEAD_TIMES {
            Outcome::Partly {
                desired,
                in_service,
            }
        } else {
            return None;
        };
        self.watched = None;
        Some(outcome)
    }

    /// A clock that was ahead of time must not hold writes back.
    pub(super) fn forget_the_future(&mut self, now: Timestamp) {
        self.last_change_at = self.last_change_at.map(|at| at.min(now));
        self.backoff_until
            .take_if(|until| until.since(now) > BACKOFF_MAX);
    }
}
