//! How writes end, and what follows from it.

use foretide_domain::{CallFailure, CallId, FailureKind, Record, Timestamp, WriteOutcome};

use crate::controller::Controller;
use crate::protocol::Effect;
use crate::state::{PendingWrite, WRITE_DEADLINE};

impl Controller {
    /// Takes in the answer to a write.
    pub(crate) fn write_settled(
        &mut self,
        call: CallId,
        outcome: WriteOutcome,
        now: Timestamp,
    ) -> Vec<Effect> {
        match self.state.writes.take_answered(call) {
            Some(write) => {
                let mut effects = Vec::with_capacity(2);
                self.settle(&write, outcome, now, &mut effects);
                effects.push(Effect::Save);
                effects
            }
            None => Vec::new(),
        }
    }

    /// Stops waiting for a write whose answer does not come.
    pub(crate) fn give_up_write(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if let Some(write) = self.state.writes.take_overdue(now) {
            let detail = format!("no answer within {} s", WRITE_DEADLINE.as_secs());
            let failure = CallFailure {
                kind: FailureKind::TimedOut,
                detail,
            };
            self.settle(&write, WriteOutcome::Failed(failure), now, effects);
        }
    }

    fn settle(
        &mut self,
        write: &PendingWrite,
        outcome: WriteOutcome,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let state = &mut self.state;
        match &outcome {
            WriteOutcome::Accepted => {
                state.health.write_ended(None);
                state.changed(now);
                state.writes.watch(&write.plan, now);
                state.group.written(write.plan.desired);
                state.recent.changed(now, write.counts);
            }
            WriteOutcome::Moved { .. } => state.cycle.decide_anyway = true,
            WriteOutcome::DryRun => state.changed(now),
            WriteOutcome::Failed(failure) if failure.kind == FailureKind::TimedOut => {
                state.write_is_unknown(write);
            }
            WriteOutcome::Failed(failure) => {
                state.health.write_ended(Some(failure));
                state.writes.failed(self.config.interval, now);
                state.cycle.decide_anyway = true;
            }
        }
        effects.push(Effect::Record(Record::Settled {
            plan: write.plan,
            outcome,
        }));
    }
}
