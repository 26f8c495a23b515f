//! How writes end, and what follows from it.

use std::time::Duration;

use foretide_domain::{CallFailure, CallId, FailureKind, Record, Timestamp, WriteOutcome};

use crate::controller::Controller;
use crate::protocol::Effect;
use crate::state::{BACKOFF_MAX, PendingWrite, Watched};

/// A write not answered for this long is given up: twice what the SDK's own attempts may take.
const WRITE_DEADLINE: Duration = Duration::from_secs(30);
impl Controller {
    /// Takes in the answer to a write.
    pub(crate) fn write_settled(
        &mut self,
        call: CallId,
        outcome: WriteOutcome,
        now: Timestamp,
    ) -> Vec<Effect> {
        match self.state.write.take_if(|write| write.call == call) {
            Some(write) => {
                let mut effects = Vec::with_capacity(2);
                self.settle(write, outcome, now, &mut effects);
                effects.push(Effect::Save);
                effects
            }
            None => Vec::new(),
        }
    }

    /// Stops waiting for a write whose answer does not come.
    pub(crate) fn give_up_write(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let overdue = |write: &mut PendingWrite| now.since(write.sent_at) >= WRITE_DEADLINE;
        if let Some(write) = self.state.write.take_if(overdue) {
            let detail = format!("no answer within {} s", WRITE_DEADLINE.as_secs());
            let failure = CallFailure {
                kind: FailureKind::TimedOut,
                detail,
            };
            self.settle(write, WriteOutcome::Failed(failure), now, effects);
        }
    }

    fn settle(
        &mut self,
        write: PendingWrite,
        outcome: WriteOutcome,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        match &outcome {
            WriteOutcome::Accepted => {
                self.state.health.write_ended(None);
                self.accepted(write, now);
            }
            WriteOutcome::Moved { .. } => self.state.decide_anyway = true,
            WriteOutcome::DryRun => self.changed(now),
            WriteOutcome::Failed(failure) if failure.kind == FailureKind::TimedOut => {
                self.write_is_unknown(write);
            }
            WriteOutcome::Failed(failure) => {
                self.state.health.write_ended(Some(failure));
                self.write_failed(now);
            }
        }
        effects.push(Effect::Record(Record::Settled {
            plan: write.plan,
            outcome,
        }));
    }

    fn accepted(&mut self, write: PendingWrite, now: Timestamp) {
        let desired = write.plan.desired;
        let raises = desired > write.plan.expected_desired;
        self.changed(now);
        self.state.watched = Some(Watched {
            desired,
            raises,
            since: now,
        });
        if let Some(known) = &mut self.state.known {
            known.desired = desired;
        }
        if let Some(reading) = &mut self.state.group {
            reading.group.desired = desired;
        }
    }

    /// Every change starts the cooldown and ends the streak.
    fn changed(&mut self, at: Timestamp) {
        self.state.last_change_at = Some(at);
        self.state.votes.reset();
        self.state.failed_writes = 0;
        self.state.write_backoff_until = None;
    }

    /// It may have been carried out: the cooldown runs from when it was sent.
    pub(crate) fn write_is_unknown(&mut self, write: PendingWrite) {
        self.changed(write.sent_at);
        self.state.decide_anyway = true;
        if let Some(known) = &mut self.state.known {
            known.perhaps_desired = Some(write.plan.desired);
        }
    }

    fn write_failed(&mut self, now: Timestamp) {
        let doublings = self.state.failed_writes.min(8);
        let wait = self
            .config
            .interval
            .saturating_mul(1 << doublings)
            .min(BACKOFF_MAX);
        self.state.failed_writes = self.state.failed_writes.saturating_add(1);
        self.state.write_backoff_until = Some(now.plus(wait));
        self.state.decide_anyway = true;
    }
}
