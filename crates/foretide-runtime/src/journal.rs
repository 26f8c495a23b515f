//! Where everything that happens is kept, as the runtime reaches it.

use std::sync::Arc;

use foretide_control::{ForecastSnapshot, SavedState};
use foretide_domain::Timestamp;
use futures_util::future::BoxFuture;

use crate::entry::Entry;
use crate::journal_error::JournalError;
use crate::key::GroupKey;

/// Keeps entries and states.
pub trait Journal: Send + Sync {
    /// Makes the whole batch durable, or nothing of it. A batch that failed comes again. An empty
    /// batch asks whether what was committed before is still durable.
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalError>>;

    /// The state kept last for a group.
    fn load<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<SavedState>, JournalError>>;

    /// The forecast of the checkpoint of a group that was kept last and has one.
    fn load_forecast<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<ForecastSnapshot>, JournalError>>;
}

/// What is committed together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What happened, in order for each group.
    pub entries: Vec<Arc<Entry>>,
    /// The newest state of the groups that have a new one; each group once.
    pub states: Vec<StateToKeep>,
}

impl Batch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.states.is_empty()
    }
}

/// A controller's state to be kept in place of the one before.
#[derive(Clone, Debug)]
pub struct StateToKeep {
    /// Whose.
    pub group: GroupKey,
    /// When it was as it is.
    pub at: Timestamp,
    /// The state.
    pub state: Arc<SavedState>,
}
