//! The actuator: the only place that changes a group. It refuses writes that dry-run, mode or
//! bounds forbid, and writes that another writer of the group would undo.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{CallFailure, FailureKind, Mode, Obstacle, Plan, Timestamp, WriteOutcome};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::cloud::Cloud;
use crate::key::GroupKey;

/// The configuration's limits on writes, beside the mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WritePermit {
    /// Whether to decide and record, and to send no write.
    pub dry_run: bool,
    /// Scaling policies that may stay active beside Foretide, by name.
    pub allow_policies: Vec<String>,
    /// Whether instance weights other than 1 are accepted.
    pub allow_weights: bool,
}

impl WritePermit {
    /// Whether the configuration allows writes in spite of `obstacle`.
    pub(crate) fn allows(&self, obstacle: &Obstacle) -> bool {
        match obstacle {
            Obstacle::Policy { name } => self.allow_policies.contains(name),
            Obstacle::Weights => self.allow_weights,
            Obstacle::Operator { .. } | Obstacle::Unknown => false,
        }
    }
}

/// A write waits at most this part of its deadline for a free slot (one fourth). The rest is for
/// the call.
const WAIT_SHARE: u32 = 4;

/// Sends writes to the groups of one account.
pub(crate) struct Actuator {
    cloud: Arc<dyn Cloud>,
    slots: Semaphore,
    deadline: Duration,
}

/// One write, with all its inputs.
pub(crate) struct Write {
    pub(crate) key: GroupKey,
    pub(crate) plan: Plan,
    pub(crate) mode: Mode,
    pub(crate) permit: Arc<WritePermit>,
    pub(crate) now: Timestamp,
    /// Once cancelled, a write that was not sent yet is not sent any more.
    pub(crate) stop: CancellationToken,
}

impl Actuator {
    pub(crate) fn new(cloud: Arc<dyn Cloud>, slots: usize, deadline: Duration) -> Self {
        Self {
            cloud,
            slots: Semaphore::new(slots),
            deadline,
        }
    }

    /// Sends `write`, unless dry-run, mode, bounds or an obstacle forbid it. Returns within the
    /// deadline.
    pub(crate) async fn carry_out(&self, write: Write) -> WriteOutcome {
        if write.permit.dry_run || write.mode == Mode::Observe {
            return WriteOutcome::DryRun;
        }
        if let Some(why) = refusal(write.plan, write.mode) {
            return failed(FailureKind::Rejected, why);
        }
        let name = write.key.name();
        let obstacles = self.cloud.obstacles(name);
        if let Some(obstacle) = obstacles.iter().find(|it| !write.permit.allows(it)) {
            return failed(FailureKind::Rejected, advice(obstacle));
        }
        let wait = self.deadline / WAIT_SHARE;
        let slot = tokio::select! {
            biased;
            () = write.stop.cancelled() => {
                return failed(FailureKind::Unavailable, "not sent: stopping".to_owned());
            }
            slot = timeout(wait, self.slots.acquire()) => slot,
        };
        let Ok(Ok(_slot)) = slot else {
            let why = "not sent: too many writes under way in this account";
            return failed(FailureKind::Throttled, why.to_owned());
        };
        let call_deadline = self.deadline.saturating_sub(wait);
        let call = self
            .cloud
            .set_desired(name, write.plan, write.mode, write.now);
        match timeout(call_deadline, call).await {
            Ok(outcome) => outcome,
            Err(_) => failed(
                FailureKind::TimedOut,
                format!(
                    "no answer to the write within {} s",
                    call_deadline.as_secs()
                ),
            ),
        }
    }
}

/// Why the mode or the bounds forbid `plan`; none if they allow it.
fn refusal(plan: Plan, mode: Mode) -> Option<String> {
    let (desired, bounds) = (plan.desired, plan.expected_bounds);
    if !bounds.contains(desired) {
        return Some(format!(
            "not sent: {desired} is outside the group's bounds {bounds}"
        ));
    }
    let lowers = desired < plan.expected_desired;
    (lowers && mode == Mode::ScaleOutOnly)
        .then(|| format!("not sent: mode {mode} never lowers capacity"))
}

fn advice(obstacle: &Obstacle) -> String {
    let how = match obstacle {
        Obstacle::Policy { name } => {
            format!("disable it, or allow it by name: allow_policies = [{name:?}]")
        }
        Obstacle::Weights => "allow them: allow_weights = true".to_owned(),
        Obstacle::Operator { .. } => "Foretide can only observe it: mode = \"observe\"".to_owned(),
        Obstacle::Unknown => "the write is tried again".to_owned(),
    };
    format!("not sent: {obstacle}; {how}")
}

fn failed(kind: FailureKind, detail: String) -> WriteOutcome {
    WriteOutcome::Failed(CallFailure { kind, detail })
}
