//! What the controller asks of the world.

use foretide_domain::{CallId, Features, HistoryQuery, MetricsQuery, Plan, Record, Timestamp};

use super::{FitJob, Snapshot};

/// Something to carry out. Effects of one answer are carried out in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read the group.
    ReadGroup {
        /// Names the answer.
        call: CallId,
    },
    /// Read metrics.
    ReadMetrics {
        /// Names the answer.
        call: CallId,
        /// Which.
        query: MetricsQuery,
    },
    /// Read a part of the past, beside the looks: no decision waits for it.
    ReadHistory {
        /// Names the answer.
        call: CallId,
        /// Which part.
        query: HistoryQuery,
    },
    /// Fit the forecast anew. A fit takes about a third of a second: no look may wait for it.
    Fit {
        /// Names the answer.
        call: CallId,
        /// The fit to make.
        job: FitJob,
    },
    /// Ask the model.
    Predict {
        /// Names the answer.
        call: CallId,
        /// What about.
        features: Features,
    },
    /// Re-read the group; where it still is as the plan expects, set desired capacity. The only
    /// effect that changes the group.
    SetDesired {
        /// Names the answer.
        call: CallId,
        /// What to set.
        plan: Plan,
    },
    /// Keep for people and for replay.
    Record(Record),
    /// Keep the controller's state ([`Controller::saved_state`](crate::Controller::saved_state)).
    /// It may be committed together with what follows within a second.
    Save,
    /// Make the controller's state durable before the effects that follow, and before an order is
    /// acknowledged.
    SaveFirst,
    /// Keep a snapshot: after a restart, and in a replay, a controller goes on from here. The one
    /// that asks for it does so as well.
    Snapshot {
        /// What to keep.
        snapshot: Box<Snapshot>,
        /// Whether the history asked for is complete with it.
        history_complete: bool,
    },
    /// Send `Woke` at this time. A later `WakeAt` replaces an earlier one.
    WakeAt(Timestamp),
}
