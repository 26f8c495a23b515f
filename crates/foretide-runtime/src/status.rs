//! The present status of a group, for a page or a metrics endpoint in the same process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foretide_domain::{CallFailure, Decision, Mode, Plan, Record, Timestamp, WriteOutcome};

use crate::entry::Notice;
use crate::key::GroupKey;

/// The newest facts that the runtime knows of one group.
#[derive(Clone, Debug)]
pub struct GroupStatus {
    /// The group.
    pub key: GroupKey,
    /// The mode in force.
    pub mode: Mode,
    /// End of the newest finished cycle.
    pub cycle_ended_at: Option<Timestamp>,
    /// Duration of that cycle.
    pub cycle_took: Duration,
    /// Duration of the newest prediction, including the wait for a free slot.
    pub prediction_took: Option<Duration>,
    /// The newest decision.
    pub decision: Option<Arc<Decision>>,
    /// The newest finished write.
    pub write: Option<LastWrite>,
    /// Whether a write is in flight.
    pub writing: bool,
    /// The newest failed call, and its time.
    pub failure: Option<(Timestamp, CallFailure)>,
    /// Cycles that took longer than their limit, since the start of the process.
    pub overruns: u64,
}

/// A finished write.
#[derive(Clone, Debug)]
pub struct LastWrite {
    /// End of the write.
    pub at: Timestamp,
    /// The plan that was written.
    pub plan: Plan,
    /// Result of the write.
    pub outcome: WriteOutcome,
}

/// A status that the group's task writes and others read.
#[derive(Clone, Debug)]
pub(crate) struct SharedStatus(Arc<Mutex<GroupStatus>>);

impl SharedStatus {
    pub(crate) fn new(key: GroupKey, mode: Mode) -> Self {
        Self(Arc::new(Mutex::new(GroupStatus {
            key,
            mode,
            cycle_ended_at: None,
            cycle_took: Duration::ZERO,
            prediction_took: None,
            decision: None,
            write: None,
            writing: false,
            failure: None,
            overruns: 0,
        })))
    }

    pub(crate) fn get(&self) -> GroupStatus {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut GroupStatus)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn saw_record(&self, at: Timestamp, record: &Record) {
        self.update(|status| match record {
            Record::Decided(decision) => status.decision = Some(Arc::new((**decision).clone())),
            Record::Settled { plan, outcome } => {
                status.write = Some(LastWrite {
                    at,
                    plan: *plan,
                    outcome: outcome.clone(),
                });
            }
            Record::CallFailed(failure) => status.failure = Some((at, failure.clone())),
            _ => {}
        });
    }

    pub(crate) fn saw_notice(&self, notice: &Notice) {
        if matches!(notice, Notice::Overrun { .. }) {
            self.update(|status| status.overruns = status.overruns.saturating_add(1));
        }
    }
}
