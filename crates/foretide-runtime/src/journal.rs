//! The journal, as the runtime calls it.

use std::sync::Arc;

use foretide_control::{ForecastSnapshot, SavedState};
use foretide_domain::Timestamp;
use futures_util::future::BoxFuture;

use crate::entry::Entry;
use crate::journal_error::JournalError;
use crate::key::GroupKey;

/// Stores entries and states durably.
pub trait Journal: Send + Sync {
    /// Stores the whole batch, or nothing of it. The runtime commits a failed batch again. An empty
    /// batch checks whether the data of earlier commits is still durable.
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalError>>;

    /// The state that was stored last for `group`; none if there is none.
    fn load<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<SavedState>, JournalError>>;

    /// The forecast of the group's newest checkpoint that has one.
    fn load_forecast<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<ForecastSnapshot>, JournalError>>;
}

/// The content of one commit.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// New entries. The entries of one group are in order.
    pub entries: Vec<Arc<Entry>>,
    /// The newest states. Each group appears at most once.
    pub states: Vec<StateToKeep>,
}

impl Batch {
    /// Whether the batch holds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.states.is_empty()
    }
}

/// A controller's state. It replaces the group's previous state in the store.
#[derive(Clone, Debug)]
pub struct StateToKeep {
    /// The group.
    pub group: GroupKey,
    /// Time of the state.
    pub at: Timestamp,
    /// The controller's state.
    pub state: Arc<SavedState>,
}
