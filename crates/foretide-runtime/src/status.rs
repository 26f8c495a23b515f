//! What a group looks like right now, for a page or a metrics endpoint in the same process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foretide_domain::{CallFailure, Decision, Mode, Plan, Record, Timestamp, WriteOutcome};

use crate::entry::Notice;
use crate::key::GroupKey;

/// One group as the runtime last saw it.
#[derive(Clone, Debug)]
pub struct GroupStatus {
    /// The group.
    pub key: GroupKey,
    /// What may be written.
    pub mode: Mode,
    /// When the look that ended last ended.
    pub cycle_ended_at: Option<Timestamp>,
    /// How long that look took.
    pub cycle_took: Duration,
    /// How long the model took to answer last, waiting for its turn included.
    pub prediction_took: Option<Duration>,
    /// The newest decision.
    pub decision: Option<Arc<Decision>>,
    /// The write that ended last.
    pub write: Option<LastWrite>,
    /// Whether the answer to a write is outstanding.
    pub writing: bool,
    /// The call that failed last, and when.
    pub failure: Option<(Timestamp, CallFailure)>,
    /// Looks that took too long.
    pub overruns: u64,
}

/// The write that ended last.
#[derive(Clone, Debug)]
pub struct LastWrite {
    /// When it ended.
    pub at: Timestamp,
    /// What was to be written.
    pub plan: Plan,
    /// How it ended.
    pub outcome: WriteOutcome,
}

/// A status shared between the group's task and whoever asks.
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
